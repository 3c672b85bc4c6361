using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>A flag change in bits, as it is journalled and played again when a mailbox is loaded: the same change on the same state has the same effect.</summary>
internal readonly record struct FlagBits(FlagOperation Operation, MessageFlags Flags, ulong Keywords, long UnchangedSince);

/// <summary>What a derivation did to the counters of the mailbox.</summary>
internal record struct StateEffect
{
    public int Messages;
    public int Unseen;
    public int Deleted;
    public long Size;

    public void Count(in MessageState state, int sign)
    {
        Messages += sign;
        Unseen += (state.Flags & MessageFlags.Seen) == 0 ? sign : 0;
        Deleted += (state.Flags & MessageFlags.Deleted) != 0 ? sign : 0;
        Size += sign * (long)state.Size;
    }
}

/// <summary>How the next snapshot comes from the last.</summary>
internal sealed partial class PackedState
{
    /// <summary>The same messages with other counters or another name.</summary>
    public PackedState With(Mailbox mailbox) => new(mailbox, Version + 1, _blocks, _starts, Count);

    /// <summary>The same, as the successor of another snapshot of the mailbox that it was not derived from.</summary>
    public PackedState After(PackedState older) => new(Mailbox, older.Version + 1, _blocks, _starts, Count);

    /// <summary>The same messages as somebody else has them, block for block.</summary>
    public PackedState With(Mailbox mailbox, long version, StateBlock[] blocks) => new(mailbox, version, blocks, _starts, Count);

    /// <summary>With messages added at the end.</summary>
    public PackedState Append(ReadOnlySpan<MessageState> added, Mailbox mailbox)
    {
        var blocks = new List<StateBlock>(_blocks.Length + added.Length / StateBlock.Capacity + 1);
        blocks.AddRange(_blocks);
        var rest = added;
        if (blocks.Count > 0 && rest.Length > 0)
        {
            blocks[^1] = blocks[^1].Append(rest, out var taken);
            rest = rest[taken..];
        }

        while (rest.Length > 0)
        {
            var size = Math.Min(StateBlock.Capacity, rest.Length);
            blocks.Add(new StateBlock(rest[..size].ToArray(), size));
            rest = rest[size..];
        }

        if (blocks.Count == _blocks.Length)
        {
            // No block begins anew: positions of beginnings stay, whatever the last now holds.
            return new PackedState(mailbox, Version + 1, [.. blocks], _starts, Count + added.Length);
        }

        return Make(mailbox, Version + 1, [.. blocks]);
    }

    /// <summary>With flags changed; messages whose flags stay the same keep their MODSEQ.</summary>
    /// <param name="uids">Which messages.</param>
    /// <param name="change">The change.</param>
    /// <param name="modSeq">The MODSEQ that changed messages get.</param>
    /// <param name="effect">What it does to counters.</param>
    /// <param name="refused">UIDs passed over because of UNCHANGEDSINCE.</param>
    /// <returns>This snapshot itself when nothing changes.</returns>
    public PackedState ChangeFlags(UidSet uids, in FlagBits change, ModSeq modSeq, ref StateEffect effect, List<Uid> refused)
    {
        StateBlock[]? blocks = null;
        foreach (var (first, last) in uids.Ranges)
        {
            for (var block = FirstBlockEndingAt(first); block < _blocks.Length && _blocks[block].First.Value <= last; block++)
            {
                var current = blocks is null ? _blocks[block] : blocks[block];
                var items = current.Items;
                for (var i = current.FirstAtLeast(first); i < current.Count && items[i].Uid.Value <= last; i++)
                {
                    if (items[i].ModSeq.Value > change.UnchangedSince)
                    {
                        refused.Add(items[i].Uid);
                        continue;
                    }

                    var after = Apply(items[i], change);
                    if (after.Flags == items[i].Flags && after.Keywords == items[i].Keywords)
                    {
                        continue;
                    }

                    effect.Count(items[i], -1);
                    effect.Count(after, +1);
                    if (ReferenceEquals(items, _blocks[block].Items))
                    {
                        blocks ??= [.. _blocks];
                        items = current.Span.ToArray();
                        blocks[block] = new StateBlock(items, items.Length);
                    }

                    items[i] = after with { ModSeq = modSeq };
                }
            }
        }

        return blocks is null ? this : new PackedState(Mailbox, Version + 1, blocks, _starts, Count);
    }

    /// <summary>Without the messages of a set.</summary>
    public PackedState Remove(UidSet uids, ref StateEffect effect)
    {
        var blocks = new List<StateBlock>(_blocks.Length);
        var range = 0;
        foreach (var block in _blocks)
        {
            while (range < uids.Ranges.Count && uids.Ranges[range].Last < block.First.Value)
            {
                range++;
            }

            var rest = range < uids.Ranges.Count && uids.Ranges[range].First <= block.Last.Value ? Without(block, uids, ref effect) : block;
            if (rest.Count == 0)
            {
                continue;
            }

            // Neighbours worn thin by expunges are joined, so that the number of blocks follows the number of messages.
            if (!ReferenceEquals(rest, block) && blocks.Count > 0 && blocks[^1].Count + rest.Count <= StateBlock.Capacity / 2)
            {
                MessageState[] joined = [.. blocks[^1].Span, .. rest.Span];
                blocks[^1] = new StateBlock(joined, joined.Length);
            }
            else
            {
                blocks.Add(rest);
            }
        }

        return Make(Mailbox, Version + 1, [.. blocks]);
    }

    private static StateBlock Without(StateBlock block, UidSet uids, ref StateEffect effect)
    {
        var kept = new MessageState[block.Count];
        var count = 0;
        foreach (ref readonly var state in block.Span)
        {
            if (uids.Contains(state.Uid))
            {
                effect.Count(state, -1);
            }
            else
            {
                kept[count++] = state;
            }
        }

        return count == block.Count ? block : new StateBlock(kept, count);
    }

    private static MessageState Apply(in MessageState state, in FlagBits change) => change.Operation switch
    {
        FlagOperation.Add => state with { Flags = state.Flags | (change.Flags & ~MessageFlags.Utf8Headers), Keywords = state.Keywords | change.Keywords },
        FlagOperation.Remove => state with { Flags = state.Flags & ~(change.Flags & ~MessageFlags.Utf8Headers), Keywords = state.Keywords & ~change.Keywords },
        _ => state with { Flags = (change.Flags & ~MessageFlags.Utf8Headers) | (state.Flags & MessageFlags.Utf8Headers), Keywords = change.Keywords },
    };
}
