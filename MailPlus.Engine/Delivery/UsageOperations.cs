using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery;

/// <summary>What an account sent outside today, and may (DOM-098).</summary>
/// <param name="Account">The account.</param>
/// <param name="Sent">What it sent.</param>
/// <param name="MostMessages">Messages it may send a day, null for any number.</param>
/// <param name="MostOctets">Octets it may send a day, null for any number.</param>
public sealed record AccountUsage(Account Account, OutboundUsage Sent, long? MostMessages, long? MostOctets);

/// <summary>Operations on what accounts sent (Domain &gt; Usage Limit &gt; Outbound Usage, <c>usage</c> verbs, REST). Permission ManageDomains (ACC-73).</summary>
public sealed class UsageOperations
{
    private const int MaximumRows = 1000;
    private const int MaximumAtOnce = 10_000;
    private readonly DeliveryQueue _queue;
    private readonly IAddressBook _addresses;
    private readonly PolicyBook _policies;
    private readonly EventStream _events;
    private readonly TimeProvider _clock;

    internal UsageOperations(DeliveryQueue queue, PolicyBook policies, DeliverySurroundings around)
    {
        (_queue, _policies) = (queue, policies);
        (_addresses, _events, _clock) = (around.Addresses, around.Events, around.Clock);
    }

    /// <summary>Accounts that sent something outside today, the most messages first.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="domain">Only those with an address in this domain, null for all.</param>
    /// <param name="search">Part of log-in name or an address.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<Page<AccountUsage>> ListAsync(Actor actor, DomainName? domain, string search, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        var sent = await OutboundCounter.ReadAsync(_queue.File.Database, PolicyCheck.DayOf(_clock), cancellationToken);
        var rows = sent.Select(one => (Account: _addresses.Find(one.Key), one.Value)).Where(one => one.Account is { } account && Shows(account, domain, search.Trim()))
            .OrderByDescending(one => one.Value.Messages).ThenBy(one => one.Account!.Name, StringComparer.Ordinal).ToList();
        return new Page<AccountUsage>([.. rows.Take(MaximumRows).Select(one => Usage(one.Account!, one.Value))], rows.Count);
    }

    /// <summary>Resets what accounts sent today, so that they may send again (DOM-099). Returns how many had sent something.</summary>
    public async Task<int> ClearAsync(Actor actor, IReadOnlyList<AccountId> accounts, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        if (accounts.Count > MaximumAtOnce)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }

        var acted = new AdminActed(actor.Name, "UsageCleared", string.Join(", ", accounts.Take(100).Select(id => _addresses.Find(id)?.Name ?? id.ToString())))
        {
            Time = Instant.Now(_clock), Client = actor.Address,
        };
        var cleared = await _queue.File.ClearUsageAsync(accounts, acted, cancellationToken);
        _events.Publish(acted);
        return cleared;
    }

    private static bool Shows(Account account, DomainName? domain, string search) =>
        (domain is null || account.Addresses.Any(address => address.Domain == domain))
        && (search.Length == 0 || account.Name.Contains(search, StringComparison.OrdinalIgnoreCase)
            || account.Addresses.Any(address => address.ToDisplayString().Contains(search, StringComparison.OrdinalIgnoreCase)));

    private AccountUsage Usage(Account account, OutboundUsage sent)
    {
        var policy = _policies.Of(account.Id);
        return new AccountUsage(account, sent, policy.DailyMessages, policy.DailyOctets);
    }
}
