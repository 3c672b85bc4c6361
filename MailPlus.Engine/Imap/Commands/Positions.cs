namespace MailPlus.Engine.Imap.Commands;

/// <summary>Ascending positions of a view kept as stretches, so that all of a mailbox costs no more than one of its messages.</summary>
internal sealed class Positions
{
    private readonly List<(int Start, int Count)> _ranges = [];

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>The stretches.</summary>
    public IReadOnlyList<(int Start, int Count)> Ranges => _ranges;

    public int First => _ranges[0].Start;

    public int Last => _ranges[^1].Start + _ranges[^1].Count - 1;

    /// <summary>Those of both, which have none in common.</summary>
    public static Positions Union(Positions one, Positions other)
    {
        if (one.Count == 0 || other.Count == 0)
        {
            return one.Count == 0 ? other : one;
        }

        var both = new Positions();
        foreach (var position in one.All().Concat(other.All()).Order())
        {
            both.Add(position);
        }

        return both;
    }

    /// <summary>Adds a position behind all others.</summary>
    public void Add(int position)
    {
        Count++;
        if (_ranges.Count > 0 && _ranges[^1] is var last && last.Start + last.Count == position)
        {
            _ranges[^1] = (last.Start, last.Count + 1);
        }
        else
        {
            _ranges.Add((position, 1));
        }
    }

    /// <summary>Drops those before a position.</summary>
    public void DropBefore(int position)
    {
        var whole = 0;
        while (whole < _ranges.Count && _ranges[whole].Start + _ranges[whole].Count <= position)
        {
            Count -= _ranges[whole++].Count;
        }

        _ranges.RemoveRange(0, whole);
        if (_ranges.Count > 0 && _ranges[0].Start < position)
        {
            var gone = position - _ranges[0].Start;
            _ranges[0] = (position, _ranges[0].Count - gone);
            Count -= gone;
        }
    }

    /// <summary>Each of them.</summary>
    public IEnumerable<int> All()
    {
        foreach (var (start, count) in _ranges)
        {
            for (var position = start; position < start + count; position++)
            {
                yield return position;
            }
        }
    }
}
