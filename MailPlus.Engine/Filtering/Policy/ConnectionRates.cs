using System.Net;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Filtering.Policy;

/// <summary>
/// Counts what each address does: connections now and in this minute, messages in this minute, recipients that do not exist in this day (DEL-102 to DEL-104,
/// DEL-114). Minutes and days are those of the clock on the wall; all are forgotten when the server stops.
/// </summary>
public sealed class ConnectionRates(TimeProvider clock)
{
    private const int MostAddresses = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Tally> _tallies = [];

    /// <summary>Counts a connection in, or says why not; one that is let in leaves again.</summary>
    public Refusal? Enter(IPAddress client, SmtpPolicySettings policy)
    {
        lock (_gate)
        {
            var tally = Find(client);
            if (IsOver(tally, policy))
            {
                return Wait("TooManyUnknownRecipients", "unknown recipients of the day");
            }

            // One that is turned away counts in its minute, too.
            tally.Connections++;
            if (policy.ConnectionsPerMinute > 0 && tally.Connections > policy.ConnectionsPerMinute)
            {
                return Wait("TooManyConnectionsPerMinute", $"{tally.Connections} connections this minute");
            }

            if (policy.ConnectionsPerAddress > 0 && tally.Open >= policy.ConnectionsPerAddress)
            {
                return Wait("TooManyConnectionsAtOnce", $"{tally.Open} connections open");
            }

            tally.Open++;
            return null;
        }
    }

    /// <summary>Counts a connection out.</summary>
    public void Leave(IPAddress client)
    {
        lock (_gate)
        {
            if (_tallies.TryGetValue(AddressRanges.CountingKey(client), out var tally) && tally.Open > 0)
            {
                tally.Open--;
            }
        }
    }

    /// <summary>Counts a message that begins, or says why not.</summary>
    public Refusal? Begin(IPAddress client, SmtpPolicySettings policy)
    {
        lock (_gate)
        {
            var tally = Find(client);
            if (policy.MessagesPerMinute > 0 && tally.Messages >= policy.MessagesPerMinute)
            {
                return Wait("TooManyMessagesPerMinute", $"{tally.Messages} messages this minute");
            }

            tally.Messages++;
            return null;
        }
    }

    /// <summary>Counts a recipient that does not exist.</summary>
    public void Unknown(IPAddress client)
    {
        lock (_gate)
        {
            Find(client).Unknown++;
        }
    }

    /// <summary>Why an address is put off until tomorrow; null when it is not.</summary>
    public Refusal? Blocked(IPAddress client, SmtpPolicySettings policy)
    {
        lock (_gate)
        {
            return policy.UnknownRecipientsPerDay > 0 && IsOver(Find(client), policy) ? Wait("TooManyUnknownRecipients", "unknown recipients of the day") : null;
        }
    }

    private static bool IsOver(Tally tally, SmtpPolicySettings policy) => policy.UnknownRecipientsPerDay > 0 && tally.Unknown > policy.UnknownRecipientsPerDay;

    // Mail-rules 14: never 5xx.
    private static Refusal Wait(string key, string detail) => new(RefusalKind.Throttled, key) { Temporary = true, Detail = detail };

    private Tally Find(IPAddress client)
    {
        var now = clock.GetLocalNow();
        var (minute, day) = (now.UtcTicks / TimeSpan.TicksPerMinute, DateOnly.FromDateTime(now.DateTime));
        var key = AddressRanges.CountingKey(client);
        if (!_tallies.TryGetValue(key, out var tally))
        {
            if (_tallies.Count >= MostAddresses)
            {
                Forget(minute, day);
            }

            _tallies.Add(key, tally = new Tally { Minute = minute, Day = day });
        }

        tally.Turn(minute, day);
        return tally;
    }

    /// <summary>Makes room: first of addresses that count for nothing now, then of those without a connection.</summary>
    private void Forget(long minute, DateOnly day)
    {
        foreach (var (key, tally) in _tallies.ToList())
        {
            tally.Turn(minute, day);
            if (tally is { Open: 0, Connections: 0, Messages: 0, Unknown: 0 })
            {
                _tallies.Remove(key);
            }
        }

        if (_tallies.Count >= MostAddresses)
        {
            foreach (var (key, _) in _tallies.Where(pair => pair.Value.Open == 0).OrderBy(pair => pair.Value.Unknown).Take(MostAddresses / 2).ToList())
            {
                _tallies.Remove(key);
            }
        }
    }

    private sealed class Tally
    {
        public int Open { get; set; }

        public long Minute { get; set; }

        public DateOnly Day { get; set; }

        public int Connections { get; set; }

        public int Messages { get; set; }

        public int Unknown { get; set; }

        public void Turn(long minute, DateOnly day)
        {
            if (Minute != minute)
            {
                (Minute, Connections, Messages) = (minute, 0, 0);
            }

            if (Day != day)
            {
                (Day, Unknown) = (day, 0);
            }
        }
    }
}
