using System.Collections.Immutable;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>Reads the picture of an account and settles what an unclean stop or a copy left behind.</summary>
internal static class AccountOpening
{
    /// <summary>The picture as the database has it.</summary>
    public static AccountImage Read(SqliteSession session, TimeProvider clock)
    {
        var row = session.Statement("SELECT epoch, modseq, modseq_limit, next_mailbox, uid_validity, body_limit FROM account");
        if (!row.Step())
        {
            throw new InvalidDataException("The account row is missing.");
        }

        var (epoch, modSeq, limit) = (row.Text(0), row.Long(1), row.Long(2));
        var (nextMailbox, uidValidity) = (row.Long(3), (uint)row.Long(4));
        var bodyLimit = row.Long(5);
        row.Reset();
        modSeq = Math.Max(modSeq, Number(session, "SELECT coalesce(max(modseq), 0) FROM counter"));
        if (limit > modSeq)
        {
            // The last run did not close: commits that gave out MODSEQs may be lost, so all of the block counts as used, in every mailbox.
            modSeq = limit;
            session.Statement("UPDATE counter SET modseq=?").Bind(0, modSeq).Execute();
        }

        if (epoch.Length == 0)
        {
            epoch = Guid.NewGuid().ToString("N");
            uidValidity = NextUidValidity(uidValidity, clock);
            session.Statement("UPDATE account SET epoch=?, uid_validity=?").Bind(0, epoch).Bind(1, uidValidity).Execute();
            session.Statement("UPDATE mailbox SET uid_validity=?").Bind(0, uidValidity).Execute();
        }

        var image = new AccountImage
        {
            Mailboxes = ImmutableDictionary<long, MailboxImage>.Empty,
            Names = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal),
            Subscriptions = Subscriptions(session),
            ModSeq = modSeq, ModSeqLimit = limit, NextMailbox = nextMailbox, UidValidity = uidValidity, Epoch = epoch,
            NextBody = Math.Max(bodyLimit, Number(session, "SELECT coalesce(max(id), 0) + 1 FROM body")), BodyLimit = bodyLimit,
        };
        var mailboxes = Mailboxes(session, image.Subscriptions);
        return image with
        {
            Mailboxes = image.Mailboxes.AddRange(mailboxes.Select(m => KeyValuePair.Create(m.Row.Id.Value, m))),
            Names = image.Names.AddRange(mailboxes.Select(m => KeyValuePair.Create(m.Row.Name, m.Row.Id.Value))),
        };
    }

    /// <summary>The next UIDVALIDITY: the present second, but never one given out before (mail-rules 7).</summary>
    public static uint NextUidValidity(uint last, TimeProvider clock) => Math.Max((uint)clock.GetUtcNow().ToUnixTimeSeconds(), last + 1);

    /// <summary>Says that no MODSEQ above the present one was given out.</summary>
    public static bool MarkClean(AccountEdit edit)
    {
        edit.Session.Statement("UPDATE account SET modseq=?1, modseq_limit=?1").Bind(0, edit.Image.ModSeq).Execute();
        edit.Image = edit.Image with { ModSeqLimit = edit.Image.ModSeq };
        return true;
    }

    /// <summary>Shortens a file of which more than a quarter is unused; a bounded part at a time, as closing must not take long.</summary>
    public static bool GiveSpaceBack(AccountEdit edit)
    {
        var (pages, unused) = (Number(edit.Session, "PRAGMA page_count"), Number(edit.Session, "PRAGMA freelist_count"));
        if (unused > 64 && unused * 4 > pages)
        {
            edit.Session.Statement("PRAGMA incremental_vacuum(4096)").Execute();
        }

        return true;
    }

    private static long Number(SqliteSession session, string sql)
    {
        var statement = session.Statement(sql);
        var value = statement.Step() ? statement.Long(0) : 0;
        statement.Reset();
        return value;
    }

    private static ImmutableSortedSet<string> Subscriptions(SqliteSession session)
    {
        var names = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        var rows = session.Statement("SELECT name FROM subscription");
        while (rows.Step())
        {
            names.Add(rows.Text(0));
        }

        rows.Reset();
        return names.ToImmutable();
    }

    private static List<MailboxImage> Mailboxes(SqliteSession session, ImmutableSortedSet<string> subscriptions)
    {
        var mailboxes = new List<MailboxImage>();
        var lists = AccessLists.Read(session);
        var rows = session.Statement("""
            SELECT id, name, special_use, selectable, uid_validity, keywords, uid_next, modseq, messages, unseen, deleted, size, first_recent, purged
            FROM mailbox JOIN counter ON counter.mailbox = mailbox.id
            """);
        while (rows.Step())
        {
            var name = rows.Text(1);
            var keywords = rows.Text(5);
            mailboxes.Add(new MailboxImage(
                new Mailbox(new MailboxId(rows.Long(0)), name, (uint)rows.Long(4), new Uid((uint)rows.Long(6)), new ModSeq(rows.Long(7)))
                {
                    SpecialUse = (SpecialUse)rows.Int(2), Selectable = rows.Int(3) != 0, Keywords = keywords.Length == 0 ? [] : keywords.Split(' '),
                    Messages = rows.Int(8), Unseen = rows.Int(9), Deleted = rows.Int(10), Size = rows.Long(11), FirstRecent = new Uid((uint)rows.Long(12)),
                    Subscribed = subscriptions.Contains(name), Acl = lists.GetValueOrDefault(rows.Long(0), []),
                },
                rows.Long(13)));
        }

        rows.Reset();
        return mailboxes;
    }
}
