using System.Text;
using MimeKit;

namespace MailPlus.Engine.Mime;

/// <summary>
/// A header block with UTF-8 in it (RFC 6532) for a client that did not ask for UTF-8 (RFC 6855 3, RFC 6856 2.1): texts become encoded words, an address that has no ASCII form
/// becomes one that leads nowhere with the address as its name (RFC 6858 2). What is in ASCII already, or is no UTF-8 at all, stays as it is.
/// </summary>
internal static class HeaderDowngrade
{
    private const string Nowhere = "invalid@internationalized-address.invalid";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly HashSet<string> AddressFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Resent-From", "Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc", "Return-Path",
    };

    /// <summary>Whether there is something to do.</summary>
    public static bool IsNeeded(ReadOnlySpan<byte> block) => !Ascii.IsValid(block) && IsUtf8(block);

    /// <summary>The block in ASCII, the empty line at its end kept.</summary>
    public static byte[] Apply(ReadOnlySpan<byte> block)
    {
        var output = new MemoryStream(block.Length + 256);
        while (!block.IsEmpty)
        {
            var length = FieldLength(block);
            var field = block[..length];
            block = block[length..];
            if (Ascii.IsValid(field))
            {
                output.Write(field);
            }
            else
            {
                WriteField(Strict.GetString(field), output);
            }
        }

        return output.ToArray();
    }

    private static bool IsUtf8(ReadOnlySpan<byte> block)
    {
        try
        {
            Strict.GetCharCount(block);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>Octets of the first field with its continuation lines.</summary>
    private static int FieldLength(ReadOnlySpan<byte> block)
    {
        for (var at = 0; ;)
        {
            var end = block[at..].IndexOf((byte)'\n');
            if (end < 0)
            {
                return block.Length;
            }

            at += end + 1;
            if (at >= block.Length || block[at] is not ((byte)' ' or (byte)'\t'))
            {
                return at;
            }
        }
    }

    private static void WriteField(string field, MemoryStream output)
    {
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var name = colon > 0 ? field[..colon].TrimEnd() : "";
        if (name.Length == 0 || name.Any(c => c is <= ' ' or > '~'))
        {
            output.Write(Encoding.ASCII.GetBytes(field)); // no field at all: question marks are all that is left of it
            return;
        }

        var value = field[(colon + 1)..].Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Trim();
        var raw = AddressFields.Contains(name) && InternetAddressList.TryParse(value, out var list) ? Addresses(name, list) : Encoded(name, value);
        output.Write(Encoding.ASCII.GetBytes(name + ":"));
        var text = Encoding.ASCII.GetBytes(Encoding.UTF8.GetString(raw).Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n').Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n");
        output.Write(text);
    }

    private static byte[] Encoded(string name, string value)
    {
        try
        {
            return new Header(Encoding.UTF8, name, value).RawValue;
        }
        catch (ParseException)
        {
            return new Header(Encoding.UTF8, "Subject", value).RawValue; // parameters that are none: only their characters can be saved
        }
    }

    private static byte[] Addresses(string name, InternetAddressList list)
    {
        foreach (var mailbox in list.Mailboxes.Where(mailbox => !Ascii.IsValid(mailbox.LocalPart)))
        {
            mailbox.Name = $"{mailbox.Name} {mailbox.Address}".Trim();
            mailbox.Address = Nowhere;
        }

        var options = FormatOptions.Default.Clone();
        options.International = false;
        return Encoding.UTF8.GetBytes(" " + list.ToString(options, encode: true));
    }
}
