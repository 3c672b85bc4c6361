using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>The stored forms of state blocks and UID sets.</summary>
internal static class PackedForms
{
    private const ulong BlockVersion = 1;

    /// <summary>Up to 256 states, each column as the difference to the message before.</summary>
    public static VarintWriter Pack(StateBlock block)
    {
        var writer = new VarintWriter(block.Count * 14 + 16);
        writer.Add(BlockVersion);
        writer.Add((ulong)block.Count);
        var last = default(MessageState);
        foreach (ref readonly var state in block.Span)
        {
            writer.Add(state.Uid.Value - last.Uid.Value);
            // One bit says whether keywords differ from the message before: most have none.
            var sameKeywords = state.Keywords == last.Keywords;
            writer.Add(((ulong)state.Flags << 1) | (sameKeywords ? 0UL : 1UL));
            if (!sameKeywords)
            {
                writer.Add(state.Keywords);
            }

            writer.AddSigned(state.ModSeq.Value - last.ModSeq.Value);
            writer.AddSigned(state.InternalDate - last.InternalDate);
            writer.Add(state.Size);
            last = state;
        }

        return writer;
    }

    /// <summary>Reads a packed block.</summary>
    /// <exception cref="InvalidDataException">Not a packed block.</exception>
    public static StateBlock UnpackBlock(ReadOnlySpan<byte> octets)
    {
        var reader = new VarintReader(octets);
        var version = reader.Next();
        var count = reader.Next();
        if (version != BlockVersion || count is 0 or > StateBlock.Capacity)
        {
            throw new InvalidDataException("A state block is broken.");
        }

        var items = new MessageState[(int)count];
        var last = default(MessageState);
        for (var i = 0; i < items.Length; i++)
        {
            var uid = last.Uid.Value + (uint)reader.Next();
            var flags = reader.Next();
            var keywords = (flags & 1) == 0 ? last.Keywords : reader.Next();
            last = new MessageState(new Uid(uid), (MessageFlags)(flags >> 1), keywords, new ModSeq(last.ModSeq.Value + reader.NextSigned()),
                last.InternalDate + reader.NextSigned(), (uint)reader.Next());
            items[i] = last;
        }

        return new StateBlock(items, items.Length);
    }

    /// <summary>Ranges as gap and length.</summary>
    public static VarintWriter Pack(UidSet uids)
    {
        var writer = new VarintWriter(Math.Min(uids.Ranges.Count * 4, 1 << 16) + 16);
        ulong last = 0;
        foreach (var (first, end) in uids.Ranges)
        {
            writer.Add(first - last);
            writer.Add(end - first);
            last = end;
        }

        return writer;
    }

    /// <summary>Reads packed ranges.</summary>
    public static List<(uint First, uint Last)> UnpackRanges(ReadOnlySpan<byte> octets)
    {
        var ranges = new List<(uint First, uint Last)>();
        ulong last = 0;
        var reader = new VarintReader(octets);
        for (var left = octets.Length; left > 0;)
        {
            var gap = reader.Next();
            var length = reader.Next();
            var first = last + gap;
            last = first + length;
            if (last > uint.MaxValue)
            {
                throw new InvalidDataException("A UID set is broken.");
            }

            ranges.Add(((uint)first, (uint)last));
            left = octets.Length - reader.Position;
        }

        return ranges;
    }
}
