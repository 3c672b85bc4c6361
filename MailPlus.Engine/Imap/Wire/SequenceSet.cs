using System.Buffers.Text;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>A sequence set as written (RFC 3501 9): ranges whose ends may be <c>*</c>.</summary>
internal sealed class SequenceSet
{
    /// <summary>Ranges one command may name.</summary>
    public const int MaxRanges = 20_000;

    private readonly List<(uint First, uint Last)> _ranges;

    private SequenceSet(List<(uint First, uint Last)> ranges) => _ranges = ranges;

    /// <summary>No message.</summary>
    public static SequenceSet None { get; } = new([]);

    /// <summary>The set is <c>$</c>: what SEARCH RETURN (SAVE) kept (RFC 5182).</summary>
    public bool IsSaved { get; private init; }

    /// <summary>Ranges as written; 0 stands for <c>*</c>.</summary>
    public IReadOnlyList<(uint First, uint Last)> Ranges => _ranges;

    /// <summary>Reads a set at the start of the text, as far as it goes.</summary>
    /// <returns>Octets used, 0 when there is no valid set.</returns>
    public static int TryRead(ReadOnlySpan<byte> text, out SequenceSet set)
    {
        var ranges = new List<(uint First, uint Last)>();
        if (!text.IsEmpty && text[0] == '$')
        {
            set = new SequenceSet(ranges) { IsSaved = true };
            return 1;
        }

        set = new SequenceSet(ranges);
        var i = 0;
        while (ranges.Count < MaxRanges)
        {
            if (!TryReadNumber(text, ref i, out var first))
            {
                return 0;
            }

            var last = first;
            if (i < text.Length && text[i] == ':')
            {
                i++;
                if (!TryReadNumber(text, ref i, out last))
                {
                    return 0;
                }
            }

            ranges.Add((first, last));
            if (i == text.Length || text[i] != ',')
            {
                return i;
            }

            i++;
        }

        return 0;
    }

    /// <summary>The numbers meant when <c>*</c> is this number: ascending, disjoint, non-adjacent ranges. With nothing there (0) <c>*</c> means nothing.</summary>
    public IReadOnlyList<(uint First, uint Last)> Resolve(uint star)
    {
        var ranges = new List<(uint First, uint Last)>(_ranges.Count);
        foreach (var (a, b) in _ranges)
        {
            var first = a == 0 ? star : a;
            var last = b == 0 ? star : b;
            if (first != 0 && last != 0)
            {
                ranges.Add(first <= last ? (first, last) : (last, first));
            }
        }

        if (ranges.Count < 2)
        {
            return ranges;
        }

        ranges.Sort();
        var kept = 0;
        for (var i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].First <= (ulong)ranges[kept].Last + 1)
            {
                ranges[kept] = (ranges[kept].First, Math.Max(ranges[kept].Last, ranges[i].Last));
            }
            else
            {
                ranges[++kept] = ranges[i];
            }
        }

        ranges.RemoveRange(kept + 1, ranges.Count - kept - 1);
        return ranges;
    }

    /// <summary>The largest number written, for sequence numbers that do not exist (RFC 3501: BAD); 0 when only <c>*</c> is.</summary>
    public uint Largest()
    {
        uint largest = 0;
        foreach (var (first, last) in _ranges)
        {
            largest = Math.Max(largest, Math.Max(first, last));
        }

        return largest;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> text, ref int i, out uint number)
    {
        number = 0;
        if (i < text.Length && text[i] == '*')
        {
            i++;
            return true;
        }

        if (i >= text.Length || !char.IsAsciiDigit((char)text[i]) || !Utf8Parser.TryParse(text[i..], out number, out var used) || number == 0)
        {
            return false;
        }

        i += used;
        return true;
    }
}
