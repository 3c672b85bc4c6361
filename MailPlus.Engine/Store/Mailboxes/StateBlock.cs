using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>
/// Up to 256 messages of a snapshot, immutable. Blocks of successive snapshots may share one array: an append writes beyond the count that older ones look at,
/// which is safe because history is linear and a slot of a failed commit was never shown to anybody.
/// </summary>
internal sealed class StateBlock(MessageState[] items, int count)
{
    public const int Capacity = 256;

    public MessageState[] Items { get; } = items;

    public int Count { get; } = count;

    public Uid First => Items[0].Uid;

    public Uid Last => Items[Count - 1].Uid;

    public ReadOnlySpan<MessageState> Span => Items.AsSpan(0, Count);

    /// <summary>Position of the first message with at least this UID, <see cref="Count"/> when there is none.</summary>
    public int FirstAtLeast(uint uid)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (Items[middle].Uid.Value < uid)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>This block with as many of the messages as fit; says how many did.</summary>
    public StateBlock Append(ReadOnlySpan<MessageState> added, out int taken)
    {
        taken = Math.Min(Capacity - Count, added.Length);
        var items = Items;
        if (items.Length < Count + taken)
        {
            items = new MessageState[Math.Min(Capacity, Math.Max(Count + taken, Math.Max(8, Count * 2)))];
            Span.CopyTo(items);
        }

        added[..taken].CopyTo(items.AsSpan(Count));
        return new StateBlock(items, Count + taken);
    }
}
