using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>
/// How a snapshot lies in the database: packed blocks true up to a UID and a MODSEQ, message rows for what came after, and a journal of changes since.
/// A flag change over any number of messages is therefore one small row.
/// </summary>
internal static class StateStorage
{
    /// <summary>Journal kind of an expunge; flag changes bear the number of their <see cref="FlagOperation"/>.</summary>
    public const int ExpungeKind = 3;

    /// <summary>Row id of a message, and of the block that begins with it.</summary>
    public static long RowId(MailboxId mailbox, uint uid) => (mailbox.Value << 32) | uid;

    /// <summary>Reads a mailbox's snapshot.</summary>
    public static MailboxImage Load(SqlSession session, MailboxImage mailbox)
    {
        var id = mailbox.Row.Id;
        var fold = session.Statement("SELECT uid, modseq FROM fold WHERE {=}mailbox=?").Bind(0, id.Value);
        var (foldUid, foldModSeq) = fold.Step() ? ((uint)fold.Long(0), fold.Long(1)) : (0, 0);
        fold.Reset();

        List<(uint Uid, StateBlock Block)> stored = [];
        var rows = session.Statement("SELECT id, data FROM state_block WHERE {=}id BETWEEN ? AND ? ORDER BY id").Bind(0, RowId(id, 0)).Bind(1, RowId(id, uint.MaxValue));
        while (rows.Step())
        {
            stored.Add(((uint)rows.Long(0), PackedForms.UnpackBlock(rows.Blob(1))));
        }

        rows.Reset();
        return Follow(session, mailbox, PackedState.From(mailbox.Row, [.. stored.Select(s => s.Block)]), new FoldMark(stored, 0, 0), (foldUid, foldModSeq));
    }

    /// <summary>Brings a snapshot that is true up to a UID and a MODSEQ to what the database has.</summary>
    public static MailboxImage Follow(SqlSession session, MailboxImage mailbox, PackedState state, FoldMark fold, (uint Uid, long ModSeq) known)
    {
        var tail = new List<MessageState>();
        var rows = session.Statement("SELECT id, flags, keywords, modseq, internal_date, size FROM message WHERE {=}id BETWEEN ? AND ? ORDER BY id")
            .Bind(0, RowId(mailbox.Row.Id, known.Uid) + 1).Bind(1, RowId(mailbox.Row.Id, uint.MaxValue));
        while (rows.Step())
        {
            tail.Add(new MessageState(new Uid((uint)rows.Long(0)), (MessageFlags)rows.Long(1), (ulong)rows.Long(2), new ModSeq(rows.Long(3)),
                Seconds(rows.Long(4)), (uint)rows.Long(5)));
        }

        rows.Reset();
        if (tail.Count > 0)
        {
            state = state.Append(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tail), mailbox.Row);
        }

        var (changed, changes) = Replay(session, state, known.ModSeq);
        return Checked(mailbox with { State = changed.With(mailbox.Row), Fold = fold with { Tail = fold.Tail + tail.Count, Changes = fold.Changes + changes } });
    }

    /// <summary>The MODSEQ up to which the stored blocks of a mailbox are true.</summary>
    public static long FoldedTo(SqlSession session, MailboxId mailbox)
    {
        var fold = session.Statement("SELECT modseq FROM fold WHERE {=}mailbox=?").Bind(0, mailbox.Value);
        var modSeq = fold.Step() ? fold.Long(0) : 0;
        fold.Reset();
        return modSeq;
    }

    /// <summary>Writes the blocks that differ from the stored ones and empties the journal.</summary>
    public static MailboxImage Fold(SqlSession session, MailboxImage mailbox, long modSeq, int tombstoneRows)
    {
        var (id, state) = (mailbox.Row.Id, mailbox.State!);
        var old = mailbox.Fold!.Blocks.ToDictionary(b => b.Uid, b => b.Block);
        var stored = new List<(uint Uid, StateBlock Block)>(state.Blocks.Length);
        var write = session.Statement("INSERT INTO state_block({,}id, data) VALUES({$}?, ?) ON CONFLICT({,}id) DO UPDATE SET data=excluded.data");
        foreach (var block in state.Blocks)
        {
            var uid = block.First.Value;
            stored.Add((uid, block));
            if (!old.Remove(uid, out var was) || !ReferenceEquals(was, block))
            {
                write.Bind(0, RowId(id, uid)).Bind(1, PackedForms.Pack(block).Written).Execute();
            }
        }

        var remove = session.Statement("DELETE FROM state_block WHERE {=}id=?");
        foreach (var uid in old.Keys)
        {
            remove.Bind(0, RowId(id, uid)).Execute();
        }

        // UidNext, not the last message: rows of what came and went since the last fold are gone anyway.
        session.Statement("INSERT INTO fold({,}mailbox, uid, modseq) VALUES({$}?, ?, ?) ON CONFLICT({,}mailbox) DO UPDATE SET uid=excluded.uid, modseq=excluded.modseq")
            .Bind(0, id.Value).Bind(1, mailbox.Row.UidNext.Value - 1).Bind(2, modSeq).Execute();
        session.Statement("DELETE FROM change WHERE {=}mailbox=? AND kind<3").Bind(0, id.Value).Execute();
        return mailbox with { Fold = new FoldMark(stored, 0, 0), Purged = PurgeTombstones(session, mailbox, tombstoneRows) };
    }

    /// <summary>Journals a flag change; UIDs not yet given out are cut off, since a replay would find messages under them.</summary>
    public static void Journal(SqlSession session, Mailbox mailbox, ModSeq modSeq, in FlagBits change, UidSet uids)
    {
        var (next, ranges) = (mailbox.UidNext.Value, uids.Ranges);
        var given = ranges.Count == 0 || ranges[^1].Last < next ? uids
            : UidSet.FromRanges(ranges.Where(r => r.First < next).Select(r => (r.First, Math.Min(r.Last, next - 1))));
        Journal(session, mailbox.Id, modSeq, ((int)change.Operation, (long)change.Flags, (long)change.Keywords, change.UnchangedSince), given);
    }

    /// <summary>Journals an expunge, which stays as a tombstone.</summary>
    public static void JournalExpunge(SqlSession session, MailboxId mailbox, ModSeq modSeq, UidSet uids) =>
        Journal(session, mailbox, modSeq, (ExpungeKind, 0, 0, 0), uids);

    /// <summary>UIDs expunged after a MODSEQ.</summary>
    public static UidSet Tombstones(SqlSession session, MailboxId mailbox, long since)
    {
        var ranges = new List<(uint First, uint Last)>();
        var rows = session.Statement("SELECT uids FROM change WHERE {=}mailbox=? AND modseq>? AND kind=3").Bind(0, mailbox.Value).Bind(1, since);
        while (rows.Step())
        {
            ranges.AddRange(PackedForms.UnpackRanges(rows.Blob(0)));
        }

        rows.Reset();
        return UidSet.FromRanges(ranges);
    }

    /// <summary>INTERNALDATE of a snapshot: whole seconds.</summary>
    public static long Seconds(long microseconds) => microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000;

    private static (PackedState State, int Changes) Replay(SqlSession session, PackedState state, long since)
    {
        var mailbox = state.Mailbox.Id;
        var effect = default(StateEffect);
        var gone = Tombstones(session, mailbox, since);
        if (!gone.IsEmpty)
        {
            state = state.Remove(gone, ref effect);
        }

        var changes = 0;
        var refused = new List<Uid>();
        var rows = session.Statement("SELECT modseq, kind, flags, keywords, unchanged_since, uids FROM change WHERE {=}mailbox=? AND modseq>? ORDER BY modseq")
            .Bind(0, mailbox.Value).Bind(1, since);
        while (rows.Step())
        {
            changes++;
            if (rows.Int(1) != ExpungeKind)
            {
                var change = new FlagBits((FlagOperation)rows.Int(1), (MessageFlags)rows.Int(2), (ulong)rows.Long(3), rows.Long(4));
                state = state.ChangeFlags(UidSet.FromRanges(PackedForms.UnpackRanges(rows.Blob(5))), change, new ModSeq(rows.Long(0)), ref effect, refused);
                refused.Clear();
            }
        }

        rows.Reset();
        return (state, changes);
    }

    /// <summary>Blocks and rows are the truth; counters that disagree (a defect, or a hand in the file) are put right instead of misleading clients.</summary>
    private static MailboxImage Checked(MailboxImage mailbox)
    {
        var (row, state) = (mailbox.Row, mailbox.State!);
        if (state.Count == row.Messages)
        {
            return mailbox;
        }

        var effect = default(StateEffect);
        foreach (var block in state.Blocks)
        {
            foreach (ref readonly var message in block.Span)
            {
                effect.Count(message, +1);
            }
        }

        row = row with { Messages = effect.Messages, Unseen = effect.Unseen, Deleted = effect.Deleted, Size = effect.Size };
        return mailbox with { Row = row, State = state.With(row) };
    }

    private static long PurgeTombstones(SqlSession session, MailboxImage mailbox, int keep)
    {
        var id = mailbox.Row.Id.Value;
        var mark = session.Statement("SELECT modseq FROM change WHERE {=}mailbox=? AND kind=3 ORDER BY modseq DESC LIMIT 1 OFFSET ?").Bind(0, id).Bind(1, keep);
        var purged = mark.Step() ? mark.Long(0) : 0;
        mark.Reset();
        if (purged == 0)
        {
            return mailbox.Purged;
        }

        session.Statement("DELETE FROM change WHERE {=}mailbox=? AND modseq<=?").Bind(0, id).Bind(1, purged).Execute();
        return purged;
    }

    private static void Journal(SqlSession session, MailboxId mailbox, ModSeq modSeq, (int Kind, long Flags, long Keywords, long UnchangedSince) change, UidSet uids) =>
        session.Statement("INSERT INTO change({,}mailbox, modseq, kind, flags, keywords, unchanged_since, uids) VALUES({$}?, ?, ?, ?, ?, ?, ?)")
            .Bind(0, mailbox.Value).Bind(1, modSeq.Value).Bind(2, change.Kind).Bind(3, change.Flags).Bind(4, change.Keywords).Bind(5, change.UnchangedSince)
            .Bind(6, PackedForms.Pack(uids).Written).Execute();
}
