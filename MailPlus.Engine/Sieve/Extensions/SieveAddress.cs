using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Sieve.Runtime;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>An address in a header field or an argument.</summary>
/// <param name="Name">Display name as people read it.</param>
/// <param name="Local">Local part; all of it when there is no domain.</param>
/// <param name="Domain">Domain, empty when there is none.</param>
internal sealed record SieveAddress(string Name, string Local, string Domain)
{
    private const int Longest = 1000;

    /// <summary>As it stands in an envelope: a local part that is no atoms and dots is quoted (RFC 5321 4.1.2).</summary>
    public string All => Domain.Length == 0 ? Local : Local.Length > 0 && Local.All(c => c == '.' || IsAtom(c, true)) ? $"{Local}@{Domain}" : $"\"{Escaped(Local)}\"@{Domain}";

    /// <summary>The addresses of a header field; what is none is left out.</summary>
    public static IEnumerable<SieveAddress> InField(ReadOnlyMemory<byte> raw, int valueStart)
    {
        var list = new AddressList();
        list.Read(HeaderText.Unfold(raw.Span[valueStart..]));
        List<SieveAddress> found = [];
        foreach (var entry in list.Entries.Where(entry => entry.Kind == AddressEntryKind.Mailbox))
        {
            found.Add(new SieveAddress(SieveMessage.DecodeValue(list[entry.Name]), Language.OctetText.Read(list[entry.Local]), Language.OctetText.Read(list[entry.Domain])));
        }

        return found;
    }

    /// <summary>The one address a script writes, perhaps with a name before it (RFC 5228 2.4.2.3): dots may stand anywhere in the local part, as they do in the world.</summary>
    public static SieveAddress? Parse(string text, bool allowsUtf8)
    {
        text = text.Trim();
        if (text.Length > Longest)
        {
            return null;
        }

        var name = "";
        if (text.EndsWith('>'))
        {
            var open = text.LastIndexOf('<');
            if (open < 0)
            {
                return null;
            }

            name = text[..open].Trim().Trim('"');
            text = text[(open + 1)..^1];
            if (name.IndexOfAny(['<', '>', '@', ',', ';']) >= 0)
            {
                return null;
            }
        }

        var at = text.LastIndexOf('@');
        if (at <= 0)
        {
            return null;
        }

        var (local, domain) = (text[..at].Trim(), text[(at + 1)..].Trim());
        var isQuoted = local.Length > 2 && local[0] == '"' && local[^1] == '"';
        return domain.Length is > 0 and <= 255 && local.Length is > 0 and <= 64 + 2
            && (isQuoted ? local[1..^1].All(c => c is >= ' ' and not ('"' or '\\' or '\x7f')) : local.All(c => IsAtom(c, allowsUtf8) || c == '.'))
            && Language.OctetText.IsWellFormed(text)
            && (domain[0] == '[' && domain[^1] == ']' || domain.Split('.').All(label => label.Length > 0 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || allowsUtf8 && c >= 128)))
            ? new SieveAddress(SieveMessage.DecodeValue(Language.OctetText.Write(name)), isQuoted ? local[1..^1] : local, domain)
            : null;
    }

    /// <summary>A part of it for a test; null when it has no such part, which matches nothing.</summary>
    /// <param name="part">localpart, domain, all, user or detail.</param>
    /// <param name="delimiters">What may part user and detail (RFC 5233).</param>
    public string? Part(string part, string delimiters)
    {
        var delimiter = Local.IndexOfAny(delimiters.ToCharArray());
        return part switch
        {
            "localpart" => Local,
            "domain" => Domain,
            "user" => delimiter < 0 ? Local : Local[..delimiter],
            "detail" => delimiter < 0 ? null : Local[(delimiter + 1)..],
            _ => All,
        };
    }

    private static string Escaped(string local) => local.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static bool IsAtom(char c, bool allowsUtf8) =>
        c < 128 ? char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~".Contains(c, StringComparison.Ordinal) : allowsUtf8;
}

/// <summary>Tags that choose a part of an address (RFC 5228 2.7.4, RFC 5233).</summary>
internal static class AddressParts
{
    public static IReadOnlyList<Tag> Tags { get; } =
    [
        new("all", Group: "part"),
        new("localpart", Group: "part"),
        new("domain", Group: "part"),
        new("user", Extension: "subaddress", Group: "part"),
        new("detail", Extension: "subaddress", Group: "part"),
    ];
}
