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
        var effect = default(StateEffect);
        var refused = new List<Uid>();
        var modSeq = new ModSeq(edit.Image.ModSeq + 1);
        var state = mailbox.State!.ChangeFlags(change.Uids, bits, modSeq, ref effect, refused);
        var modified = refused.Count == 0 ? UidSet.Empty : UidSet.From(refused);
        if (ReferenceEquals(state, mailbox.State))
        {
            return new FlagOutcome(state, modified);
        }

        edit.NextModSeq();
        StateStorage.Journal(edit.Session, mailbox.Row, modSeq, bits, change.Uids);
        var row = mailbox.Row with { HighestModSeq = modSeq, Unseen = mailbox.Row.Unseen + effect.Unseen, Deleted = mailbox.Row.Deleted + effect.Deleted };
        state = state.With(row);
        edit.Set(mailbox with { Row = row, State = state, Fold = mailbox.Fold! with { Changes = mailbox.Fold!.Changes + 1 } });
        edit.Announce(id, StoreChangeKind.Flags);
        return new FlagOutcome(state, modified);
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
}
