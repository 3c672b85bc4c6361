using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>Rows of entries and recipients to objects and back.</summary>
internal static class QueueRows
{
    /// <summary>Columns of <see cref="ReadEntry"/>, in order.</summary>
    public const string EntryColumns = "id, accepted, origin, sender, dsn_return, envelope_id, traits, size, subject, message_id, file, prefix";

    /// <summary>The column notify holds NOTIFY in its low bits and the role above.</summary>
    private const int RoleShift = 8;

    private const int NotifyMask = (1 << RoleShift) - 1;

    [Flags]
    private enum Traits
    {
        None = 0,
        SmtpUtf8 = 1,
        EightBit = 2,
        EightBitHeader = 4,
        DeliveredTo = 8,
    }

    /// <summary>Writes a new entry.</summary>
    public static void Insert(SqlSession session, QueueEntry entry, int state)
    {
        var row = session.Statement($"INSERT INTO entry ({EntryColumns}, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")
            .Bind(0, entry.Id.Value).Bind(1, entry.Accepted.Microseconds).Bind(2, (long)entry.Origin).Bind(3, entry.ReversePath?.ToString())
            .Bind(4, (long)entry.Return).Bind(5, entry.EnvelopeId).Bind(6, (long)TraitsOf(entry)).Bind(7, entry.Size)
            .Bind(8, entry.Subject).Bind(9, entry.MessageId).Bind(10, entry.BodyFile is null ? null : Path.GetFileName(entry.BodyFile)).Bind(11, entry.Prefix);
        (entry.Body is null ? row.BindNull(12) : row.Bind(12, entry.Body)).Execute();
        QueueTerms.Insert(session, entry);
        foreach (var recipient in entry.Recipients)
        {
            session.Statement("INSERT INTO recipient ({|node, }entry, position, address, notify, original, state, attempts, next, delay_told, reply, priority) VALUES ({$}?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, 0, '', ?8)")
                .Bind(0, entry.Id.Value).Bind(1, recipient.Position).Bind(2, recipient.Recipient.Address.ToString()).Bind(3, (long)recipient.Recipient.Notify | ((long)recipient.Recipient.Role << RoleShift))
                .Bind(4, recipient.Recipient.OriginalRecipient).Bind(5, state).Bind(6, entry.Begins.Microseconds).Bind(7, entry.Terms.Priority).Execute();
        }
    }

    /// <summary>Writes the result of an attempt: a recipient that is done has no row any more.</summary>
    /// <returns>1 when the recipient was still there.</returns>
    public static int Write(SqlSession session, long entry, RecipientResult result)
    {
        if (result.Result is DeliveryResult.Deferred)
        {
            session.Statement("UPDATE recipient SET state = CASE state WHEN 2 THEN 2 ELSE 1 END, attempts = ?3, next = ?4, delay_told = ?5, reply = ?6 WHERE entry = ?1 AND position = ?2")
                .Bind(0, entry).Bind(1, result.Recipient.Position).Bind(2, result.Recipient.Attempts + 1).Bind(3, result.NextAttempt.Microseconds)
                .Bind(4, result.Recipient.DelayTold || result.TellsDelay ? 1 : 0).Bind(5, result.Reply).Execute();
        }
        else
        {
            session.Statement("DELETE FROM recipient WHERE entry = ?1 AND position = ?2").Bind(0, entry).Bind(1, result.Recipient.Position).Execute();
        }

        return session.Changes;
    }

    /// <summary>Reads an entry with its recipients: those that wait and are due by a time (in PostgreSQL, those that were claimed because of it), or all.</summary>
    /// <returns>Null when it is gone.</returns>
    public static QueueEntry? Read(SqlSession session, long id, Instant? dueBy, string bodies)
    {
        var recipients = new List<QueueRecipient>();
        var rows = dueBy is { } time
            ? session.Statement("SELECT position, address, notify, original, attempts, delay_told FROM recipient WHERE entry = ?1 AND {state = 1|state = 0 AND node = $1} AND next <= ?2 ORDER BY position").Bind(0, id).Bind(1, time.Microseconds)
            : session.Statement("SELECT position, address, notify, original, attempts, delay_told FROM recipient WHERE entry = ?1 ORDER BY position").Bind(0, id);
        while (rows.Step())
        {
            recipients.Add(new QueueRecipient(rows.Int(0), new Recipient(EmailAddress.Parse(rows.Text(1)), (DsnNotify)(rows.Int(2) & NotifyMask), rows.IsNull(3) ? null : rows.Text(3)) { Role = (RecipientRole)(rows.Int(2) >> RoleShift) })
            {
                Attempts = rows.Int(4),
                DelayTold = rows.Int(5) != 0,
            });
        }

        rows.Reset();
        var terms = QueueTerms.Read(session, id) ?? DeliveryTerms.None;
        var row = session.Statement($"SELECT {EntryColumns} FROM entry WHERE id = ?1").Bind(0, id);
        var entry = row.Step() ? ReadEntry(row, recipients, bodies, terms) : null;
        row.Reset();
        return entry;
    }

    /// <summary>Reads <see cref="EntryColumns"/> of the present row.</summary>
    public static QueueEntry ReadEntry(SqlStatement row, IReadOnlyList<QueueRecipient> recipients, string bodies, DeliveryTerms terms)
    {
        var traits = (Traits)row.Int(6);
        return new QueueEntry
        {
            Id = new EntryId(row.Long(0)),
            Accepted = new Instant(row.Long(1)),
            Origin = (MessageOrigin)row.Int(2),
            ReversePath = row.IsNull(3) ? null : EmailAddress.Parse(row.Text(3)),
            Recipients = recipients,
            Return = (DsnReturn)row.Int(4),
            EnvelopeId = row.IsNull(5) ? null : row.Text(5),
            SmtpUtf8 = traits.HasFlag(Traits.SmtpUtf8),
            HasEightBit = traits.HasFlag(Traits.EightBit),
            HasEightBitHeader = traits.HasFlag(Traits.EightBitHeader),
            HasDeliveredTo = traits.HasFlag(Traits.DeliveredTo),
            Size = row.Long(7),
            Subject = row.Text(8),
            MessageId = row.Text(9),
            BodyFile = row.IsNull(10) ? null : Path.Combine(bodies, row.Text(10)),
            Prefix = row.Blob(11).ToArray(),
            Terms = terms,
        };
    }

    private static Traits TraitsOf(QueueEntry entry) =>
        (entry.SmtpUtf8 ? Traits.SmtpUtf8 : Traits.None) | (entry.HasEightBit ? Traits.EightBit : Traits.None)
        | (entry.HasEightBitHeader ? Traits.EightBitHeader : Traits.None) | (entry.HasDeliveredTo ? Traits.DeliveredTo : Traits.None);
}
