namespace MailPlus.Engine.Search;

/// <summary>
/// Cuts folded text into the terms of the unstemmed fields. Words are terms as they stand, so that a needle within one word is found as substring of a term;
/// long ones become pieces that overlap by more than the longest needle looked up. Where characters are indexed by themselves, runs of Han and kana become
/// single characters and pairs.
/// </summary>
internal static class TermCutter
{
    /// <summary>Characters of the longest term.</summary>
    public const int LongestTerm = 64;

    /// <summary>Any piece of a word up to so many characters lies in one term.</summary>
    public const int LongestNeedle = 32;

    /// <summary>Characters of the longest letter with its marks.</summary>
    private const int LongestCluster = 32;

    /// <summary>Adds the terms of a text; false when it cannot be cut.</summary>
    public static bool TryCut(ReadOnlySpan<char> folded, bool byCharacter, HashSet<string> terms)
    {
        var add = terms.GetAlternateLookup<ReadOnlySpan<char>>();
        var runs = new TermRuns(folded, byCharacter);
        while (runs.MoveNext())
        {
            var run = folded[runs.Start..runs.End];
            if (runs.Kind == RunKind.Characters)
            {
                if (!TryAddCharacters(run, add))
                {
                    return false;
                }
            }
            else if (run.Length <= LongestTerm)
            {
                add.Add(run);
            }
            else
            {
                AddPieces(run, add);
            }
        }

        return true;
    }

    /// <summary>Where the letter after this one begins, its marks passed over.</summary>
    public static int NextCluster(ReadOnlySpan<char> run, int at)
    {
        do
        {
            at += char.IsHighSurrogate(run[at]) && at + 1 < run.Length ? 2 : 1;
        }
        while (at < run.Length && TermRuns.IsMark(run, at));
        return at;
    }

    private static bool TryAddCharacters(ReadOnlySpan<char> run, HashSet<string>.AlternateLookup<ReadOnlySpan<char>> add)
    {
        var (before, at) = (-1, 0);
        while (at < run.Length)
        {
            var next = NextCluster(run, at);
            if (next - at > LongestCluster)
            {
                return false;
            }

            add.Add(run[at..next]);
            if (before >= 0)
            {
                add.Add(run[before..next]);
            }

            (before, at) = (at, next);
        }

        return true;
    }

    private static void AddPieces(ReadOnlySpan<char> run, HashSet<string>.AlternateLookup<ReadOnlySpan<char>> add)
    {
        for (var start = 0; ; start += LongestTerm - LongestNeedle)
        {
            // Never between the halves of a surrogate pair.
            var from = start > 0 && char.IsLowSurrogate(run[start]) ? start - 1 : start;
            var to = Math.Min(start + LongestTerm, run.Length);
            to = to < run.Length && char.IsLowSurrogate(run[to]) ? to + 1 : to;
            add.Add(run[from..to]);
            if (to == run.Length)
            {
                return;
            }
        }
    }
}
