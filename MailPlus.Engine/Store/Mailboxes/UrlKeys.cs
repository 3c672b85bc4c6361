using System.Security.Cryptography;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Keys that vouch for URLs of mailboxes (RFC 4467 2.2). They go with their mailbox.</summary>
internal static class UrlKeys
{
    private const int Octets = 32;

    public static byte[]? Find(SqlSession session, MailboxId mailbox)
    {
        var row = session.Statement("SELECT secret FROM url_key WHERE {=}mailbox=?").Bind(0, mailbox.Value);
        var key = row.Step() ? row.Blob(0).ToArray() : null;
        row.Reset();
        return key;
    }

    public static byte[] Make(AccountEdit edit, MailboxId mailbox)
    {
        edit.Mailbox(mailbox);
        if (Find(edit.Session, mailbox) is { } known)
        {
            return known;
        }

        var key = RandomNumberGenerator.GetBytes(Octets);
        edit.Session.Statement("INSERT INTO url_key({,}mailbox, secret) VALUES({$}?, ?)").Bind(0, mailbox.Value).Bind(1, key).Execute();
        return key;
    }

    /// <summary>Forgets keys; sessions that have a mailbox selected hear of it.</summary>
    public static bool Reset(AccountEdit edit, MailboxId? mailbox)
    {
        if (mailbox is { } id)
        {
            edit.Mailbox(id);
            edit.Session.Statement("DELETE FROM url_key WHERE {=}mailbox=?").Bind(0, id.Value).Execute();
            Mark(edit, id);
            return true;
        }

        edit.Session.Statement("DELETE FROM url_key{| WHERE account=$1}").Execute();
        foreach (var one in edit.Image.Mailboxes.Values.Where(m => m.State is not null).Select(m => m.Row.Id).ToList())
        {
            Mark(edit, one);
        }

        return true;
    }

    private static void Mark(AccountEdit edit, MailboxId mailbox)
    {
        MailboxChanges.Replace(edit, edit.Mailbox(mailbox), row => row with { UrlKeyResets = row.UrlKeyResets + 1 });
        edit.Announce(mailbox, StoreChangeKind.Flags);
    }
}
