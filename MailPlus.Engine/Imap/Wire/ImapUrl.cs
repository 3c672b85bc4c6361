using System.Text;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>An IMAP URL of one message or a part of it (RFC 5092), as CATENATE and URLAUTH use them.</summary>
/// <param name="Text">As written.</param>
/// <param name="Mailbox">Decoded name; "" for the selected mailbox.</param>
/// <param name="Uid">UID of the message.</param>
internal sealed record ImapUrl(string Text, string Mailbox, uint Uid)
{
    /// <summary>Octets of a URL.</summary>
    public const int MaxLength = 4096;

    /// <summary>User of an absolute URL, "" for none.</summary>
    public string User { get; private init; } = "";

    /// <summary>Host, with its port when it has one; null for a relative URL.</summary>
    public string? Server { get; private init; }

    public uint? UidValidity { get; private init; }

    /// <summary>The part; the whole message without.</summary>
    public SectionPath Section { get; private init; } = SectionPath.Message;

    /// <summary>Octets of the section (URL-PARTIAL).</summary>
    public (long Start, long? Count)? Partial { get; private init; }

    /// <summary>Value of ;EXPIRE= in a URLAUTH.</summary>
    public DateTimeOffset? Expires { get; private init; }

    /// <summary>Value of ;URLAUTH=, such as "user+fred"; null when there is none.</summary>
    public string? Access { get; private init; }

    /// <summary>Mechanism and token after the access, null when it is not signed yet.</summary>
    public (string Mechanism, string Token)? Verifier { get; private init; }

    /// <summary>What a token vouches for: the URL up to and with its access.</summary>
    public string Rump { get; private init; } = "";

    /// <summary>Reads a URL; null when it is none of a message.</summary>
    public static ImapUrl? TryParse(string text)
    {
        if (text.Length is 0 or > MaxLength || !Ascii.IsValid(text) || text.AsSpan().IndexOfAnyInRange('\0', ' ') >= 0)
        {
            return null;
        }

        var rest = text;
        var user = "";
        string? server = null;
        if (rest.StartsWith("imap://", StringComparison.OrdinalIgnoreCase))
        {
            var slash = rest.IndexOf('/', 7);
            if (slash < 0 || !TryAuthority(rest[7..slash], out user, out server))
            {
                return null;
            }

            rest = rest[slash..];
        }

        var uid = rest.IndexOf("/;UID=", StringComparison.OrdinalIgnoreCase);
        var skip = 6;
        if (uid < 0 && rest.StartsWith(";UID=", StringComparison.OrdinalIgnoreCase))
        {
            (uid, skip) = (0, 5);
        }

        if (uid < 0 || !TryMailbox(rest[..uid].TrimStart('/'), out var mailbox, out var validity))
        {
            return null;
        }

        return TryPieces(new ImapUrl(text, mailbox, 0) { User = user, Server = server, UidValidity = validity }, rest[(uid + skip)..]);
    }

    private static bool TryAuthority(string authority, out string user, out string? server)
    {
        var at = authority.LastIndexOf('@');
        server = authority[(at + 1)..];
        user = "";
        if (at < 0)
        {
            return server.Length > 0;
        }

        var name = authority[..at];
        var auth = name.IndexOf(";AUTH=", StringComparison.OrdinalIgnoreCase);
        return TryDecode(auth < 0 ? name : name[..auth], out user) && server.Length > 0;
    }

    private static bool TryMailbox(string encoded, out string mailbox, out uint? validity)
    {
        validity = null;
        var mark = encoded.IndexOf(";UIDVALIDITY=", StringComparison.OrdinalIgnoreCase);
        if (mark >= 0)
        {
            if (!TryNumber(encoded[(mark + 13)..], out var number))
            {
                mailbox = "";
                return false;
            }

            validity = number;
            encoded = encoded[..mark];
        }

        if (!TryDecode(encoded, out mailbox))
        {
            return false;
        }

        mailbox = mailbox.Equals("INBOX", StringComparison.OrdinalIgnoreCase) ? "INBOX" : mailbox;
        return true;
    }

    /// <summary>The pieces after ";UID=": a number, then /;SECTION=, /;PARTIAL=, ;EXPIRE=, ;URLAUTH= in this order.</summary>
    private static ImapUrl? TryPieces(ImapUrl url, string rest)
    {
        var uid = Take(ref rest);
        if (!TryNumber(uid, out var number))
        {
            return null;
        }

        url = url with { Uid = number };
        if (TryTake(ref rest, "/;SECTION=", out var section))
        {
            if (!TryDecode(section, out var decoded) || FetchArguments.TrySection(decoded) is not { } path)
            {
                return null;
            }

            url = url with { Section = path };
        }

        if (TryTake(ref rest, "/;PARTIAL=", out var partial))
        {
            var dot = partial.IndexOf('.', StringComparison.Ordinal);
            if (!uint.TryParse(dot < 0 ? partial : partial[..dot], System.Globalization.NumberStyles.None, null, out var start))
            {
                return null;
            }

            uint count = 0;
            if (dot >= 0 && !TryNumber(partial[(dot + 1)..], out count))
            {
                return null;
            }

            url = url with { Partial = (start, dot < 0 ? null : count) };
        }

        return TryAuthorisation(url, rest);
    }

    private static ImapUrl? TryAuthorisation(ImapUrl url, string rest)
    {
        if (TryTake(ref rest, ";EXPIRE=", out var expires))
        {
            if (!DateTimeOffset.TryParse(expires, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time))
            {
                return null;
            }

            url = url with { Expires = time };
        }

        if (rest.StartsWith(";URLAUTH=", StringComparison.OrdinalIgnoreCase))
        {
            var pieces = rest[9..].Split(':');
            if (pieces.Length is not (1 or 3) || pieces[0].Length == 0 || !TryDecode(pieces[0], out var access))
            {
                return null;
            }

            return url with
            {
                Access = access,
                Rump = url.Text[..(url.Text.Length - rest.Length + 9 + pieces[0].Length)],
                Verifier = pieces.Length == 3 ? (pieces[1], pieces[2]) : null,
            };
        }

        return rest.Length == 0 && url.Expires is null ? url : null;
    }

    private static bool TryTake(ref string rest, string label, out string value)
    {
        value = "";
        if (!rest.StartsWith(label, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        rest = rest[label.Length..];
        value = Take(ref rest);
        return true;
    }

    private static string Take(ref string rest)
    {
        var end = rest.IndexOf(';', StringComparison.Ordinal);
        if (end > 0 && rest[end - 1] == '/')
        {
            end--;
        }

        var value = end < 0 ? rest : rest[..end];
        rest = end < 0 ? "" : rest[end..];
        return value.EndsWith('/') && rest.Length == 0 ? value[..^1] : value;
    }

    private static bool TryNumber(string text, out uint number) => uint.TryParse(text, System.Globalization.NumberStyles.None, null, out number) && number > 0;

    private static bool TryDecode(string encoded, out string text)
    {
        text = encoded;
        if (!encoded.Contains('%'))
        {
            return true;
        }

        var octets = new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] != '%')
            {
                octets[length++] = (byte)encoded[i];
            }
            else if (i + 2 < encoded.Length && byte.TryParse(encoded.AsSpan(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out octets[length]) && octets[length] != 0)
            {
                length++;
                i += 2;
            }
            else
            {
                return false;
            }
        }

        if (!System.Text.Unicode.Utf8.IsValid(octets.AsSpan(0, length)))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(octets, 0, length);
        return true;
    }
}
