using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailPlus.Engine.Primitives;

/// <summary>
/// A mailbox address, local part and domain (RFC 5321 4.1.2, RFC 6531). Compared by <see cref="Key"/>: local parts of hosted mailboxes are
/// case-insensitive here, as every administrator expects, and NFC-folded.
/// </summary>
public sealed record EmailAddress
{
    private const int MaxLocalPartOctets = 64;
    private const int MaxOctets = 254;

    private EmailAddress(string localPart, DomainName domain)
    {
        LocalPart = localPart;
        Domain = domain;
        Key = $"{localPart.Normalize(NormalizationForm.FormC).ToLowerInvariant()}@{domain.Ascii}";
    }

    /// <summary>The local part as given, without quotes.</summary>
    public string LocalPart { get; }

    /// <summary>The domain.</summary>
    public DomainName Domain { get; }

    /// <summary>The normalised form that databases index and comparisons use.</summary>
    public string Key { get; }

    /// <summary>True when the local part or the domain as written needs SMTPUTF8 (RFC 6531).</summary>
    public bool NeedsSmtpUtf8 => !Ascii.IsValid(LocalPart);

    /// <summary>Reads <c>local@domain</c> or <c>"quoted local"@domain</c>. No comments, no display names, no source routes, no controls.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out EmailAddress? address)
    {
        address = null;
        if (text is null || text.Length > MaxOctets + 64)
        {
            return false;
        }

        var at = text.LastIndexOf('@');
        return at > 0 && DomainName.TryParse(text[(at + 1)..], out var domain) && TryCreate(text[..at], domain, out address);
    }

    /// <summary>Joins a local part (bare or quoted) and a domain.</summary>
    public static bool TryCreate(string localPart, DomainName domain, [NotNullWhen(true)] out EmailAddress? address)
    {
        address = null;
        var local = localPart;
        if (local.Length >= 2 && local[0] == '"' && local[^1] == '"')
        {
            if (!TryUnquote(local.AsSpan(1, local.Length - 2), out local))
            {
                return false;
            }
        }
        else if (!IsDotString(local))
        {
            return false;
        }

        if (local.Length == 0 || !UnicodeText.IsWellFormed(local) || Encoding.UTF8.GetByteCount(local) > MaxLocalPartOctets)
        {
            return false;
        }

        var made = new EmailAddress(local, domain);
        if (Encoding.UTF8.GetByteCount(made.ToString()) > MaxOctets)
        {
            return false;
        }

        address = made;
        return true;
    }

    /// <summary>As <see cref="TryParse"/>.</summary>
    /// <exception cref="FormatException">The text is no address.</exception>
    public static EmailAddress Parse(string text) => TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not a mail address.");

    /// <inheritdoc/>
    public bool Equals(EmailAddress? other) => other is not null && string.Equals(Key, other.Key, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <summary>The form for the wire: the local part quoted where it must be, the domain as A-labels.</summary>
    public override string ToString() => $"{Quoted()}@{Domain.Ascii}";

    /// <summary>The form for people: the domain as U-labels.</summary>
    public string ToDisplayString() => $"{Quoted()}@{Domain.Unicode}";

    private string Quoted() => IsDotString(LocalPart) ? LocalPart : $"\"{LocalPart.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static bool TryUnquote(ReadOnlySpan<char> text, out string local)
    {
        var builder = new StringBuilder(text.Length);
        local = "";
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && ++i == text.Length || c == '"' || char.IsControl(text[i]))
            {
                return false;
            }

            builder.Append(text[i]);
        }

        local = builder.ToString();
        return true;
    }

    private static bool IsDotString(string text)
    {
        if (text.Length == 0 || text[0] == '.' || text[^1] == '.' || text.Contains("..", StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var c in text)
        {
            // RFC 5321 4.1.2 atext, RFC 6531 3.3 UTF8-non-ascii.
            if (!(char.IsAsciiLetterOrDigit(c) || c >= 0x80 && !char.IsControl(c) && !char.IsWhiteSpace(c) || "!#$%&'*+-/=?^_`{|}~.".Contains(c)))
            {
                return false;
            }
        }

        return true;
    }
}
