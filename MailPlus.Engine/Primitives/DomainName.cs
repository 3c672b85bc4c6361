using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace MailPlus.Engine.Primitives;

/// <summary>
/// A mail domain. Compared by <see cref="Ascii"/> (lower-case A-labels), so that U-label and A-label forms are one domain (RFC 5890, RFC 5321 2.3.5).
/// Address literals are not domains.
/// </summary>
public sealed record DomainName
{
    private const int MaxLength = 255;

    private static readonly IdnMapping Idn = new() { AllowUnassigned = false, UseStd3AsciiRules = false };

    private DomainName(string ascii, string unicode)
    {
        Ascii = ascii;
        Unicode = unicode;
    }

    /// <summary>Lower-case A-labels, without a trailing dot: what DNS and the wire use, and the key of comparisons.</summary>
    public string Ascii { get; }

    /// <summary>U-labels for people; equal to <see cref="Ascii"/> where the name is plain ASCII.</summary>
    public string Unicode { get; }

    /// <summary>Reads a domain in either form. False when a label is empty, over 63 octets or holds characters a host name cannot have.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out DomainName? domain)
    {
        domain = null;
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxLength)
        {
            return false;
        }

        var trimmed = text.EndsWith('.') ? text[..^1] : text;
        string ascii;
        string unicode;
        try
        {
            ascii = Idn.GetAscii(trimmed).ToLowerInvariant();
            unicode = Idn.GetUnicode(ascii);
        }
        catch (ArgumentException)
        {
            return false;
        }

        if (ascii.Length > MaxLength - 2 || !ascii.Split('.').All(IsLabel))
        {
            return false;
        }

        domain = new DomainName(ascii, unicode);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>.</summary>
    /// <exception cref="FormatException">The text is no domain.</exception>
    public static DomainName Parse(string text) => TryParse(text, out var domain) ? domain : throw new FormatException($"'{text}' is not a domain name.");

    /// <inheritdoc/>
    public bool Equals(DomainName? other) => other is not null && string.Equals(Ascii, other.Ascii, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => Ascii.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Ascii;

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
