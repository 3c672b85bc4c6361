using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

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

        foreach (var (first, last) in gone.Ranges)
        {
            ReleaseBodies(edit, (StateStorage.RowId(id, first), StateStorage.RowId(id, last)), int.MaxValue);
        }

        RemoveMessages(edit, id, gone);
        return (gone, Remove(edit, mailbox, gone, edit.NextModSeq()));
    }

    /// <summary>Takes messages out of the snapshot and the counters and leaves a tombstone; their rows are the caller's.</summary>
    public static PackedState Remove(AccountEdit edit, MailboxImage mailbox, UidSet gone, ModSeq modSeq)
    {
        var effect = default(StateEffect);
        mailbox = Readers.Forget(edit, mailbox, gone);
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
            edit.Session.Statement("DELETE FROM message WHERE {=}id BETWEEN ? AND ?")
                .Bind(0, StateStorage.RowId(mailbox, first)).Bind(1, StateStorage.RowId(mailbox, last)).Execute();
        }
    }

    /// <summary>Clears some messages of removed mailboxes away; false when there is nothing left to do.</summary>
    public static bool ClearDoomed(AccountEdit edit)
    {
        var session = edit.Session;
        var next = session.Statement("SELECT mailbox FROM doomed{| WHERE account=$1} LIMIT 1");
        var mailbox = next.Step() ? new MailboxId(next.Long(0)) : (MailboxId?)null;
        next.Reset();
        if (mailbox is not { } id)
        {
            return false;
        }

        var (first, last) = (StateStorage.RowId(id, 0), StateStorage.RowId(id, uint.MaxValue));
        var cleared = ReleaseBodies(edit, (first, last), ClearAtOnce);
        if (cleared.Count > 0)
        {
            session.Statement("DELETE FROM message WHERE {=}id BETWEEN ? AND ?").Bind(0, first).Bind(1, cleared.Last).Execute();
        }

        if (cleared.Count < ClearAtOnce)
        {
            session.Statement("DELETE FROM state_block WHERE {=}id BETWEEN ? AND ?").Bind(0, first).Bind(1, last).Execute();
            session.Statement("DELETE FROM change WHERE {=}mailbox=?").Bind(0, id.Value).Execute();
            session.Statement("DELETE FROM fold WHERE {=}mailbox=?").Bind(0, id.Value).Execute();
            Readers.Clear(session, id);
            session.Statement("DELETE FROM doomed WHERE {=}mailbox=?").Bind(0, id.Value).Execute();
        }

        return true;
    }

    /// <summary>Lets go of the bodies of the first messages of a range, whose rows the caller removes.</summary>
    /// <returns>How many messages, and the row of the last.</returns>
    private static (int Count, long Last) ReleaseBodies(AccountEdit edit, (long First, long Last) range, int limit)
    {
        var found = new List<(long Body, long Refs, string File)>();
        var last = 0L;
        var rows = edit.Session.Statement("""
            SELECT m.id, m.body, s.refs, b.file FROM message m LEFT JOIN shared s ON {|s.account=m.account AND }s.body=m.body
                LEFT JOIN body b ON {|b.account=m.account AND }b.id=m.body WHERE {|m.account=$1 AND }m.id BETWEEN ? AND ? ORDER BY m.id LIMIT ?
            """).Bind(0, range.First).Bind(1, range.Last).Bind(2, limit);
        while (rows.Step())
        {
            last = rows.Long(0);
            found.Add((rows.Long(1), rows.Long(2), rows.Text(3)));
        }

        rows.Reset();
        Dictionary<long, long>? left = null; // Of bodies that several messages have: more than one of them may be among these.
        foreach (var (body, refs, file) in found)
        {
            if (refs > 1)
            {
                left ??= [];
                left[body] = left.GetValueOrDefault(body, refs) - 1;
                if (left[body] > 0)
                {
                    continue;
                }
            }

            Remove(edit, body, file);
        }

        foreach (var (body, refs) in left ?? [])
        {
            (refs > 1 ? edit.Session.Statement("UPDATE shared SET refs=?2 WHERE {=}body=?1").Bind(1, refs) : edit.Session.Statement("DELETE FROM shared WHERE {=}body=?1"))
                .Bind(0, body).Execute();
        }

        return (found.Count, last);
    }

    private static void Remove(AccountEdit edit, long body, string file)
    {
        edit.Session.Statement("DELETE FROM body WHERE {=}id=?").Bind(0, body).Execute();
        edit.Session.Statement("DELETE FROM summary WHERE {=}body=?").Bind(0, body).Execute();
        if (file.Length > 0)
        {
            edit.Bodies.Delete(edit, file);
        }
    }
}
