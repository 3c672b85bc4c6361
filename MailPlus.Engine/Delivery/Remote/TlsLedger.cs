using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Client;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Delivery.Remote;

/// <summary>One try at a session under a policy.</summary>
/// <param name="Domain">Recipient domain.</param>
/// <param name="Policy">The policy that was applied.</param>
/// <param name="Fault">What was wrong; None for a success.</param>
/// <param name="Host">The server, "" when it did not come to one.</param>
internal sealed record TlsTry(string Domain, TlsPolicyKind Policy, TlsFault Fault, string Host)
{
    /// <summary>Its address, "" when it did not come to one.</summary>
    public string Address { get; init; } = "";

    /// <summary>Why, for people.</summary>
    public string Reason { get; init; } = "";
}

/// <summary>
/// Counts what RFC 8460 reports about: sessions a day by domain, policy and result. Gathered in memory and added to the system database twice a minute, so a
/// crash loses the counts of half a minute; kept for five weeks.
/// </summary>
internal sealed class TlsLedger(SystemDatabase database, TimeProvider clock)
{
    internal const long DayMicroseconds = 86_400_000_000;
    private const int MostWaiting = 10_000;
    private const int LongestReason = 300;
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Keeping = TimeSpan.FromDays(35);

    private readonly Lock _gate = new();
    private Dictionary<Key, Count> _waiting = [];

    /// <summary>Counts a try.</summary>
    public void Note(TlsTry happened)
    {
        var now = Instant.Now(clock).Microseconds;
        var key = new Key(now - now % DayMicroseconds, happened.Domain, happened.Policy, happened.Fault, happened.Host, happened.Address);
        lock (_gate)
        {
            if (!_waiting.TryGetValue(key, out var count))
            {
                if (_waiting.Count >= MostWaiting)
                {
                    return; // statistics: nobody is let down by a gap, a full memory would be worse
                }

                _waiting[key] = count = new Count();
            }

            count.Sessions++;
            count.Reason = happened.Reason.Length > LongestReason ? happened.Reason[..LongestReason] : happened.Reason;
        }
    }

    /// <summary>Writes twice a minute until cancelled, then what is left.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Gathering, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await WriteAsync(cancellationToken);
            }
        }
        finally
        {
            await WriteAsync(CancellationToken.None);
        }
    }

    /// <summary>Adds what is gathered to the database.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        Dictionary<Key, Count> taken;
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                return;
            }

            (taken, _waiting) = (_waiting, []);
        }

        var oldest = Instant.Now(clock).Plus(-Keeping).Microseconds;
        await database.WriteAsync(
            async context =>
            {
                await context.TlsResults.Where(row => row.Day < oldest).ExecuteDeleteAsync(cancellationToken);
                foreach (var (key, count) in taken)
                {
                    await AddAsync(context, key, count, cancellationToken);
                }

                return true;
            },
            cancellationToken);
    }

    private static async Task AddAsync(SystemContext context, Key key, Count count, CancellationToken cancellationToken)
    {
        var row = await context.TlsResults.SingleOrDefaultAsync(
            r => r.Day == key.Day && r.Domain == key.Domain && r.Policy == (int)key.Policy && r.Fault == (int)key.Fault && r.Host == key.Host && r.Address == key.Address,
            cancellationToken);
        if (row is null)
        {
            context.TlsResults.Add(row = new TlsResultRow
            {
                Day = key.Day, Domain = key.Domain, Policy = (int)key.Policy, Fault = (int)key.Fault, Host = key.Host, Address = key.Address,
            });
        }

        row.Sessions += count.Sessions;
        row.Reason = count.Reason;
    }

    private readonly record struct Key(long Day, string Domain, TlsPolicyKind Policy, TlsFault Fault, string Host, string Address);

    private sealed class Count
    {
        public long Sessions { get; set; }

        public string Reason { get; set; } = "";
    }
}
