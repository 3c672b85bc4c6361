using System.Globalization;

namespace MailPlus.Engine.ManageSieve.Wire;

/// <summary>A word of a ManageSieve command (RFC 5804 4): an atom, a number, or the octets of a string.</summary>
/// <param name="Atom">An atom or number as written, null for a string.</param>
/// <param name="Octets">The string.</param>
internal readonly record struct SieveWord(string? Atom, ReadOnlyMemory<byte> Octets)
{
    /// <summary>A string as text.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Octets.Span);

    public bool IsText => Atom is null;

    /// <summary>Its value as a number, null when it is none.</summary>
    public long? Number => long.TryParse(Atom, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= uint.MaxValue ? number : null;
}

/// <summary>A line, or the part of a command between two literals.</summary>
/// <param name="Words">Its words.</param>
/// <param name="Literal">Octets of the literal that follows, null when the command ends here.</param>
internal sealed record SieveLine(IReadOnlyList<SieveWord> Words, long? Literal)
{
    private const int MostWords = 8;
    private const int LongestQuoted = 12 * 1024; // answers of SASL; RFC 5804 4 asks for 1024

    /// <summary>Reads a line without its end; null when it breaks the grammar.</summary>
    public static SieveLine? Parse(ReadOnlySpan<byte> line)
    {
        var words = new List<SieveWord>();
        for (var at = 0; at < line.Length;)
        {
            if (line[at] == ' ')
            {
                at++;
                continue;
            }

            if (words.Count == MostWords)
            {
                return null;
            }

            if (line[at] == '{')
            {
                // Only the form that waits for nothing (RFC 5804 4, literal-c2s), and only at the end.
                var rest = line[(at + 1)..];
                return rest.EndsWith("+}"u8) && long.TryParse(rest[..^2], NumberStyles.None, CultureInfo.InvariantCulture, out var octets) && octets <= uint.MaxValue
                    ? new SieveLine(words, octets)
                    : null;
            }

            if ((line[at] == '"' ? Quoted(line[at..]) : Atom(line[at..])) is not { } found)
            {
                return null;
            }

            words.Add(found.Word);
            at += found.Length;
            if (at < line.Length && line[at] != ' ')
            {
                return null;
            }
        }

        return new SieveLine(words, null);
    }

    private static (SieveWord Word, int Length)? Quoted(ReadOnlySpan<byte> text)
    {
        var octets = new List<byte>();
        for (var i = 1; i < text.Length && octets.Count <= LongestQuoted; i++)
        {
            switch (text[i])
            {
                case (byte)'"':
                    return (new SieveWord(null, octets.ToArray()), i + 1);
                case 0 or (byte)'\r' or (byte)'\n':
                    return null;
                case (byte)'\\' when i + 1 < text.Length && text[i + 1] is (byte)'"' or (byte)'\\':
                    octets.Add(text[++i]);
                    break;
                case (byte)'\\':
                    return null;
                default:
                    octets.Add(text[i]);
                    break;
            }
        }

        return null;
    }

    private static (SieveWord Word, int Length)? Atom(ReadOnlySpan<byte> text)
    {
        var end = 0;
        while (end < text.Length && text[end] is > (byte)' ' and < 0x7f and not ((byte)'"' or (byte)'(' or (byte)')' or (byte)'{' or (byte)'}' or (byte)'\\'))
        {
            end++;
        }

        return end is 0 or > 64 ? null : (new SieveWord(System.Text.Encoding.ASCII.GetString(text[..end]), default), end);
    }
}
