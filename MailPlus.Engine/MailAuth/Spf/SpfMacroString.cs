using System.Diagnostics.CodeAnalysis;

namespace MailPlus.Engine.MailAuth.Spf;

/// <summary>Where a macro string stands.</summary>
internal enum SpfMacroUse
{
    /// <summary>A domain-spec: has to end like a name.</summary>
    DomainSpec,

    /// <summary>Any text without spaces.</summary>
    Text,

    /// <summary>An explanation: spaces and the letters c, r, t too.</summary>
    Explanation,
}

/// <summary>A piece of a macro string: literal text, or a macro.</summary>
/// <param name="Literal">Text; "" for a macro.</param>
/// <param name="Letter">Macro letter in lower case; '\0' for text.</param>
internal sealed record SpfMacroPiece(string Literal, char Letter)
{
    /// <summary>The letter was upper case: the value is escaped for a URL.</summary>
    public bool Escaped { get; init; }

    /// <summary>Parts kept from the right, 0 for all.</summary>
    public int Parts { get; init; }

    /// <summary>Parts in reverse order.</summary>
    public bool Reversed { get; init; }

    /// <summary>What splits the value into parts.</summary>
    public string Delimiters { get; init; } = ".";
}

/// <summary>A macro string of RFC 7208 7, read once and expanded for each client.</summary>
internal sealed class SpfMacroString
{
    private const string Letters = "slodiphv";
    private const string ExplanationLetters = "crt";
    private const string AllDelimiters = ".-+,/_=";

    private SpfMacroString(IReadOnlyList<SpfMacroPiece> pieces) => Pieces = pieces;

    /// <summary>Pieces in order.</summary>
    public IReadOnlyList<SpfMacroPiece> Pieces { get; }

    /// <summary>Reads a macro string; false when it breaks the grammar.</summary>
    public static bool TryRead(string text, SpfMacroUse use, [NotNullWhen(true)] out SpfMacroString? macro)
    {
        macro = null;
        var pieces = new List<SpfMacroPiece>();
        var literal = new System.Text.StringBuilder();
        var lastIsMacro = false;
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (c != '%')
            {
                if (c is < '!' or > '~' && !(c == ' ' && use == SpfMacroUse.Explanation))
                {
                    return false;
                }

                literal.Append(c);
                lastIsMacro = false;
                continue;
            }

            lastIsMacro = true;
            if (++at == text.Length)
            {
                return false;
            }

            if (text[at] != '{')
            {
                var escape = text[at] switch { '%' => "%", '_' => " ", '-' => "%20", _ => null };
                if (escape is null)
                {
                    return false;
                }

                literal.Append(escape);
                continue;
            }

            var end = text.IndexOf('}', at);
            if (end < 0 || ReadMacro(text[(at + 1)..end], use) is not { } piece)
            {
                return false;
            }

            Flush(pieces, literal);
            pieces.Add(piece);
            at = end;
        }

        if (use == SpfMacroUse.DomainSpec && !lastIsMacro && !EndsLikeName(literal.ToString()))
        {
            return false;
        }

        Flush(pieces, literal);
        macro = new SpfMacroString(pieces);
        return true;
    }

    private static void Flush(List<SpfMacroPiece> pieces, System.Text.StringBuilder literal)
    {
        if (literal.Length > 0)
        {
            pieces.Add(new SpfMacroPiece(literal.ToString(), '\0'));
            literal.Clear();
        }
    }

    private static SpfMacroPiece? ReadMacro(string text, SpfMacroUse use)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var letter = char.ToLowerInvariant(text[0]);
        if (!Letters.Contains(letter) && !(use == SpfMacroUse.Explanation && ExplanationLetters.Contains(letter)))
        {
            return null;
        }

        var at = 1;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        // 7.3: a number of parts must not be zero; beyond 128 it means all of them.
        var digits = text[1..at];
        var parts = digits.Length == 0 ? 0 : digits.Length > 3 ? 128 : int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
        if (digits.Length > 0 && digits.All(c => c == '0'))
        {
            return null;
        }

        var reversed = at < text.Length && text[at] is 'r' or 'R';
        var delimiters = text[(reversed ? at + 1 : at)..];
        if (delimiters.Any(c => !AllDelimiters.Contains(c)))
        {
            return null;
        }

        return new SpfMacroPiece("", letter)
        {
            Escaped = char.IsAsciiLetterUpper(text[0]), Parts = parts, Reversed = reversed, Delimiters = delimiters.Length > 0 ? delimiters : ".",
        };
    }

    /// <summary>domain-end of RFC 7208 7.1: a dot, then a label that is not all digits.</summary>
    private static bool EndsLikeName(string literal)
    {
        var text = literal.EndsWith('.') ? literal[..^1] : literal;
        var dot = text.LastIndexOf('.');
        var label = text[(dot + 1)..];
        return dot >= 0 && label.Length > 0 && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            && char.IsAsciiLetterOrDigit(label[0]) && char.IsAsciiLetterOrDigit(label[^1]) && !label.All(char.IsAsciiDigit);
    }
}
