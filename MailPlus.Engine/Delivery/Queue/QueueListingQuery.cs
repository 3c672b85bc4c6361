using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>The SQL behind the Queue page.</summary>
internal static class QueueListingQuery
{
    private const int RecipientsShown = 100;

    private const string Matching =
        """
        FROM entry e LEFT JOIN terms t ON t.entry = e.id WHERE (?1 = '' OR e.id = ?2 OR e.sender {LIKE|ILIKE} ?1 ESCAPE '\' OR e.subject {LIKE|ILIKE} ?1 ESCAPE '\' OR e.message_id {LIKE|ILIKE} ?1 ESCAPE '\'
          OR EXISTS (SELECT 1 FROM recipient r WHERE r.entry = e.id AND r.address {LIKE|ILIKE} ?1 ESCAPE '\'))
          AND (?3 < 0 OR EXISTS (SELECT 1 FROM recipient r WHERE r.entry = e.id AND r.state = ?3))
        """;

    /// <summary>One page.</summary>
    public static Page<QueuedMessage> Run(SqlSession session, QueueQuery query)
    {
        if (query.State is RecipientState.Done or RecipientState.Failed)
        {
            return new Page<QueuedMessage>([], 0); // they have no rows: the mail log tells of them
        }

        var count = Bind(session.Statement($"SELECT count(*) {Matching}"), query);
        var total = count.Step() ? count.Int(0) : 0;
        count.Reset();

        var order = query.Descending ? "DESC" : "ASC";
        var rows = Bind(session.Statement($"SELECT e.id, e.accepted, e.sender, e.size, e.subject, e.message_id, t.hold, t.by_until, t.priority {Matching} ORDER BY e.id {order} LIMIT ?4 OFFSET ?5"), query).Bind(3, query.Limit).Bind(4, query.Offset);
        var found = new List<QueuedMessage>();
        while (rows.Step())
        {
            found.Add(new QueuedMessage(new EntryId(rows.Long(0)), rows.Text(2), [])
            {
                Accepted = new Instant(rows.Long(1)),
                Size = rows.Long(3),
                Subject = rows.Text(4),
                MessageId = rows.Text(5),
                HeldUntil = rows.IsNull(6) ? null : new Instant(rows.Long(6)),
                DeliverBy = rows.IsNull(7) ? null : new Instant(rows.Long(7)),
                Priority = rows.IsNull(8) ? 0 : rows.Int(8),
            });
        }

        rows.Reset();
        return new Page<QueuedMessage>([.. found.Select(m => m with { Recipients = Recipients(session, m.Entry) })], total);
    }

    private static List<QueuedRecipient> Recipients(SqlSession session, EntryId entry)
    {
        var recipients = new List<QueuedRecipient>();
        var rows = session.Statement("SELECT address, state, attempts, next, reply FROM recipient WHERE entry = ?1 ORDER BY position LIMIT ?2").Bind(0, entry.Value).Bind(1, RecipientsShown);
        while (rows.Step())
        {
            var state = rows.Int(1) switch
            {
                QueueSchema.Active => RecipientState.Active,
                QueueSchema.Held => RecipientState.Held,
                _ => RecipientState.Deferred,
            };
            recipients.Add(new QueuedRecipient(rows.Text(0), state)
            {
                Attempts = rows.Int(2),
                NextAttempt = state == RecipientState.Deferred ? new Instant(rows.Long(3)) : null,
                LastReply = rows.Text(4),
            });
        }

        rows.Reset();
        return recipients;
    }

    private static SqlStatement Bind(SqlStatement statement, QueueQuery query)
    {
        var escaped = query.Search.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
        var id = EntryId.TryParse(query.Search, out var entry) ? entry.Value : 0;
        return statement.Bind(0, query.Search.Length == 0 ? "" : $"%{escaped}%").Bind(1, id).Bind(2, query.State switch
        {
            null => -1,
            RecipientState.Active => QueueSchema.Active,
            RecipientState.Held => QueueSchema.Held,
            _ => QueueSchema.Deferred,
        });
    }
}
