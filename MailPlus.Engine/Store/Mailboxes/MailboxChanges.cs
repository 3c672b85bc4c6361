using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Making, renaming, removing and subscribing of mailboxes.</summary>
internal static class MailboxChanges
{
    private static readonly (string Name, SpecialUse Use)[] Standard =
    [
        ("INBOX", SpecialUse.None), ("Drafts", SpecialUse.Drafts), ("Sent", SpecialUse.Sent), ("Junk", SpecialUse.Junk), ("Trash", SpecialUse.Trash),
        ("Archive", SpecialUse.Archive),
    ];

    /// <summary>Makes the standard mailboxes of a new account; nothing when it has an INBOX.</summary>
    public static bool EnsureStandard(AccountEdit edit)
    {
        if (edit.Image.Names.ContainsKey("INBOX"))
        {
            return false;
        }

        foreach (var (name, use) in Standard)
        {
            Insert(edit, name, use);
            SetSubscribed(edit, name, subscribed: true);
        }

        return true;
    }

    /// <summary>Makes a mailbox and missing superiors.</summary>
    public static Mailbox Create(AccountEdit edit, string givenName, SpecialUse use, int maximum)
    {
        var name = RequireOwn(MailboxName.ForCreation(givenName));
        if (use != SpecialUse.None && edit.Image.Mailboxes.Values.Any(m => m.Row.SpecialUse == use))
        {
            throw AccountEdit.Refused(RefusalKind.AlreadyExists, "MailboxExists");
        }

        if (edit.Image.Names.TryGetValue(name, out var id))
        {
            var existing = edit.Image.Mailboxes[id];
            if (existing.Row.Selectable)
            {
                throw AccountEdit.Refused(RefusalKind.AlreadyExists, "MailboxExists");
            }

            RemoveRow(edit, existing.Row);
        }

        foreach (var superior in MailboxName.Superiors(name))
        {
            if (!edit.Image.Names.ContainsKey(superior))
            {
                Insert(edit, superior, SpecialUse.None);
            }
        }

        var made = Insert(edit, name, use);
        if (edit.Image.Names.Count > maximum)
        {
            throw AccountEdit.Refused(RefusalKind.TooMany, "TooManyMailboxes");
        }

        return made.Row;
    }

    /// <summary>Renames a mailbox with its inferiors; INBOX instead moves its messages.</summary>
    public static bool Rename(AccountEdit edit, MailboxId id, string givenName, int maximum)
    {
        var mailbox = edit.Mailbox(id).Row;
        var name = RequireOwn(MailboxName.ForCreation(givenName));
        if (mailbox.Name == "INBOX")
        {
            // RFC 3501 6.3.5: INBOX stays, empty; its inferiors stay too.
            var made = Create(edit, name, SpecialUse.None, maximum);
            Copying.Move(edit, id, UidSet.FromRanges([(1, uint.MaxValue)]), made.Id);
            // RFC 5464 4.1: both have the annotations then.
            edit.Session.Statement("INSERT INTO annotation({,}mailbox, reader, entry, value) SELECT {$}?1, reader, entry, value FROM annotation WHERE {=}mailbox=?2")
                .Bind(0, made.Id.Value).Bind(1, id.Value).Execute();
            return true;
        }

        if (MailboxName.IsInferior(name, mailbox.Name))
        {
            throw AccountEdit.Refused(RefusalKind.Invalid, "MailboxNameInvalid");
        }

        var moves = edit.Image.Names.Where(n => n.Key == mailbox.Name || MailboxName.IsInferior(n.Key, mailbox.Name))
            .Select(n => (Id: n.Value, Old: n.Key, New: MailboxName.ForCreation(name + n.Key[mailbox.Name.Length..]))).ToList();
        if (moves.Any(m => edit.Image.Names.ContainsKey(m.New)))
        {
            throw AccountEdit.Refused(RefusalKind.AlreadyExists, "MailboxExists");
        }

        foreach (var superior in MailboxName.Superiors(name).Where(s => !edit.Image.Names.ContainsKey(s)))
        {
            Insert(edit, superior, SpecialUse.None);
        }

        foreach (var (moved, old, target) in moves)
        {
            edit.Session.Statement("UPDATE mailbox SET name=? WHERE {=}id=?").Bind(0, target).Bind(1, moved).Execute();
            edit.Image = edit.Image with { Names = edit.Image.Names.Remove(old).Add(target, moved) };
            Replace(edit, edit.Image.Mailboxes[moved], row => row with { Name = target, Subscribed = edit.Image.Subscriptions.Contains(target) });
        }

        edit.Announce(null, StoreChangeKind.Mailboxes);
        return true;
    }

    /// <summary>Removes a mailbox; its messages are cleared away later. With inferiors the name stays.</summary>
    public static bool Delete(AccountEdit edit, MailboxId id)
    {
        var mailbox = edit.Mailbox(id).Row;
        var hasInferiors = edit.Image.Names.Keys.Any(n => MailboxName.IsInferior(n, mailbox.Name));
        if (mailbox.Name == "INBOX")
        {
            throw AccountEdit.Refused(RefusalKind.NotAllowed, "InboxStays");
        }

        if (hasInferiors && !mailbox.Selectable)
        {
            // RFC 3501 6.3.4.
            throw AccountEdit.Refused(RefusalKind.NotAllowed, "MailboxNotSelectable");
        }

        RemoveRow(edit, mailbox);
        if (hasInferiors)
        {
            Insert(edit, mailbox.Name, SpecialUse.None, selectable: false);
        }

        return true;
    }

    /// <summary>Adds a name to the subscription list or removes it.</summary>
    public static bool SetSubscribed(AccountEdit edit, string givenName, bool subscribed, int maximum = int.MaxValue)
    {
        var name = subscribed ? MailboxName.ForCreation(givenName) : MailboxName.Normalise(givenName);
        if (edit.Image.Subscriptions.Contains(name) == subscribed)
        {
            return false;
        }

        if (subscribed && edit.Image.Subscriptions.Count >= maximum)
        {
            throw AccountEdit.Refused(RefusalKind.TooMany, "TooManyMailboxes");
        }

        edit.Session.Statement(subscribed ? "INSERT INTO subscription({,}name) VALUES({$}?)" : "DELETE FROM subscription WHERE {=}name=?").Bind(0, name).Execute();
        edit.Image = edit.Image with { Subscriptions = subscribed ? edit.Image.Subscriptions.Add(name) : edit.Image.Subscriptions.Remove(name) };
        if (edit.Image.Names.TryGetValue(name, out var id))
        {
            Replace(edit, edit.Image.Mailboxes[id], row => row with { Subscribed = subscribed });
        }

        edit.Announce(null, StoreChangeKind.Mailboxes);
        return true;
    }

    private static MailboxImage Insert(AccountEdit edit, string name, SpecialUse use, bool selectable = true)
    {
        var image = edit.Image;
        var (id, validity) = (image.NextMailbox, AccountOpening.NextUidValidity(image.UidValidity, edit.Clock));
        edit.Image = image with { NextMailbox = id + 1, UidValidity = validity };
        var modSeq = edit.NextModSeq();
        edit.Session.Statement("UPDATE account SET next_mailbox=?, uid_validity=?{| WHERE account=$1}").Bind(0, id + 1).Bind(1, validity).Execute();
        edit.Session.Statement("INSERT INTO mailbox({,}id, name, special_use, selectable, uid_validity, keywords) VALUES({$}?, ?, ?, ?, ?, '')")
            .Bind(0, id).Bind(1, name).Bind(2, (int)use).Bind(3, selectable ? 1 : 0).Bind(4, validity).Execute();
        edit.Session.Statement("INSERT INTO counter({,}mailbox, uid_next, modseq, messages, unseen, deleted, size, first_recent, purged) VALUES({$}?, 1, ?, 0, 0, 0, 0, 1, 0)")
            .Bind(0, id).Bind(1, modSeq.Value).Execute();
        var made = new MailboxImage(
            new Mailbox(new MailboxId(id), name, validity, new Uid(1), modSeq)
            {
                FirstRecent = new Uid(1), SpecialUse = use, Selectable = selectable, Subscribed = edit.Image.Subscriptions.Contains(name),
                Acl = AccessLists.Inherit(edit, name, id),
            },
            0);
        edit.Image = edit.Image.With(made) with { Names = edit.Image.Names.Add(name, id) };
        edit.Announce(null, StoreChangeKind.Mailboxes);
        return made;
    }

    /// <summary>Names of other accounts' mailboxes (RFC 2342) are nobody's own.</summary>
    private static string RequireOwn(string name) => Places.IsOthers(name) ? throw AccountEdit.Refused(RefusalKind.Invalid, "MailboxNameInvalid") : name;

    private static void RemoveRow(AccountEdit edit, Mailbox mailbox)
    {
        var id = mailbox.Id.Value;
        // With its counters goes the mark of the highest MODSEQ given out, so the account keeps it.
        edit.Session.Statement("UPDATE account SET modseq={max|greatest}(modseq, ?){| WHERE account=$1}").Bind(0, edit.NextModSeq().Value).Execute();
        edit.Session.Statement("DELETE FROM mailbox WHERE {=}id=?").Bind(0, id).Execute();
        edit.Session.Statement("DELETE FROM counter WHERE {=}mailbox=?").Bind(0, id).Execute();
        edit.Session.Statement("DELETE FROM annotation WHERE {=}mailbox=?").Bind(0, id).Execute();
        edit.Session.Statement("DELETE FROM acl WHERE {=}mailbox=?").Bind(0, id).Execute();
        edit.Session.Statement("DELETE FROM url_key WHERE {=}mailbox=?").Bind(0, id).Execute();
        edit.Session.Statement("INSERT INTO doomed({,}mailbox) VALUES({$}?)").Bind(0, id).Execute();
        edit.Image = edit.Image.Without(id, mailbox.Name);
        edit.Announce(null, StoreChangeKind.Mailboxes);
    }

    public static void Replace(AccountEdit edit, MailboxImage mailbox, Func<Mailbox, Mailbox> change)
    {
        var row = change(mailbox.Row);
        edit.Image = edit.Image.With(mailbox with { Row = row, State = mailbox.State?.With(row) });
    }
}
