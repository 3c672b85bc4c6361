using System.Globalization;
using System.Text;

namespace MailPlus.Engine.Search;

/// <summary>What a run of characters is made of.</summary>
internal enum RunKind
{
    /// <summary>Between runs: blanks, controls, punctuation, ASCII symbols.</summary>
    None,

    /// <summary>Letters, digits and symbols that are written with blanks between words.</summary>
    Word,

    /// <summary>Han and kana, written without blanks; such only where characters are indexed by themselves.</summary>
    Characters,
}

/// <summary>
/// Cuts folded text into runs. A character's kind never depends on what stands around it, so that a needle is cut as the text it is found in; marks alone
/// stay with the run before them.
/// </summary>
internal ref struct TermRuns(ReadOnlySpan<char> folded, bool byCharacter)
{
    private const RunKind Mark = (RunKind)3;
    private readonly ReadOnlySpan<char> _text = folded;

    /// <summary>First character of the run.</summary>
    public int Start { get; private set; }

    /// <summary>One past its last character.</summary>
    public int End { get; private set; }

    /// <summary>Its kind.</summary>
    public RunKind Kind { get; private set; }

    /// <summary>Goes to the next run.</summary>
    public bool MoveNext()
    {
        var at = End;
        int length;
        RunKind kind;
        while (true)
        {
            if (at >= _text.Length)
            {
                return false;
            }

            kind = KindAt(_text, at, out length);
            if (kind != RunKind.None)
            {
                break;
            }

            at += length;
        }

        Start = at;
        Kind = Effective(kind == Mark ? RunKind.Word : kind);
        at += length;
        while (at < _text.Length)
        {
            kind = KindAt(_text, at, out length);
            if (kind != Mark && (kind == RunKind.None || Effective(kind) != Kind))
            {
                break;
            }

            at += length;
        }

        End = at;
        return true;
    }

    /// <summary>Whether a mark begins here: an accent, a voicing sign.</summary>
    public static bool IsMark(ReadOnlySpan<char> text, int at) => KindAt(text, at, out _) == Mark;

    /// <summary>Whether a character of the Chinese, Japanese or Korean scripts is there; folded Hangul is jamo.</summary>
    public static bool HasIdeographs(ReadOnlySpan<char> folded)
    {
        for (var at = 0; at < folded.Length;)
        {
            if (KindAt(folded, at, out var length) == RunKind.Characters || folded[at] is >= '\u1100' and <= '\u11ff')
            {
                return true;
            }

            at += length;
        }

        return false;
    }

    private readonly RunKind Effective(RunKind kind) => byCharacter ? kind : RunKind.Word;

    private static RunKind KindAt(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 1;
        var c = text[at];
        if (c < 128)
        {
            return char.IsAsciiLetterOrDigit(c) ? RunKind.Word : RunKind.None;
        }

        int point = c;
        if (char.IsSurrogate(c))
        {
            if (Rune.DecodeFromUtf16(text[at..], out var rune, out length) != System.Buffers.OperationStatus.Done)
            {
                return RunKind.None;
            }

            point = rune.Value;
        }

        switch (CharUnicodeInfo.GetUnicodeCategory(point))
        {
            case UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark:
                return Mark;
            case UnicodeCategory.Control or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
                or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation:
                return RunKind.None;
            default:
                return IsHanOrKana(point) ? RunKind.Characters : RunKind.Word;
        }
    }

    private static bool IsHanOrKana(int point) => point is (>= 0x2e80 and <= 0x2fdf) or (>= 0x3005 and <= 0x3007) or (>= 0x3021 and <= 0x3029) or (>= 0x3038 and <= 0x303b)
        or (>= 0x3041 and <= 0x312f) or (>= 0x31a0 and <= 0x31ff) or (>= 0x3400 and <= 0x4dbf) or (>= 0x4e00 and <= 0x9fff) or (>= 0xf900 and <= 0xfaff)
        or (>= 0x1b000 and <= 0x1b16f) or (>= 0x20000 and <= 0x3ffff);
}
