using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Changes of flags, and the claim of \Recent.</summary>
internal static class FlagChanges
{
    /// <summary>Changes flags over a set of UIDs with one journal row.</summary>
    public static FlagOutcome Store(AccountEdit edit, MailboxId id, FlagChange change)
    {
        var mailbox = edit.Loaded(id);
        var before = mailbox.State!;
        ulong keywords;
        if (change.Operation == FlagOperation.Remove)
        {
            keywords = Keywords.Known(mailbox.Row, change.Flags.Keywords);
        }
        else
        {
            (mailbox, keywords) = Keywords.Add(edit, mailbox, change.Flags.Keywords);
        }

        var bits = new FlagBits(change.Operation, change.Flags.System, keywords, change.UnchangedSince?.Value ?? long.MaxValue);
        var refused = new List<Uid>();
        mailbox = Apply(edit, mailbox, bits, change.Uids, refused);
        return new FlagOutcome(mailbox.State!, refused.Count == 0 ? UidSet.Empty : UidSet.From(refused)) { Before = before };
    }

    /// <summary>Changes those flags that are everybody's: all but \Seen.</summary>
    public static MailboxImage StoreShared(AccountEdit edit, MailboxImage mailbox, FlagOperation operation, MessageFlags flags, UidSet uids)
    {
        const MessageFlags Shared = MessageFlags.Answered | MessageFlags.Flagged | MessageFlags.Deleted | MessageFlags.Draft;
        if (operation == FlagOperation.Replace)
        {
            // What is the owner's stays, so it is two changes.
            mailbox = StoreShared(edit, mailbox, FlagOperation.Add, flags, uids);
            (operation, flags) = (FlagOperation.Remove, ~flags);
        }

        return Apply(edit, mailbox, new FlagBits(operation, flags & Shared, 0, long.MaxValue), uids, []);
    }

    /// <summary>Claims \Recent (mail-rules 10).</summary>
    public static Uid ClaimRecent(AccountEdit edit, MailboxId id)
    {
        var mailbox = edit.Selectable(id);
        var first = mailbox.Row.FirstRecent;
        if (first != mailbox.Row.UidNext)
        {
            var row = mailbox.Row with { FirstRecent = mailbox.Row.UidNext };
            edit.Set(mailbox with { Row = row, State = mailbox.State?.With(row) });
        }

        return first;
    }

    private static MailboxImage Apply(AccountEdit edit, MailboxImage mailbox, in FlagBits change, UidSet uids, List<Uid> refused)
    {
        var effect = default(StateEffect);
        var modSeq = new ModSeq(edit.Image.ModSeq + 1);
        var state = mailbox.State!.ChangeFlags(uids, change, modSeq, ref effect, refused);
        if (ReferenceEquals(state, mailbox.State))
        {
            return mailbox;
        }

        edit.NextModSeq();
        StateStorage.Journal(edit.Session, mailbox.Row, modSeq, change, uids);
        var row = mailbox.Row with { HighestModSeq = modSeq, Unseen = mailbox.Row.Unseen + effect.Unseen, Deleted = mailbox.Row.Deleted + effect.Deleted };
        mailbox = mailbox with { Row = row, State = state.With(row), Fold = mailbox.Fold! with { Changes = mailbox.Fold!.Changes + 1 } };
        edit.Set(mailbox);
        edit.Announce(row.Id, StoreChangeKind.Flags);
        return mailbox;
    }
}
