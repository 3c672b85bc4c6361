using System.Globalization;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>A reply of an SMTP server (RFC 5321 4.2), lines already joined and made printable.</summary>
/// <param name="Code">Three-digit code.</param>
/// <param name="Lines">Text of each line after the code, at most 100 lines.</param>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    /// <summary>2yz.</summary>
    public bool IsPositive => Code / 100 == 2;

    /// <summary>4yz.</summary>
    public bool IsTransient => Code / 100 == 4;

    /// <summary>5yz.</summary>
    public bool IsPermanent => Code / 100 == 5;

    /// <summary>Enhanced status code of the first line (RFC 2034), or one derived from the class of the code.</summary>
    public string Status => EnhancedStatus(Lines[0]) ?? $"{Code / 100}.0.0";

    /// <summary>Code and text on one line, at most 1,000 characters.</summary>
    public override string ToString()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{Code} {string.Join(' ', Lines)}").TrimEnd();
        return text.Length > 1000 ? text[..1000] : text;
    }

    private static string? EnhancedStatus(string line)
    {
        var end = line.IndexOf(' ', StringComparison.Ordinal);
        var word = end < 0 ? line : line[..end];
        if (word.Length is < 5 or > 9 || word[0] is not ('2' or '4' or '5'))
        {
            return null;
        }

        var parts = word.Split('.');
        return parts.Length == 3 && parts.All(p => p.Length is > 0 and <= 3 && p.All(char.IsAsciiDigit)) ? word : null;
    }
}
