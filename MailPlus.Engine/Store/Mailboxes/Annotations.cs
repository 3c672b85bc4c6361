using System.Globalization;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Annotations of mailboxes and of the account (RFC 5464). They are read from the database when somebody asks: few do.</summary>
internal static class Annotations
{
    /// <summary>The field of refusals that speak of annotations.</summary>
    private const string Field = "METADATA";

    /// <summary>What a reader sees, in order of entry.</summary>
    public static IReadOnlyList<Annotation> Read(SqlSession session, AccountId owner, MailboxId? mailbox, AccountId reader)
    {
        var found = new List<Annotation>();
        var rows = session.Statement("SELECT reader, entry, value FROM annotation WHERE {=}mailbox=?1 AND reader IN (0, ?2) ORDER BY {entry|lower(entry)}")
            .Bind(0, mailbox?.Value ?? 0).Bind(1, reader == owner ? 0 : reader.Value);
        while (rows.Step())
        {
            // What is private and the owner's own is no business of other readers.
            var annotation = new Annotation(rows.Text(1), rows.Blob(2).ToArray());
            if (rows.Long(0) != 0 || reader == owner || !annotation.IsPrivate)
            {
                found.Add(annotation);
            }
        }

        rows.Reset();
        return found;
    }

    /// <summary>Sets and removes.</summary>
    public static bool Set(AccountEdit edit, AccountId owner, MailboxId? mailbox, AccountId writer, IReadOnlyList<Annotation> changes, MailStoreOptions options)
    {
        if (mailbox is { } id)
        {
            edit.Mailbox(id);
        }

        var session = edit.Session;
        foreach (var change in changes)
        {
            var reader = change.IsPrivate && writer != owner ? writer.Value : 0;
            if (change.Value is not { } value)
            {
                session.Statement("DELETE FROM annotation WHERE {=}mailbox=? AND reader=? AND {entry=?|lower(entry)=lower(?)}").Bind(0, mailbox?.Value ?? 0).Bind(1, reader).Bind(2, change.Entry).Execute();
            }
            else if (value.Length > options.MaxAnnotationOctets)
            {
                throw new RefusedException(new Refusal(RefusalKind.TooLarge, "AnnotationTooLarge")
                {
                    Field = Field, Arguments = [options.MaxAnnotationOctets.ToString(CultureInfo.InvariantCulture)],
                });
            }
            else
            {
                session.Statement("INSERT INTO annotation({,}mailbox, reader, entry, value) VALUES({$}?, ?, ?, ?) ON CONFLICT{|(account, mailbox, reader, lower(entry))} DO UPDATE SET value=excluded.value")
                    .Bind(0, mailbox?.Value ?? 0).Bind(1, reader).Bind(2, change.Entry).Bind(3, value.Span).Execute();
            }

            edit.Announce(mailbox, StoreChangeKind.Annotations, change.Entry, change.IsPrivate ? writer : null);
        }

        if (changes.Any(c => c.Value is not null) && (Number(session, "SELECT max(n) FROM (SELECT count(*) AS n FROM annotation WHERE {=}mailbox=? GROUP BY reader) AS counts", mailbox) > options.MaxAnnotations
            || Number(session, "SELECT sum(length(value)) FROM annotation WHERE {=}mailbox>=?", null) > options.MaxAnnotationsOctets))
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAnnotations") { Field = Field });
        }

        return true;
    }

    private static long Number(SqlSession session, string sql, MailboxId? mailbox)
    {
        var row = session.Statement(sql).Bind(0, mailbox?.Value ?? 0);
        var number = row.Step() ? row.Long(0) : 0;
        row.Reset();
        return number;
    }
}
