using System.Text;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>A comparator (RFC 4790): how strings are made comparable and ordered.</summary>
internal abstract class Collation(string name)
{
    public static Collation Octet { get; } = new OctetCollation();

    public static Collation AsciiCasemap { get; } = new AsciiCollation();

    public static Collation UnicodeCasemap { get; } = new UnicodeCollation();

    public static Collation AsciiNumeric { get; } = new NumericCollation();

    public string Name { get; } = name;

    /// <summary>:contains and :matches make sense.</summary>
    public virtual bool HasSubstrings => true;

    /// <summary>The form whose characters are compared.</summary>
    public abstract string Fold(string text);

    public abstract int Compare(string one, string other);

    public virtual bool AreEqual(string one, string other) => Compare(one, other) == 0;

    private sealed class OctetCollation() : Collation("i;octet")
    {
        public override string Fold(string text) => text;

        public override int Compare(string one, string other) => string.CompareOrdinal(one, other);
    }

    private sealed class AsciiCollation() : Collation("i;ascii-casemap")
    {
        public override string Fold(string text) => string.Create(text.Length, text, static (target, source) =>
        {
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = char.IsAsciiLetterLower(source[i]) ? (char)(source[i] - 32) : source[i];
            }
        });

        public override int Compare(string one, string other) => string.CompareOrdinal(Fold(one), Fold(other));
    }

    private sealed class UnicodeCollation() : Collation("i;unicode-casemap")
    {
        public override string Fold(string text) => Casemap.Fold(text);

        public override int Compare(string one, string other) => string.CompareOrdinal(Fold(one), Fold(other));
    }

    /// <summary>RFC 4790 9.1: leading digits as a number; without any, infinity.</summary>
    private sealed class NumericCollation() : Collation("i;ascii-numeric")
    {
        public override bool HasSubstrings => false;

        public override string Fold(string text) => text;

        public override int Compare(string one, string other)
        {
            var (a, b) = (Digits(one), Digits(other));
            if (a is null || b is null)
            {
                return (a is null ? 1 : 0) - (b is null ? 1 : 0);
            }

            return a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(a, b);
        }

        private static string? Digits(string text)
        {
            var length = 0;
            while (length < text.Length && char.IsAsciiDigit(text[length]))
            {
                length++;
            }

            return length == 0 ? null : text[..length].TrimStart('0');
        }
    }
}

/// <summary>Wildcards of :matches (RFC 5228 2.7.1): "*" any run, "?" one character, "\" takes the next as it is. Linear in the text for each star.</summary>
internal static class Wildcards
{
    /// <summary>What each wildcard stood for, "*" as short as can be (RFC 5229 3.2), the whole first; null without a match.</summary>
    /// <param name="value">Folded.</param>
    /// <param name="pattern">Folded.</param>
    /// <param name="original">The value before folding, from which the parts are taken where lengths agree.</param>
    public static IReadOnlyList<string>? Match(string value, string pattern, string original)
    {
        var source = original.Length == value.Length ? original : value;
        var tokens = Read(pattern);
        List<string> found = [source];
        var at = 0;
        var token = 0;
        while (token < tokens.Count && tokens[token].Kind != '*')
        {
            if (!Step(value, source, ref at, tokens[token++], found))
            {
                return null;
            }
        }

        while (token < tokens.Count)
        {
            var from = at;
            token++;
            var end = token;
            while (end < tokens.Count && tokens[end].Kind != '*')
            {
                end++;
            }

            var isLast = end == tokens.Count;
            var start = isLast ? FromEnd(value, tokens, token, end, from) : Search(value, tokens, token, end, from);
            if (start < 0)
            {
                return null;
            }

            found.Add(source[from..start]);
            at = start;
            while (token < end)
            {
                if (!Step(value, source, ref at, tokens[token++], found))
                {
                    return null;
                }
            }
        }

        return at == value.Length ? found : null;
    }

    private static List<(char Kind, string Text)> Read(string pattern)
    {
        List<(char, string)> tokens = [];
        var text = new StringBuilder();
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c is '*' or '?')
            {
                Flush();
                tokens.Add((c, ""));
                continue;
            }

            text.Append(c == '\\' && i + 1 < pattern.Length ? pattern[++i] : c);
        }

        Flush();
        return tokens;

        void Flush()
        {
            if (text.Length > 0)
            {
                tokens.Add(('=', text.ToString()));
                text.Clear();
            }
        }
    }

    private static bool Step(string value, string source, ref int at, (char Kind, string Text) token, List<string> found)
    {
        if (token.Kind == '=')
        {
            if (string.CompareOrdinal(value, at, token.Text, 0, token.Text.Length) != 0)
            {
                return false;
            }

            at += token.Text.Length;
            return true;
        }

        if (at >= value.Length)
        {
            return false;
        }

        var length = Character(value, at);
        found.Add(source.Substring(at, length));
        at += length;
        return true;
    }

    private static int Character(string value, int at) => at + 1 < value.Length && char.IsSurrogatePair(value[at], value[at + 1]) ? 2 : 1;

    private static bool Fits(string value, List<(char Kind, string Text)> tokens, int token, int end, int at, out int after)
    {
        for (; token < end; token++)
        {
            if (tokens[token].Kind == '=')
            {
                var text = tokens[token].Text;
                if (string.CompareOrdinal(value, at, text, 0, text.Length) != 0)
                {
                    after = at;
                    return false;
                }

                at += text.Length;
            }
            else if (at < value.Length)
            {
                at += Character(value, at);
            }
            else
            {
                after = at;
                return false;
            }
        }

        after = at;
        return true;
    }

    /// <summary>Where the tokens between two stars fit first.</summary>
    private static int Search(string value, List<(char Kind, string Text)> tokens, int token, int end, int from)
    {
        if (token == end)
        {
            return from; // two stars in a row: the first stands for nothing
        }

        for (var at = from; at <= value.Length; at += at < value.Length ? Character(value, at) : 1)
        {
            if (tokens[token].Kind == '=')
            {
                at = value.IndexOf(tokens[token].Text, at, StringComparison.Ordinal);
                if (at < 0)
                {
                    return -1;
                }
            }

            if (Fits(value, tokens, token, end, at, out _))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Where the tokens behind the last star begin: they end with the value.</summary>
    private static int FromEnd(string value, List<(char Kind, string Text)> tokens, int token, int end, int from)
    {
        var at = value.Length;
        for (var i = end - 1; i >= token; i--)
        {
            at -= tokens[i].Kind == '=' ? tokens[i].Text.Length : at >= 2 && char.IsSurrogatePair(value[at - 2], value[at - 1]) ? 2 : 1;
            if (at < from)
            {
                return -1;
            }
        }

        return at >= from && Fits(value, tokens, token, end, at, out var after) && after == value.Length ? at : -1;
    }
}
