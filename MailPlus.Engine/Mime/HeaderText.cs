using System.Text;
using MimeKit;
using MimeKit.Utils;

namespace MailPlus.Engine.Mime;

/// <summary>Header field values: unfolding (RFC 5322 2.2.3), decoding for people (RFC 2047), and writing as IMAP strings in ASCII.</summary>
internal static class HeaderText
{
    /// <summary>Octets of one field value that any reader looks at; the rest of a monstrous field is ignored.</summary>
    public const int MaxValueOctets = 32 * 1024;

    private const int MaxEncodedWordOctets = 45;

    /// <summary>The value without line ends and outer white space; inner tabs and controls become spaces, NUL goes.</summary>
    public static byte[] Unfold(ReadOnlySpan<byte> raw)
    {
        raw = Trim(raw.Length > MaxValueOctets ? raw[..MaxValueOctets] : raw);
        if (raw.IndexOfAnyInRange((byte)0, (byte)31) < 0)
        {
            return raw.ToArray();
        }

        var text = new byte[raw.Length];
        var length = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (c is (byte)'\r' or (byte)'\n' or 0)
            {
                continue;
            }

            text[length++] = c < 32 ? (byte)' ' : c;
        }

        return text.AsSpan(0, length).ToArray();
    }

    /// <summary>The value as people read it: encoded-words decoded, raw 8-bit guessed, controls as spaces, at most so many characters.</summary>
    public static string Decode(ReadOnlySpan<byte> unfolded, string? charset, int maximum)
    {
        if (unfolded.IsEmpty)
        {
            return "";
        }

        string text;
        if (Ascii.IsValid(unfolded))
        {
            text = unfolded.IndexOf("=?"u8) < 0 ? Encoding.ASCII.GetString(unfolded) : Rfc2047.DecodeText(unfolded.ToArray());
        }
        else
        {
            var guessed = CharsetGuess.Decode(unfolded, Unicode(unfolded) ? null : charset);
            text = unfolded.IndexOf("=?"u8) < 0 ? guessed : Rfc2047.DecodeText(Encoding.UTF8.GetBytes(guessed));
        }

        return Clean(text, maximum);
    }

    /// <summary>Without controls, line separators and bidirectional overrides, and at most so many UTF-16 units, never half a pair.</summary>
    public static string Clean(string text, int maximum)
    {
        var isClean = text.Length <= maximum;
        for (var i = 0; isClean && i < text.Length; i++)
        {
            isClean = !IsUnwanted(text[i]) && !char.IsSurrogate(text[i]);
        }

        if (isClean)
        {
            return text.Trim();
        }

        var builder = new StringBuilder(Math.Min(text.Length, maximum));
        for (var i = 0; i < text.Length && builder.Length < maximum; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                if (builder.Length + 2 > maximum)
                {
                    break;
                }

                builder.Append(c).Append(text[++i]);
            }
            else
            {
                builder.Append(char.IsSurrogate(c) ? '\uFFFD' : IsUnwanted(c) ? ' ' : c);
            }
        }

        return builder.ToString().Trim();
    }

    /// <summary>NIL when the field is absent, else its unfolded value as an IMAP string.</summary>
    public static void WriteField(ByteBuilder output, byte[]? raw)
    {
        if (raw is null)
        {
            output.Append("NIL"u8);
        }
        else
        {
            WriteString(output, Unfold(raw));
        }
    }

    /// <summary>
    /// A quoted string (RFC 3501 4.3). What is ASCII stays as received, encoded-words too; words with raw 8-bit octets become encoded-words, as RFC 6858 does for
    /// clients without UTF8=ACCEPT; UTF-8 stays for those with it.
    /// </summary>
    public static void WriteString(ByteBuilder output, ReadOnlySpan<byte> value)
    {
        output.Append((byte)'"');
        if (Ascii.IsValid(value) || (output.TakesUtf8 && Unicode(value)))
        {
            WriteEscaped(output, value);
        }
        else
        {
            WriteEightBit(output, value);
        }

        output.Append((byte)'"');
    }

    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n"u8);

    private static bool Unicode(ReadOnlySpan<byte> text) => System.Text.Unicode.Utf8.IsValid(text);

    private static bool IsUnwanted(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069';

    private static void WriteEscaped(ByteBuilder output, ReadOnlySpan<byte> ascii)
    {
        if (ascii.IndexOfAny((byte)'"', (byte)'\\') < 0 && ascii.IndexOfAnyInRange((byte)0, (byte)31) < 0 && !ascii.Contains((byte)127))
        {
            output.Append(ascii);
            return;
        }

        foreach (var c in ascii)
        {
            if (c is (byte)'"' or (byte)'\\')
            {
                output.Append((byte)'\\');
            }

            output.Append(c is < 32 or 127 ? (byte)' ' : c);
        }
    }

    private static void WriteEightBit(ByteBuilder output, ReadOnlySpan<byte> value)
    {
        var encoding = CharsetGuess.Of(value);
        while (!value.IsEmpty)
        {
            // A run of neighbouring words with raw octets, the spaces between them included, is encoded as one.
            var end = 0;
            var space = value.IndexOf((byte)' ');
            var word = space < 0 ? value.Length : space;
            var raw = !Ascii.IsValid(value[..word]);
            end = word;
            while (raw && end < value.Length)
            {
                var next = value[(end + 1)..].IndexOf((byte)' ');
                var nextEnd = next < 0 ? value.Length : end + 1 + next;
                if (Ascii.IsValid(value[(end + 1)..nextEnd]))
                {
                    break;
                }

                end = nextEnd;
            }

            if (raw)
            {
                WriteEncodedWords(output, encoding.GetString(value[..end]));
            }
            else
            {
                WriteEscaped(output, value[..end]);
            }

            value = value[end..];
            if (!value.IsEmpty)
            {
                output.Append((byte)' ');
                value = value[1..];
            }
        }
    }

    private static void WriteEncodedWords(ByteBuilder output, string text)
    {
        Span<byte> chunk = stackalloc byte[MaxEncodedWordOctets + 4];
        Span<byte> base64 = stackalloc byte[80];
        var length = 0;
        var first = true;
        foreach (var rune in text.EnumerateRunes())
        {
            if (length + rune.Utf8SequenceLength > MaxEncodedWordOctets)
            {
                Flush(chunk, base64);
            }

            length += rune.EncodeToUtf8(chunk[length..]);
        }

        Flush(chunk, base64);

        void Flush(Span<byte> octets, Span<byte> encoded)
        {
            System.Buffers.Text.Base64.EncodeToUtf8(octets[..length], encoded, out _, out var written);
            output.Append(first ? "=?utf-8?B?"u8 : " =?utf-8?B?"u8);
            output.Append(encoded[..written]);
            output.Append("?="u8);
            first = false;
            length = 0;
        }
    }
}
