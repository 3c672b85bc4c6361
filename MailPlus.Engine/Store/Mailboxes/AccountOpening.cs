using System.Collections.Immutable;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Reads the picture of an account and settles what an unclean stop or a copy left behind.</summary>
internal static class AccountOpening
{
    /// <summary>The picture as the database has it.</summary>
    public static AccountImage Read(SqlSession session, TimeProvider clock)
    {
        var row = session.Statement($"SELECT epoch, modseq, modseq_limit, next_mailbox, uid_validity, body_limit, {{0|version}}, {ScriptRows.MarkColumns} FROM account{{| WHERE account=$1}}");
        if (!row.Step())
        {
            throw new InvalidDataException("The account row is missing.");
        }

        var (epoch, modSeq, limit) = (row.Text(0), row.Long(1), row.Long(2));
        var (nextMailbox, uidValidity) = (row.Long(3), (uint)row.Long(4));
        var (bodyLimit, version) = (row.Long(5), row.Long(6));
        var scripts = new ScriptMark(row.Long(7), row.Long(8) > 0);
        row.Reset();
        modSeq = Math.Max(modSeq, Number(session, "SELECT coalesce(max(modseq), 0) FROM counter{| WHERE account=$1}"));
        if (limit > modSeq)
        {
            // The last run did not close: commits that gave out MODSEQs may be lost, so all of the block counts as used, in every mailbox.
            modSeq = limit;
            session.Statement("UPDATE counter SET modseq=?{| WHERE account=$1}").Bind(0, modSeq).Execute();
        }

        if (epoch.Length == 0)
        {
            epoch = Guid.NewGuid().ToString("N");
            uidValidity = NextUidValidity(uidValidity, clock);
            session.Statement("UPDATE account SET epoch=?, uid_validity=?{| WHERE account=$1}").Bind(0, epoch).Bind(1, uidValidity).Execute();
            session.Statement("UPDATE mailbox SET uid_validity=?{| WHERE account=$1}").Bind(0, uidValidity).Execute();
        }

        var image = new AccountImage
        {
            Mailboxes = ImmutableDictionary<long, MailboxImage>.Empty,
            Names = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal),
            Subscriptions = Subscriptions(session),
            ModSeq = modSeq, ModSeqLimit = limit, NextMailbox = nextMailbox, UidValidity = uidValidity, Epoch = epoch,
            NextBody = Math.Max(bodyLimit, Number(session, "SELECT coalesce(max(id), 0) + 1 FROM body{| WHERE account=$1}")), BodyLimit = bodyLimit, Version = version, Scripts = scripts,
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

    private static long Number(SqlSession session, string sql)
    {
        var statement = session.Statement(sql);
        var value = statement.Step() ? statement.Long(0) : 0;
        statement.Reset();
        return value;
    }

    private static ImmutableSortedSet<string> Subscriptions(SqlSession session)
    {
        var names = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        var rows = session.Statement("SELECT name FROM subscription{| WHERE account=$1}");
        while (rows.Step())
        {
            names.Add(rows.Text(0));
        }

        rows.Reset();
        return names.ToImmutable();
    }

    private static List<MailboxImage> Mailboxes(SqlSession session, ImmutableSortedSet<string> subscriptions)
    {
        var mailboxes = new List<MailboxImage>();
        var lists = AccessLists.Read(session);
        var readers = Readers.Read(session);
        var rows = session.Statement("""
            SELECT id, name, special_use, selectable, uid_validity, keywords, uid_next, modseq, messages, unseen, deleted, size, first_recent, purged
            FROM mailbox JOIN counter ON {|counter.account = mailbox.account AND }counter.mailbox = mailbox.id{| WHERE mailbox.account=$1}
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
                rows.Long(13))
            {
                Readers = readers.GetValueOrDefault(rows.Long(0), ImmutableDictionary<long, ReaderImage>.Empty),
            });
        }

        rows.Reset();
        return mailboxes;
    }
}
