using System.Text;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>Mailbox names between Unicode and modified UTF-7 (RFC 3501 5.1.3).</summary>
internal static class ModifiedUtf7
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

    /// <summary>The wire form; lone surrogates become U+FFFD.</summary>
    public static string Encode(string name)
    {
        var isPlain = true;
        foreach (var c in name)
        {
            isPlain &= c is >= ' ' and <= '~' and not '&';
        }

        if (isPlain)
        {
            return name;
        }

        var text = new StringBuilder(name.Length + 16);
        var bits = 0;
        var count = -1; // -1: outside base64
        foreach (var unit in Wellformed(name))
        {
            if (unit is >= ' ' and <= '~')
            {
                End();
                text.Append(unit == '&' ? "&-" : unit.ToString());
                continue;
            }

            if (count < 0)
            {
                text.Append('&');
                count = 0;
            }

            bits = (bits << 16) | unit;
            count += 16;
            while (count >= 6)
            {
                count -= 6;
                text.Append(Alphabet[(bits >> count) & 63]);
            }

            bits &= (1 << count) - 1;
        }

        End();
        return text.ToString();

        void End()
        {
            if (count > 0)
            {
                text.Append(Alphabet[(bits << (6 - count)) & 63]);
            }

            if (count >= 0)
            {
                text.Append('-');
            }

            count = -1;
            bits = 0;
        }
    }

    /// <summary>Reads the wire form. False for anything another encoder would not have written, so that one mailbox has one name.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> wire, out string name)
    {
        name = "";
        var text = new StringBuilder(wire.Length);
        for (var i = 0; i < wire.Length; i++)
        {
            if (wire[i] is < 0x20 or > 0x7e)
            {
                return false;
            }

            if (wire[i] != '&')
            {
                text.Append((char)wire[i]);
                continue;
            }

            var end = wire[i..].IndexOf((byte)'-');
            if (end < 0)
            {
                return false;
            }

            var encoded = wire.Slice(i + 1, end - 1);
            if (encoded.IsEmpty)
            {
                text.Append('&');
            }
            else if (!TryDecodeRun(encoded, text))
            {
                return false;
            }

            i += end;
        }

        name = text.ToString();
        return Encoding.ASCII.GetString(wire) == Encode(name); // half a pair of surrogates would come out as another name
    }

    private static bool TryDecodeRun(ReadOnlySpan<byte> encoded, StringBuilder text)
    {
        var bits = 0;
        var count = 0;
        foreach (var c in encoded)
        {
            var value = Alphabet.IndexOf((char)c, StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            bits = (bits << 6) | value;
            count += 6;
            if (count >= 16)
            {
                count -= 16;
                var unit = (char)(bits >> count);
                if (unit is >= ' ' and <= '~')
                {
                    return false; // printable ASCII is never encoded
                }

                text.Append(unit);
                bits &= (1 << count) - 1;
            }
        }

        return count < 6 && bits == 0;
    }

    private static string Wellformed(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsSurrogate(name[i]) && !(char.IsHighSurrogate(name[i]) && i + 1 < name.Length && char.IsLowSurrogate(name[++i])))
            {
                return Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(name));
            }
        }

        return name;
    }
}
