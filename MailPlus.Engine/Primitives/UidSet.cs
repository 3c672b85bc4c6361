using System.Collections;
using System.Globalization;
using System.Text;

namespace MailPlus.Engine.Primitives;

/// <summary>An ascending set of UIDs kept as disjoint, non-adjacent ranges, so that <c>1:*</c> of a million messages costs one range.</summary>
public sealed class UidSet : IEnumerable<Uid>
{
    private readonly (uint First, uint Last)[] _ranges;

    private UidSet((uint First, uint Last)[] ranges) => _ranges = ranges;

    /// <summary>No UID.</summary>
    public static UidSet Empty { get; } = new([]);

    /// <summary>The ranges, ascending, both ends included.</summary>
    public IReadOnlyList<(uint First, uint Last)> Ranges => _ranges;

    /// <summary>True when there is no UID in it.</summary>
    public bool IsEmpty => _ranges.Length == 0;

    /// <summary>How many numbers the ranges span.</summary>
    public long Count => _ranges.Sum(r => (long)r.Last - r.First + 1);

    /// <summary>From ranges in any order; ends may be swapped and overlap. Zero is dropped.</summary>
    public static UidSet FromRanges(IEnumerable<(uint First, uint Last)> ranges)
    {
        var sorted = ranges.Select(r => r.First <= r.Last ? r : (First: r.Last, Last: r.First))
            .Where(r => r.Last > 0).Select(r => (First: Math.Max(1, r.First), r.Last)).OrderBy(r => r.First).ToList();
        var merged = new List<(uint First, uint Last)>(sorted.Count);
        foreach (var range in sorted)
        {
            if (merged.Count > 0 && range.First <= (ulong)merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, range.Last));
            }
            else
            {
                merged.Add(range);
            }
        }

        return new UidSet([.. merged]);
    }

    /// <summary>From single UIDs in any order.</summary>
    public static UidSet From(IEnumerable<Uid> uids) => FromRanges(uids.Select(u => (u.Value, u.Value)));

    /// <summary>The set of one UID.</summary>
    public static UidSet Of(Uid uid) => new([(uid.Value, uid.Value)]);

    /// <summary>The UIDs that are in both sets; linear in the number of ranges.</summary>
    public UidSet Intersect(UidSet other)
    {
        var common = new List<(uint First, uint Last)>();
        for (int i = 0, j = 0; i < _ranges.Length && j < other._ranges.Length;)
        {
            var (a, b) = (_ranges[i], other._ranges[j]);
            var (first, last) = (Math.Max(a.First, b.First), Math.Min(a.Last, b.Last));
            if (first <= last)
            {
                common.Add((first, last));
            }

            if (a.Last < b.Last)
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return new UidSet([.. common]);
    }

    /// <summary>Whether the UID is in the set; logarithmic in the number of ranges.</summary>
    public bool Contains(Uid uid)
    {
        int low = 0, high = _ranges.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (uid.Value < _ranges[middle].First)
            {
                high = middle - 1;
            }
            else if (uid.Value > _ranges[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public IEnumerator<Uid> GetEnumerator()
    {
        foreach (var (first, last) in _ranges)
        {
            for (ulong uid = first; uid <= last; uid++)
            {
                yield return new Uid((uint)uid);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>As IMAP writes it: <c>1:4,7</c> (RFC 3501 9, sequence-set).</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (first, last) in _ranges)
        {
            if (text.Length > 0)
            {
                text.Append(',');
            }

            text.Append(first.ToString(CultureInfo.InvariantCulture));
            if (last != first)
            {
                text.Append(':').Append(last.ToString(CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }
}
