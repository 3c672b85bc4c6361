using System.Text;
using MailPlus.Engine.Domains.Disclaimers;
using MimeKit;
using MimeKit.Cryptography;

namespace MailPlus.Engine.Delivery.Disclaimers;

/// <summary>
/// Appends a disclaimer to the text of a message: the HTML form at the end of HTML parts, the plain form at the end of plain ones. What is signed or encrypted
/// anywhere in it is left alone, and so is what is attached.
/// </summary>
internal sealed class DisclaimerWriter(DisclaimerDraft disclaimer)
{
    private const int DeepestPart = 20;
    private const int LongestLine = 900;
    private const string PgpStart = "-----BEGIN PGP ";

    private readonly string _html = disclaimer.Html.Length > 0 ? disclaimer.Html : DisclaimerText.ToHtml(disclaimer.Plain);
    private readonly string _plain = (disclaimer.Plain.Length > 0 ? disclaimer.Plain : DisclaimerText.ToPlain(disclaimer.Html)).ReplaceLineEndings("\r\n");

    /// <summary>Appends it. False when the message has to stay as it is.</summary>
    public bool AppendTo(MimeMessage message) => message.Body is { } body && !IsSealed(body, 0) && Append(body, 0);

    /// <summary>Signed or encrypted, by its type or in its text.</summary>
    private static bool IsSealed(MimeEntity entity, int depth) => depth > DeepestPart || entity switch
    {
        MultipartSigned or MultipartEncrypted or ApplicationPkcs7Mime or ApplicationPkcs7Signature or ApplicationPgpEncrypted or ApplicationPgpSignature => true,
        Multipart several => several.Any(part => IsSealed(part, depth + 1)),
        TextPart { IsAttachment: false } text => text.Text.Contains(PgpStart, StringComparison.Ordinal),
        _ => false,
    };

    private bool Append(MimeEntity entity, int depth)
    {
        switch (entity)
        {
            case MultipartRelated related:
                return related.Root is { } root && Append(root, depth + 1);
            case MultipartAlternative alternative:
                var any = false;
                foreach (var part in alternative)
                {
                    any |= Append(part, depth + 1);
                }

                return any;
            case Multipart several:
                return several.Reverse().Any(part => Append(part, depth + 1)); // the last text is the end
            case TextPart { IsAttachment: false, IsHtml: true } html:
                SetText(html, WithHtml(html.Text));
                return true;
            case TextPart { IsAttachment: false, IsPlain: true } plain:
                SetText(plain, $"{plain.Text.TrimEnd('\r', '\n')}\r\n\r\n{_plain}\r\n");
                return true;
            default:
                return false;
        }
    }

    /// <summary>Within the body element where there is one.</summary>
    private string WithHtml(string text)
    {
        var added = $"<div>{_html}</div>";
        var end = text.LastIndexOf("</body", StringComparison.OrdinalIgnoreCase);
        end = end >= 0 ? end : text.LastIndexOf("</html", StringComparison.OrdinalIgnoreCase);
        return end >= 0 ? text[..end] + added + "\r\n" + text[end..] : $"{text.TrimEnd('\r', '\n')}\r\n{added}\r\n";
    }

    private static void SetText(TextPart part, string text)
    {
        var charset = part.ContentType.CharsetEncoding ?? Encoding.UTF8;
        var strict = (Encoding)charset.Clone();
        strict.EncoderFallback = EncoderFallback.ExceptionFallback;
        try
        {
            strict.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            charset = Encoding.UTF8; // the disclaimer has letters the message's charset has not
        }

        var encoding = part.ContentTransferEncoding;
        part.SetText(charset, text);
        part.ContentTransferEncoding = encoding is ContentEncoding.Base64 ? ContentEncoding.Base64
            : Ascii.IsValid(text) && encoding is not ContentEncoding.QuotedPrintable && text.Split('\n').All(line => line.Length <= LongestLine) ? ContentEncoding.SevenBit
            : ContentEncoding.QuotedPrintable;
    }
}
