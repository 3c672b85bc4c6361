using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>What a message counts for its sender: one message and its size on a day, within limits (ACC-61, ACC-62).</summary>
/// <param name="Account">The sender.</param>
/// <param name="Day">The day number by the server's clock.</param>
internal sealed record OutboundCharge(AccountId Account, int Day)
{
    /// <summary>Messages a day, null for any number.</summary>
    public long? MostMessages { get; init; }

    /// <summary>Octets a day, null for any number.</summary>
    public long? MostOctets { get; init; }
}

/// <summary>What an account sent outside on a day.</summary>
/// <param name="Messages">Messages.</param>
/// <param name="Octets">Their size.</param>
public readonly record struct OutboundUsage(long Messages, long Octets);

/// <summary>
/// Counts in the transaction that makes an entry durable: what is refused before counts nothing, what bounces later has counted (ACC-70, ACC-71), and whatever
/// is sent side by side, here or on other nodes, nobody gets past the limit.
/// </summary>
internal static class OutboundCounter
{
    /// <summary>Counts a message.</summary>
    /// <exception cref="RefusedException">NotAllowed, temporary: the limit of the day is reached; nothing is counted.</exception>
    public static void Charge(SqlSession session, OutboundCharge charge, long octets)
    {
        session.Statement("""
            INSERT INTO outbound(account, day, messages, octets) VALUES(?1, ?2, 1, ?3) ON CONFLICT(account) DO UPDATE SET
                messages = CASE WHEN outbound.day = excluded.day THEN outbound.messages + 1 ELSE 1 END,
                octets = CASE WHEN outbound.day = excluded.day THEN outbound.octets + excluded.octets ELSE excluded.octets END,
                day = excluded.day
            """).Bind(0, charge.Account.Value).Bind(1, charge.Day).Bind(2, octets).Execute();
        if (charge.MostMessages is null && charge.MostOctets is null)
        {
            return;
        }

        var row = session.Statement("SELECT messages, octets FROM outbound WHERE account = ?1").Bind(0, charge.Account.Value);
        row.Step();
        var usage = new OutboundUsage(row.Long(0), row.Long(1));
        row.Reset();
        if (usage.Messages > charge.MostMessages)
        {
            throw Refuse("DailyMessagesUsedUp", charge);
        }

        if (usage.Octets > charge.MostOctets)
        {
            throw Refuse("DailyTrafficUsedUp", charge);
        }
    }

    /// <summary>What accounts sent on a day; those that sent nothing are left out.</summary>
    public static Task<IReadOnlyDictionary<AccountId, OutboundUsage>> ReadAsync(SqlFile file, int day, CancellationToken cancellationToken) =>
        file.ReadAsync<IReadOnlyDictionary<AccountId, OutboundUsage>>(session =>
        {
            var found = new Dictionary<AccountId, OutboundUsage>();
            var rows = session.Statement("SELECT account, messages, octets FROM outbound WHERE day = ?1").Bind(0, day);
            while (rows.Step())
            {
                found[new AccountId(rows.Long(0))] = new OutboundUsage(rows.Long(1), rows.Long(2));
            }

            rows.Reset();
            return found;
        }, cancellationToken);

    /// <summary>Forgets what accounts sent. Returns how many had sent something.</summary>
    public static int Clear(SqlSession session, IReadOnlyCollection<AccountId> accounts)
    {
        var cleared = 0;
        foreach (var account in accounts)
        {
            session.Statement("DELETE FROM outbound WHERE account = ?1").Bind(0, account.Value).Execute();
            cleared += session.Changes;
        }

        return cleared;
    }

    private static RefusedException Refuse(string key, OutboundCharge charge) =>
        new(new Refusal(RefusalKind.NotAllowed, key) { Temporary = true, Detail = $"account {charge.Account} reached its limit of the day" });
}
