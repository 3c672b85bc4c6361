using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Contract;

/// <summary>
/// The selected view: an immutable snapshot of a mailbox's messages in UID order, shared by all its sessions. Every commit makes a new snapshot that shares
/// unchanged blocks of up to 256 messages with the old one, so that a session keeps its own sequence numbers by keeping its own snapshot
/// (mail-rules 8) and learns what changed from <see cref="ChangesSince"/> at a cost that grows with the change, not with the mailbox.
/// </summary>
public abstract class MailboxState
{
    /// <summary>The mailbox with its counters at this version.</summary>
    public abstract Mailbox Mailbox { get; }

    /// <summary>Grows by one with every snapshot of this mailbox in this process.</summary>
    public abstract long Version { get; }

    /// <summary>Number of messages: EXISTS.</summary>
    public abstract int Count { get; }

    /// <summary>Keyword names by bit of <see cref="MessageState.Keywords"/>.</summary>
    public IReadOnlyList<string> Keywords => Mailbox.Keywords;

    /// <summary>The message at a zero-based position (sequence number minus one); logarithmic in the number of blocks.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such position.</exception>
    public abstract MessageState this[int index] { get; }

    /// <summary>Position of the first message whose UID is at least this one; <see cref="Count"/> when there is none.</summary>
    public abstract int IndexOfFirstAtLeast(Uid uid);

    /// <summary>Zero-based position of a UID, or -1.</summary>
    public int IndexOf(Uid uid)
    {
        var index = IndexOfFirstAtLeast(uid);
        return index < Count && this[index].Uid == uid ? index : -1;
    }

    /// <summary>Messages from one position on, walking blocks without a search per message.</summary>
    public abstract IEnumerable<MessageState> Range(int start, int count);

    /// <summary>Messages from one position on as far as they lie side by side, at least one; without a copy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such position.</exception>
    public abstract ReadOnlyMemory<MessageState> Stretch(int start);

    /// <summary>What changed from an older snapshot of the same mailbox to this one; blocks shared by both are skipped unseen.</summary>
    public abstract StateChanges ChangesSince(MailboxState older);
}

/// <summary>The difference of two snapshots.</summary>
/// <param name="Expunged">UIDs in the old one that are gone, ascending.</param>
/// <param name="Changed">UIDs in both whose flags, keywords or MODSEQ differ, ascending.</param>
/// <param name="Added">UIDs only in the new one, ascending.</param>
public sealed record StateChanges(IReadOnlyList<Uid> Expunged, IReadOnlyList<Uid> Changed, IReadOnlyList<Uid> Added)
{
    /// <summary>True when nothing differs.</summary>
    public bool IsEmpty => Expunged.Count == 0 && Changed.Count == 0 && Added.Count == 0;
}
