using System.Text;

namespace MailPlus.Engine.Mime;

/// <summary>
/// Turns octets into text when their charset is missing, unknown or a lie: UTF-8 when it is valid, else what was declared, else EUC-KR when every high octet
/// stands in a pair as Korean text has it (senders here are mostly Korean), else Windows-1252. Never fails.
/// </summary>
internal static class CharsetGuess
{
    /// <summary>The encoding by its MIME name or an alias mailers use; null when unknown.</summary>
    public static Encoding? Find(string? charset)
    {
        if (string.IsNullOrWhiteSpace(charset) || charset.Length > 64)
        {
            return null;
        }

        var name = charset.Trim().Trim('"', '\'').ToLowerInvariant();
        try
        {
            return name switch
            {
                "utf-8" or "utf8" or "unicode-1-1-utf-8" or "us-ascii" or "ascii" or "ansi_x3.4-1968" => Encoding.UTF8,
                "euc-kr" or "euckr" or "ks_c_5601-1987" or "ks_c_5601" or "ksc5601" or "ksc_5601" or "korean" or "cp949" or "uhc" or "x-windows-949" or "windows-949" => Encoding.GetEncoding(949),
                "shift-jis" or "sjis" or "x-sjis" or "cp932" or "windows-31j" => Encoding.GetEncoding(932),
                "gb2312" or "gbk" or "cp936" or "x-gbk" => Encoding.GetEncoding(936),
                "latin1" or "latin-1" => Encoding.Latin1,
                // The name is a memory hog and a spoofing aid (RFC 2045 never allowed it in mail headers).
                "utf-7" or "unicode-1-1-utf-7" => null,
                _ => Encoding.GetEncoding(name),
            };
        }
        catch (Exception unknown) when (unknown is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Text of octets whose charset may be declared.</summary>
    public static string Decode(ReadOnlySpan<byte> octets, string? declared = null)
    {
        if (octets.IsEmpty)
        {
            return "";
        }

        var encoding = Find(declared);
        if (encoding is not null && encoding.CodePage != Encoding.UTF8.CodePage)
        {
            return encoding.GetString(octets);
        }

        return Of(octets).GetString(octets);
    }

    /// <summary>The likely encoding of octets without a (believable) declared charset.</summary>
    public static Encoding Of(ReadOnlySpan<byte> octets)
    {
        if (System.Text.Ascii.IsValid(octets) || System.Text.Unicode.Utf8.IsValid(octets))
        {
            return Encoding.UTF8;
        }

        return LooksLikeEucKr(octets) ? Encoding.GetEncoding(949) : IsTruncatedUtf8(octets) ? Encoding.UTF8 : Encoding.GetEncoding(1252);
    }

    /// <summary>KS X 1001 in EUC form: high octets come in pairs, both from A1 to FE.</summary>
    private static bool LooksLikeEucKr(ReadOnlySpan<byte> octets)
    {
        for (var i = 0; i < octets.Length; i++)
        {
            if (octets[i] < 0x80)
            {
                continue;
            }

            if (octets[i] is < 0xA1 or 0xFF || i + 1 < octets.Length && octets[i + 1] is < 0xA1 or 0xFF)
            {
                return false;
            }

            i++;
        }

        return true;
    }

    /// <summary>A slice of UTF-8 may end inside a character.</summary>
    private static bool IsTruncatedUtf8(ReadOnlySpan<byte> octets)
    {
        for (var cut = 1; cut <= 3 && cut < octets.Length; cut++)
        {
            if (octets[^cut] >= 0xC0)
            {
                return System.Text.Unicode.Utf8.IsValid(octets[..^cut]);
            }
        }

        return false;
    }
}
