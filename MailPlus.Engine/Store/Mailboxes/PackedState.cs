using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>A snapshot of a mailbox as a root array of blocks. Deriving one from another copies the root and the blocks that change.</summary>
internal sealed partial class PackedState : MailboxState
{
    private readonly StateBlock[] _blocks;
    private readonly int[] _starts; // Position of the first message of each block.

    private PackedState(Mailbox mailbox, long version, StateBlock[] blocks, int[] starts, int count)
    {
        Mailbox = mailbox;
        Version = version;
        _blocks = blocks;
        _starts = starts;
        Count = count;
    }

    public override Mailbox Mailbox { get; }

    public override long Version { get; }

    public override int Count { get; }

    /// <summary>The blocks, none of them empty.</summary>
    public ReadOnlySpan<StateBlock> Blocks => _blocks;

    public override MessageState this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            var block = BlockAt(index);
            return _blocks[block].Items[index - _starts[block]];
        }
    }

    /// <summary>The first snapshot of a mailbox in this process.</summary>
    public static PackedState From(Mailbox mailbox, StateBlock[] blocks) => Make(mailbox, 1, blocks);

    public override int IndexOfFirstAtLeast(Uid uid)
    {
        var block = FirstBlockEndingAt(uid.Value);
        return block == _blocks.Length ? Count : _starts[block] + _blocks[block].FirstAtLeast(uid.Value);
    }

    public override IEnumerable<MessageState> Range(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        var left = Math.Min(count, Count - start);
        if (left <= 0)
        {
            yield break;
        }

        var block = BlockAt(start);
        for (var position = start - _starts[block]; left > 0; block++, position = 0)
        {
            var (items, end) = (_blocks[block].Items, Math.Min(_blocks[block].Count, position + left));
            left -= end - position;
            for (; position < end; position++)
            {
                yield return items[position];
            }
        }
    }

    public override ReadOnlyMemory<MessageState> Stretch(int start)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(start, Count);
        var block = BlockAt(start);
        return _blocks[block].Items.AsMemory(0, _blocks[block].Count)[(start - _starts[block])..];
    }

    /// <summary>The messages of a set (null: all) that are here, in order.</summary>
    public List<MessageState> In(UidSet? uids)
    {
        var found = new List<MessageState>();
        foreach (var (first, last) in uids?.Ranges ?? [(1, uint.MaxValue)])
        {
            for (var block = FirstBlockEndingAt(first); block < _blocks.Length && _blocks[block].First.Value <= last; block++)
            {
                var span = _blocks[block].Span;
                for (var i = _blocks[block].FirstAtLeast(first); i < span.Length && span[i].Uid.Value <= last; i++)
                {
                    found.Add(span[i]);
                }
            }
        }

        return found;
    }

    public override StateChanges ChangesSince(MailboxState older)
    {
        if (ReferenceEquals(older, this))
        {
            return new StateChanges([], [], []);
        }

        var before = (PackedState)older;
        List<Uid> expunged = [], changed = [], added = [];
        int oldBlock = 0, oldAt = 0, newBlock = 0, newAt = 0;
        while (true)
        {
            if (oldBlock < before._blocks.Length && oldAt == before._blocks[oldBlock].Count)
            {
                (oldBlock, oldAt) = (oldBlock + 1, 0);
                continue;
            }

            if (newBlock < _blocks.Length && newAt == _blocks[newBlock].Count)
            {
                (newBlock, newAt) = (newBlock + 1, 0);
                continue;
            }

            if (oldBlock == before._blocks.Length && newBlock == _blocks.Length)
            {
                return new StateChanges(expunged, changed, added);
            }

            if (oldBlock == before._blocks.Length)
            {
                added.Add(_blocks[newBlock].Items[newAt++].Uid);
                continue;
            }

            if (newBlock == _blocks.Length)
            {
                expunged.Add(before._blocks[oldBlock].Items[oldAt++].Uid);
                continue;
            }

            if (oldAt == newAt && ReferenceEquals(before._blocks[oldBlock].Items, _blocks[newBlock].Items))
            {
                // One array: equal as far as both look at it.
                oldAt = newAt = Math.Min(before._blocks[oldBlock].Count, _blocks[newBlock].Count);
                continue;
            }

            ref readonly var was = ref before._blocks[oldBlock].Items[oldAt];
            ref readonly var now = ref _blocks[newBlock].Items[newAt];
            if (was.Uid < now.Uid)
            {
                expunged.Add(was.Uid);
                oldAt++;
            }
            else if (now.Uid < was.Uid)
            {
                added.Add(now.Uid);
                newAt++;
            }
            else
            {
                if (was.ModSeq != now.ModSeq || was.Flags != now.Flags || was.Keywords != now.Keywords)
                {
                    changed.Add(now.Uid);
                }

                oldAt++;
                newAt++;
            }
        }
    }

    private static PackedState Make(Mailbox mailbox, long version, StateBlock[] blocks)
    {
        var starts = new int[blocks.Length];
        var count = 0;
        for (var i = 0; i < blocks.Length; i++)
        {
            starts[i] = count;
            count += blocks[i].Count;
        }

        return new PackedState(mailbox, version, blocks, starts, count);
    }

    private int BlockAt(int index)
    {
        var block = Array.BinarySearch(_starts, index);
        return block >= 0 ? block : ~block - 1;
    }

    private int FirstBlockEndingAt(uint uid)
    {
        int low = 0, high = _blocks.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_blocks[middle].Last.Value < uid)
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
}
