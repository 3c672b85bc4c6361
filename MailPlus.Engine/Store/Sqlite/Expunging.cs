using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>Removal of messages for good: rows, bodies that nobody refers to any more, tombstones.</summary>
internal static class Expunging
{
    private const int ClearAtOnce = 500;

    /// <summary>Expunges.</summary>
    public static (UidSet Expunged, MailboxState State) Expunge(AccountEdit edit, MailboxId id, UidSet? uids, bool regardless)
    {
        var mailbox = edit.Loaded(id);
        if (!regardless && mailbox.Row.Deleted == 0)
        {
            return (UidSet.Empty, mailbox.State!);
        }

        var gone = UidSet.From(mailbox.State!.In(uids).Where(m => regardless || (m.Flags & MessageFlags.Deleted) != 0).Select(m => m.Uid));
        if (gone.IsEmpty)
        {
            return (gone, mailbox.State);
        }

        foreach (var uid in gone)
        {
            ReleaseBody(edit, StateStorage.RowId(id, uid.Value));
        }

        RemoveMessages(edit, id, gone);
        return (gone, Remove(edit, mailbox, gone, edit.NextModSeq()));
    }

    /// <summary>Takes messages out of the snapshot and the counters and leaves a tombstone; their rows are the caller's.</summary>
    public static PackedState Remove(AccountEdit edit, MailboxImage mailbox, UidSet gone, ModSeq modSeq)
    {
        var effect = default(StateEffect);
        var state = mailbox.State!.Remove(gone, ref effect);
        var row = mailbox.Row;
        row = row with
        {
            HighestModSeq = modSeq,
            Messages = row.Messages + effect.Messages,
            Unseen = row.Unseen + effect.Unseen,
            Deleted = row.Deleted + effect.Deleted,
            Size = row.Size + effect.Size,
        };
        state = state.With(row);
        StateStorage.JournalExpunge(edit.Session, row.Id, modSeq, gone);
        edit.Set(mailbox with { Row = row, State = state, Fold = mailbox.Fold! with { Changes = mailbox.Fold!.Changes + 1 } });
        edit.Announce(row.Id, StoreChangeKind.Expunged);
        return state;
    }

    /// <summary>Removes the rows of messages; every UID of the set is one.</summary>
    public static void RemoveMessages(AccountEdit edit, MailboxId mailbox, UidSet uids)
    {
        foreach (var (first, last) in uids.Ranges)
        {
            edit.Session.Statement("DELETE FROM message WHERE id BETWEEN ? AND ?")
                .Bind(0, StateStorage.RowId(mailbox, first)).Bind(1, StateStorage.RowId(mailbox, last)).Execute();
        }
    }

    /// <summary>Clears some messages of removed mailboxes away; false when there is nothing left to do.</summary>
    public static bool ClearDoomed(AccountEdit edit)
    {
        var session = edit.Session;
        var next = session.Statement("SELECT mailbox FROM doomed LIMIT 1");
        var mailbox = next.Step() ? new MailboxId(next.Long(0)) : (MailboxId?)null;
        next.Reset();
        if (mailbox is not { } id)
        {
            return false;
        }

        var (first, last) = (StateStorage.RowId(id, 0), StateStorage.RowId(id, uint.MaxValue));
        var ids = new List<long>(ClearAtOnce);
        var rows = session.Statement("SELECT id FROM message WHERE id BETWEEN ? AND ? LIMIT ?").Bind(0, first).Bind(1, last).Bind(2, ClearAtOnce);
        while (rows.Step())
        {
            ids.Add(rows.Long(0));
        }

        rows.Reset();
        foreach (var row in ids)
        {
            ReleaseBody(edit, row);
            session.Statement("DELETE FROM message WHERE id=?").Bind(0, row).Execute();
        }

        if (ids.Count < ClearAtOnce)
        {
            session.Statement("DELETE FROM state_block WHERE id BETWEEN ? AND ?").Bind(0, first).Bind(1, last).Execute();
            session.Statement("DELETE FROM change WHERE mailbox=?").Bind(0, id.Value).Execute();
            session.Statement("DELETE FROM fold WHERE mailbox=?").Bind(0, id.Value).Execute();
            session.Statement("DELETE FROM doomed WHERE mailbox=?").Bind(0, id.Value).Execute();
        }

        return true;
    }

    private static void ReleaseBody(AccountEdit edit, long rowId)
    {
        var session = edit.Session;
        var row = session.Statement("SELECT m.body, s.refs, b.file FROM message m LEFT JOIN shared s ON s.body=m.body LEFT JOIN body b ON b.id=m.body WHERE m.id=?").Bind(0, rowId);
        if (!row.Step())
        {
            row.Reset();
            return;
        }

        var (body, refs, file) = (row.Long(0), row.Long(1), row.Text(2));
        row.Reset();
        if (refs > 2)
        {
            session.Statement("UPDATE shared SET refs=refs-1 WHERE body=?").Bind(0, body).Execute();
            return;
        }

        if (refs == 2)
        {
            session.Statement("DELETE FROM shared WHERE body=?").Bind(0, body).Execute();
            return;
        }

        session.Statement("DELETE FROM body WHERE id=?").Bind(0, body).Execute();
        session.Statement("DELETE FROM summary WHERE body=?").Bind(0, body).Execute();
        if (file.Length > 0)
        {
            edit.Unlink(file);
        }
    }
}
