using System.Text;

namespace MailPlus.Engine.Sieve.Language;

/// <summary>
/// Sieve strings are octets that ought to be UTF-8 (RFC 5228 2.1). Here they are text in which an octet that is no UTF-8 stands as a lone low surrogate U+DC80 to U+DCFF,
/// so that nothing is lost on the way through and a test for it is cheap.
/// </summary>
internal static class OctetText
{
    private const char Base = '\uDC00';

    /// <summary>Octets to text.</summary>
    public static string Read(ReadOnlySpan<byte> octets)
    {
        var text = new StringBuilder(octets.Length);
        Span<char> pair = stackalloc char[2];
        while (octets.Length > 0)
        {
            if (Rune.DecodeFromUtf8(octets, out var rune, out var used) == System.Buffers.OperationStatus.Done)
            {
                text.Append(pair[..rune.EncodeToUtf16(pair)]);
            }
            else
            {
                used = 1;
                text.Append((char)(Base + octets[0]));
            }

            octets = octets[used..];
        }

        return text.ToString();
    }

    /// <summary>Text back to the octets it was read from.</summary>
    public static byte[] Write(string text)
    {
        if (IsWellFormed(text))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var octets = new List<byte>(text.Length + 16);
        Span<byte> four = stackalloc byte[4];
        for (var i = 0; i < text.Length; i++)
        {
            if (Rune.TryGetRuneAt(text, i, out var rune))
            {
                octets.AddRange(four[..rune.EncodeToUtf8(four)]);
                i += rune.Utf16SequenceLength - 1;
            }
            else
            {
                octets.Add((byte)(text[i] & 0xFF));
            }
        }

        return [.. octets];
    }

    /// <summary>Whether all of it was UTF-8.</summary>
    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (!Rune.TryGetRuneAt(text, i, out _))
            {
                return false;
            }

            i++;
        }

        return true;
    }
}
