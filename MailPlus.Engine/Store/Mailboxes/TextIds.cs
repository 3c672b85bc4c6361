namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Numbers for texts, so that sorting and threading compare numbers. The order of the texts is worked out when first needed and kept up by merging in what is new.</summary>
internal sealed class TextIds
{
    private const int OctetsAText = 72; // The string's head, its places in the list and the dictionary, its rank.

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal) { [""] = 0 };
    private readonly List<string> _texts = [""];
    private int[] _order = [0];
    private int[] _ranks = [0];

    /// <summary>About what it takes in memory.</summary>
    public long Octets { get; private set; } = OctetsAText;

    /// <summary>The number of a text in the form whose octets are compared.</summary>
    public int Of(string folded)
    {
        if (!_ids.TryGetValue(folded, out var id))
        {
            id = _texts.Count;
            _ids.Add(folded, id);
            _texts.Add(folded);
            Octets += OctetsAText + (folded.Length * sizeof(char));
        }

        return id;
    }

    /// <summary>The place of each text in their order; never changed once given out.</summary>
    public int[] Ranks()
    {
        if (_ranks.Length == _texts.Count)
        {
            return _ranks;
        }

        var added = new int[_texts.Count - _order.Length];
        for (var i = 0; i < added.Length; i++)
        {
            added[i] = _order.Length + i;
        }

        Array.Sort(added, (one, other) => Compare(_texts[one], _texts[other]));
        var (order, ranks) = (new int[_texts.Count], new int[_texts.Count]);
        for (int at = 0, old = 0, fresh = 0; at < order.Length; at++)
        {
            var takesOld = fresh == added.Length || (old < _order.Length && Compare(_texts[_order[old]], _texts[added[fresh]]) < 0);
            order[at] = takesOld ? _order[old++] : added[fresh++];
            ranks[order[at]] = at;
        }

        (_order, _ranks) = (order, ranks);
        return ranks;
    }

    /// <summary>The order of the UTF-8 octets, which that of UTF-16 differs from where surrogates meet what lies above them.</summary>
    private static int Compare(string one, string other)
    {
        var same = one.AsSpan().CommonPrefixLength(other);
        return same == one.Length || same == other.Length ? one.Length.CompareTo(other.Length) : Weight(one[same]).CompareTo(Weight(other[same]));
    }

    private static int Weight(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
}
