using System.Collections.Concurrent;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Delivery;

/// <summary>Whether a mailbox has room, asked at RCPT (mail-rules 13): from counters, looked up at most once a second for an account; free where there is no quota.</summary>
internal sealed class MailboxRoom(IMailStore store, IAddressBook addresses, ISettingsSource settings, TimeProvider clock)
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<AccountId, (Usage Usage, long Read)> _known = new();

    /// <summary>True when nothing more fits.</summary>
    public async ValueTask<bool> IsFullAsync(AccountId account, CancellationToken cancellationToken)
    {
        var quota = QuotaLimits.Of(addresses.Find(account), settings.Current.Quota);
        if (quota.IsUnlimited)
        {
            return false;
        }

        var usage = await UsageAsync(account, cancellationToken);
        return !quota.Allow(usage.Octets + 1, usage.Messages + 1);
    }

    private async ValueTask<Usage> UsageAsync(AccountId account, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(account, out var known) && clock.GetElapsedTime(known.Read) < Lifetime)
        {
            return known.Usage;
        }

        await using var mail = await store.OpenAsync(account, cancellationToken);
        var usage = await mail.UsageAsync(cancellationToken);
        if (_known.Count >= Capacity)
        {
            _known.Clear();
        }

        _known[account] = (usage, clock.GetTimestamp());
        return usage;
    }
}
