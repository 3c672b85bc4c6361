using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Search;

/// <summary>How a piece of a needle has to lie in a term.</summary>
internal enum PieceFit
{
    /// <summary>Anywhere.</summary>
    Inside,

    /// <summary>At its end.</summary>
    AtEnd,

    /// <summary>At its start.</summary>
    AtStart,

    /// <summary>The whole term.</summary>
    Whole,

    /// <summary>The whole term but for marks after it.</summary>
    Letter,
}

/// <summary>A piece of a needle that one term must hold.</summary>
internal readonly record struct Piece(string Text, PieceFit Fit);

/// <summary>
/// A needle as pieces that a message's terms must hold if its text holds the needle. When it lies within one word the terms decide (<see cref="IsExact"/>);
/// otherwise the messages they leave are to be read.
/// </summary>
internal sealed record NeedlePlan(IReadOnlyList<Piece> Pieces, bool IsExact)
{
    private const int MaxPieces = 16;

    /// <summary>Plans a needle; null when no term can tell anything of it.</summary>
    public static NeedlePlan? Of(string needle, bool byCharacter) => OfFolded(Casemap.Fold(needle), byCharacter);

    /// <summary>Plans a needle that is folded already.</summary>
    public static NeedlePlan? OfFolded(string folded, bool byCharacter)
    {
        var (start, end) = (0, folded.Length);

        // Marks at its ends may stand in another order in the text (canonical ordering): what is left is looked up, and read.
        while (start < end && TermRuns.IsMark(folded, start))
        {
            start += char.IsHighSurrogate(folded[start]) ? 2 : 1;
        }

        while (end > start && TermRuns.IsMark(folded, char.IsLowSurrogate(folded[end - 1]) && end - 2 >= start ? end - 2 : end - 1))
        {
            end -= char.IsLowSurrogate(folded[end - 1]) ? 2 : 1;
        }

        var isExact = start == 0 && end == folded.Length;
        var core = folded.AsSpan(start, end - start);
        var pieces = new List<Piece>();
        var runs = new TermRuns(core, byCharacter);
        while (runs.MoveNext() && pieces.Count < MaxPieces)
        {
            var run = core[runs.Start..runs.End];
            var (atStart, atEnd) = (runs.Start == 0, runs.End == core.Length);
            isExact &= atStart && atEnd;
            isExact &= runs.Kind == RunKind.Characters ? AddCharacters(run, pieces) : AddWord(run, (atStart, atEnd), pieces);
        }

        return pieces.Count == 0 ? null : new NeedlePlan([.. pieces.Distinct()], isExact);
    }

    private static bool AddWord(ReadOnlySpan<char> run, (bool AtStart, bool AtEnd) ends, List<Piece> pieces)
    {
        var isLong = run.Length > TermCutter.LongestNeedle;
        var first = isLong ? run[..Cut(run, TermCutter.LongestNeedle)] : run;
        pieces.Add(ends switch
        {
            (true, true) => new Piece(first.ToString(), PieceFit.Inside),
            (true, false) => new Piece((isLong ? run[Cut(run, run.Length - TermCutter.LongestNeedle + 1)..] : run).ToString(), PieceFit.AtEnd),
            (false, true) => new Piece(first.ToString(), PieceFit.AtStart),
            _ when run.Length <= TermCutter.LongestTerm => new Piece(run.ToString(), PieceFit.Whole),
            _ => new Piece(first.ToString(), PieceFit.AtStart),
        });
        return !isLong;
    }

    /// <summary>A place at or just before this one that is not inside a surrogate pair.</summary>
    private static int Cut(ReadOnlySpan<char> run, int at) => char.IsLowSurrogate(run[at]) ? at - 1 : at;

    private static bool AddCharacters(ReadOnlySpan<char> run, List<Piece> pieces)
    {
        var first = TermCutter.NextCluster(run, 0);
        if (first == run.Length)
        {
            pieces.Add(new Piece(run.ToString(), PieceFit.Letter));
            return true;
        }

        var (before, at) = (0, first);
        var count = 0;
        while (at < run.Length && pieces.Count < MaxPieces)
        {
            var next = TermCutter.NextCluster(run, at);
            pieces.Add(new Piece(run[before..next].ToString(), PieceFit.AtStart));
            (before, at) = (at, next);
            count++;
        }

        return count == 1;
    }
}
