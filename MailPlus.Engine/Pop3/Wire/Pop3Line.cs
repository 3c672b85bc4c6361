using System.Buffers;
using System.Text;

namespace MailPlus.Engine.Pop3.Wire;

/// <summary>A command line (RFC 1939 3): a keyword in capitals and what follows it after one space.</summary>
/// <param name="Keyword">The keyword, "" for a line that is no command.</param>
/// <param name="Argument">The rest as it stands: a password may hold spaces.</param>
internal readonly record struct Pop3Line(string Keyword, string Argument)
{
    /// <summary>RFC 2449 4 asks for 255 octets; names beyond ASCII take more.</summary>
    public const int Longest = 1024;

    private const int LongestKeyword = 16;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a line without its line end.</summary>
    public static Pop3Line Parse(ReadOnlySequence<byte> line)
    {
        string text;
        try
        {
            text = Strict.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            return new Pop3Line("", "");
        }

        var end = text.IndexOf(' ', StringComparison.Ordinal);
        var keyword = end < 0 ? text : text[..end];
        return keyword.Length is 0 or > LongestKeyword || !keyword.All(char.IsAsciiLetterOrDigit) || text.Any(char.IsControl)
            ? new Pop3Line("", "")
            : new Pop3Line(keyword.ToUpperInvariant(), end < 0 ? "" : text[(end + 1)..]);
    }

    /// <summary>The words of the argument.</summary>
    public string[] Words() => Argument.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
