using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>What a client that comes back knows of a mailbox (RFC 7162 3.2.5).</summary>
/// <param name="UidValidity">UIDVALIDITY it knows.</param>
/// <param name="ModSeq">Everything up to here it has seen.</param>
internal sealed record ResyncPoint(uint UidValidity, long ModSeq)
{
    /// <summary>UIDs it knows, null for all up to UIDNEXT.</summary>
    public SequenceSet? Known { get; init; }

    /// <summary>Sequence numbers and the UIDs they had, ascending.</summary>
    public IReadOnlyList<(uint Number, uint Uid)> Matches { get; init; } = [];
}

/// <summary>Arguments of SELECT and EXAMINE (RFC 3501 6.3.1, RFC 4466, RFC 7162).</summary>
/// <param name="Name">The mailbox.</param>
internal sealed record SelectArguments(string Name)
{
    private const int MaxMatches = 10_000;

    /// <summary>CONDSTORE is asked for.</summary>
    public bool CondStore { get; init; }

    /// <summary>QRESYNC, null when not given.</summary>
    public ResyncPoint? Resync { get; init; }

    public static SelectArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var arguments = new SelectArguments(reader.Mailbox());
        if (reader.TryTake((byte)' '))
        {
            reader.Take((byte)'(');
            do
            {
                if (reader.TryWord("CONDSTORE"u8))
                {
                    arguments = arguments with { CondStore = true };
                }
                else if (reader.TryWord("QRESYNC"u8) && arguments.Resync is null)
                {
                    reader.Space();
                    arguments = arguments with { Resync = ReadPoint(ref reader) };
                }
                else
                {
                    throw new SyntaxException("Unknown SELECT parameter");
                }
            }
            while (reader.TryTake((byte)' '));
            reader.Take((byte)')');
        }

        reader.End();
        return arguments;
    }

    private static ResyncPoint ReadPoint(ref ArgumentReader reader)
    {
        reader.Take((byte)'(');
        var validity = reader.Number();
        reader.Space();
        var point = new ResyncPoint(validity, reader.LongNumber());
        if (reader.TryTake((byte)' '))
        {
            if (reader.Peek() != '(')
            {
                point = point with { Known = ReadPlain(ref reader) };
                if (!reader.TryTake((byte)' '))
                {
                    reader.Take((byte)')');
                    return point;
                }
            }

            reader.Take((byte)'(');
            var numbers = ReadPlain(ref reader);
            reader.Space();
            var uids = ReadPlain(ref reader);
            reader.Take((byte)')');
            point = point with { Matches = Pair(numbers, uids) };
        }

        reader.Take((byte)')');
        return point;
    }

    /// <summary>A set without <c>*</c>, which would mean nothing before the mailbox is open.</summary>
    private static SequenceSet ReadPlain(ref ArgumentReader reader)
    {
        var set = reader.Sequence();
        return set.Ranges.Any(r => r.First == 0 || r.Last == 0) ? throw new SyntaxException("Expected a set of numbers without *") : set;
    }

    private static List<(uint Number, uint Uid)> Pair(SequenceSet numbers, SequenceSet uids)
    {
        var (first, second) = (UidSet.FromRanges(numbers.Ranges), UidSet.FromRanges(uids.Ranges));
        return first.Count == second.Count && first.Count <= MaxMatches
            ? [.. first.Zip(second, (n, u) => (n.Value, u.Value))]
            : throw new SyntaxException("Sequence numbers and UIDs do not match");
    }
}
