using System.Globalization;
using System.Text;
using MailPlus.Engine.Sieve.Language;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>encoded-character (RFC 5228 2.4.2.4): octets and characters by number.</summary>
internal static class EncodedCharacters
{
    /// <summary>The string with what is well-formed decoded, the rest as it is.</summary>
    /// <param name="text">As written.</param>
    /// <param name="complain">Told of numbers that are no characters.</param>
    public static string Decode(string text, Action<string> complain)
    {
        var at = text.IndexOf("${", StringComparison.Ordinal);
        if (at < 0)
        {
            return text;
        }

        var decoded = new List<byte>(text.Length);
        var from = 0;
        while (at >= 0)
        {
            var end = text.IndexOf('}', at);
            if (end < 0)
            {
                break;
            }

            var inner = text[(at + 2)..end];
            var octets = inner.StartsWith("hex:", StringComparison.OrdinalIgnoreCase) ? Hex(inner[4..])
                : inner.StartsWith("unicode:", StringComparison.OrdinalIgnoreCase) ? Unicode(inner[8..], complain) : null;
            if (octets is null)
            {
                at = text.IndexOf("${", at + 2, StringComparison.Ordinal);
                continue;
            }

            decoded.AddRange(OctetText.Write(text[from..at]));
            decoded.AddRange(octets);
            from = end + 1;
            at = text.IndexOf("${", from, StringComparison.Ordinal);
        }

        decoded.AddRange(OctetText.Write(text[from..]));
        return OctetText.Read([.. decoded]);
    }

    private static string[]? Numbers(string text)
    {
        var numbers = text.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return numbers.Length > 0 && numbers.All(number => number.All(char.IsAsciiHexDigit)) ? numbers : null;
    }

    private static byte[]? Hex(string text) =>
        Numbers(text) is { } numbers && numbers.All(number => number.Length <= 2) ? [.. numbers.Select(number => byte.Parse(number, NumberStyles.HexNumber, CultureInfo.InvariantCulture))] : null;

    private static byte[]? Unicode(string text, Action<string> complain)
    {
        if (Numbers(text) is not { } numbers)
        {
            return null;
        }

        var octets = new List<byte>();
        foreach (var number in numbers)
        {
            if (!uint.TryParse(number, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value) || !Rune.TryCreate(value, out var rune))
            {
                complain($"'{number}' is no Unicode character");
                return [];
            }

            octets.AddRange(Encoding.UTF8.GetBytes(rune.ToString()));
        }

        return [.. octets];
    }
}
