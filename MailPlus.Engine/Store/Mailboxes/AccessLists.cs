using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Access control lists of mailboxes (RFC 4314) in their table.</summary>
internal static class AccessLists
{
    private const int MaxEntries = 500;
    private const string Letters = "lrswipkxtea";

    /// <summary>The lists of all mailboxes that have one, by mailbox.</summary>
    public static Dictionary<long, AclEntry[]> Read(SqlSession session)
    {
        var lists = new Dictionary<long, List<AclEntry>>();
        var rows = session.Statement("SELECT mailbox, {account|reader}, negative, rights FROM acl{| WHERE account=$1} ORDER BY mailbox, {account|reader}, negative");
        while (rows.Step())
        {
            if (!lists.TryGetValue(rows.Long(0), out var list))
            {
                lists.Add(rows.Long(0), list = []);
            }

            list.Add(new AclEntry(new AclSubject(rows.Long(1) == 0 ? null : new AccountId(rows.Long(1)), rows.Int(2) != 0), Parse(rows.Text(3))));
        }

        rows.Reset();
        return lists.ToDictionary(list => list.Key, list => list.Value.ToArray());
    }

    /// <summary>Changes one entry.</summary>
    public static Mailbox Change(AccountEdit edit, MailboxId id, AccountId owner, AclChange change)
    {
        var mailbox = edit.Mailbox(id);
        var subject = change.Subject;
        var isOwner = subject == new AclSubject(owner);
        var before = mailbox.Row.Acl.FirstOrDefault(entry => entry.Subject == subject)?.Rights ?? (isOwner ? Rights.All : Rights.None);
        var after = Acl.Apply(before, change) | (isOwner ? Acl.OwnersAlways : Rights.None);
        if (after == before)
        {
            return mailbox.Row;
        }

        var list = mailbox.Row.Acl.Where(entry => entry.Subject != subject).ToList();
        if (after != (isOwner ? Rights.All : Rights.None))
        {
            list.Add(new AclEntry(subject, after));
            list.Sort((a, b) => Key(a.Subject).CompareTo(Key(b.Subject)));
        }

        if (list.Count > MaxEntries)
        {
            throw AccountEdit.Refused(RefusalKind.TooMany, "TooManyAclEntries");
        }

        edit.Session.Statement("DELETE FROM acl WHERE {=}mailbox=?").Bind(0, id.Value).Execute();
        Write(edit, id.Value, list);
        var row = mailbox.Row with { Acl = list };
        edit.Image = edit.Image.With(mailbox with { Row = row, State = mailbox.State?.With(row) });
        edit.Announce(null, StoreChangeKind.Mailboxes);
        return row;
    }

    /// <summary>Gives a new mailbox the list of its nearest superior.</summary>
    public static IReadOnlyList<AclEntry> Inherit(AccountEdit edit, string name, long id)
    {
        foreach (var superior in MailboxName.Superiors(name).Reverse())
        {
            if (edit.Image.Names.TryGetValue(superior, out var above))
            {
                var list = edit.Image.Mailboxes[above].Row.Acl;
                Write(edit, id, list);
                return list;
            }
        }

        return [];
    }

    private static void Write(AccountEdit edit, long mailbox, IReadOnlyList<AclEntry> list)
    {
        foreach (var ((account, isNegative), rights) in list)
        {
            edit.Session.Statement("INSERT INTO acl({,}mailbox, {account|reader}, negative, rights) VALUES({$}?, ?, ?, ?)")
                .Bind(0, mailbox).Bind(1, account?.Value ?? 0).Bind(2, isNegative ? 1 : 0).Bind(3, Text(rights)).Execute();
        }
    }

    private static (long Account, bool IsNegative) Key(AclSubject subject) => (subject.Account?.Value ?? 0, subject.IsNegative);

    private static string Text(Rights rights) => string.Concat(Letters.Where((_, bit) => ((int)rights & (1 << bit)) != 0));

    private static Rights Parse(string letters) => letters.Aggregate(Rights.None, (rights, letter) => Letters.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var bit ? rights | (Rights)(1 << bit) : rights);
}
