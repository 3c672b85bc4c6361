using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>The rows of <c>terms</c>: only entries whose senders asked for something have one.</summary>
internal static class QueueTerms
{
    /// <summary>Columns of <see cref="Read(SqlSession, long)"/>, in order.</summary>
    public const string Columns = "hold, by_until, by_mode, by_trace, priority, tls";

    private const int Required = 1, Waived = 2;

    /// <summary>Writes the terms of a new entry.</summary>
    public static void Insert(SqlSession session, QueueEntry entry)
    {
        var terms = entry.Terms;
        if (terms == DeliveryTerms.None)
        {
            return;
        }

        var row = session.Statement($"INSERT INTO terms (entry, {Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)").Bind(0, entry.Id.Value);
        Bind(row, 1, terms.HoldUntil);
        Bind(row, 2, terms.DeliverBy);
        row.Bind(3, (long)terms.Mode).Bind(4, terms.Traces ? 1 : 0).Bind(5, terms.Priority).Bind(6, terms.RequiresTls ? Required : terms.WaivesTls ? Waived : 0).Execute();
    }

    /// <summary>The terms of an entry, null when there are none.</summary>
    public static DeliveryTerms? Read(SqlSession session, long entry)
    {
        var row = session.Statement($"SELECT {Columns} FROM terms WHERE entry = ?1").Bind(0, entry);
        var terms = row.Step() ? Of(row) : null;
        row.Reset();
        return terms;
    }

    /// <summary>Forgets the terms of an entry that is gone.</summary>
    public static void Delete(SqlSession session, QueueEntry entry)
    {
        if (entry.Terms != DeliveryTerms.None)
        {
            session.Statement("DELETE FROM terms WHERE entry = ?1").Bind(0, entry.Id.Value).Execute();
        }
    }

    private static DeliveryTerms Of(SqlStatement row) => new()
    {
        HoldUntil = row.IsNull(0) ? null : new Instant(row.Long(0)),
        DeliverBy = row.IsNull(1) ? null : new Instant(row.Long(1)),
        Mode = (DeliverByMode)row.Int(2),
        Traces = row.Int(3) != 0,
        Priority = row.Int(4),
        RequiresTls = row.Int(5) == Required,
        WaivesTls = row.Int(5) == Waived,
    };

    private static void Bind(SqlStatement row, int index, Instant? value)
    {
        if (value is { } time)
        {
            row.Bind(index, time.Microseconds);
        }
        else
        {
            row.BindNull(index);
        }
    }
}
