using System.Text.RegularExpressions;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Mail.Html;
using MimeKit;

namespace MailPlus.Web.Mail.Compose;

/// <summary>Builds the message: text and HTML alternatives, pictures of the text, attachments streamed from their files (WEB-024, WEB-027).</summary>
internal sealed partial class OutgoingMessage : IDisposable
{
    private readonly List<Stream> _streams = [];

    private OutgoingMessage(MimeMessage message) => Message = message;

    public MimeMessage Message { get; }

    /// <summary>Builds.</summary>
    public static OutgoingMessage Build(Account account, ComposeState state, ComposeContent content, DateTimeOffset date, Func<Upload, Stream> open)
    {
        var message = new MimeMessage { Date = date, MessageId = state.MessageId, Subject = Flat(content.Subject) };
        var outgoing = new OutgoingMessage(message);
        try
        {
            message.From.Add(new MailboxAddress(account.DisplayName.Length > 0 ? account.DisplayName : null, account.PrimaryAddress.ToString()));
            Add(message.To, content.To);
            Add(message.Cc, content.Cc);
            if (state.InReplyTo.Length > 0)
            {
                message.InReplyTo = state.InReplyTo;
            }

            message.References.AddRange(state.References);
            message.Headers.Add("User-Agent", "MailPlus Webmail");
            message.Body = outgoing.Body(state, content, open);
            message.Prepare(EncodingConstraint.SevenBit, 78);
            return outgoing;
        }
        catch
        {
            outgoing.Dispose();
            throw;
        }
    }

    /// <summary>Writes with CRLF line ends, flushed to disk: the file may become the stored body.</summary>
    public async Task WriteAsync(string fileName, CancellationToken cancellationToken)
    {
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        await using var file = new FileStream(fileName, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 65536, FileOptions.Asynchronous);
        await Message.WriteToAsync(format, file, cancellationToken);
        file.Flush(flushToDisk: true);
    }

    /// <summary>The Bcc field for the copies only the sender sees, CRLF at its end; empty without Bcc.</summary>
    public static byte[] BccField(ComposeContent content)
    {
        var list = new InternetAddressList();
        Add(list, content.Bcc);
        if (list.Count == 0)
        {
            return [];
        }

        var header = new Header(HeaderId.Bcc, string.Empty);
        var carrier = new MimeMessage();
        carrier.Bcc.AddRange(list);
        header = carrier.Headers.First(field => field.Id == HeaderId.Bcc);
        return [.. "Bcc:"u8, .. CrLf(header.RawValue)];
    }

    public void Dispose()
    {
        Message.Dispose();
        foreach (var stream in _streams)
        {
            stream.Dispose();
        }
    }

    private MimeEntity Body(ComposeState state, ComposeContent content, Func<Upload, Stream> open)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        var known = state.Uploads.ToDictionary(upload => upload.ContentId, StringComparer.Ordinal);
        var marked = OwnPicture().Replace(content.Html, match => $"cid:{match.Groups[1].Value}@mailplus");
        var html = MessageSanitizer.Sanitize(marked, new SanitizerPolicy
        {
            RemoteImages = true,
            StyleSheets = false,
            Inline = id => known.ContainsKey(id) && (used.Add(id) || true) ? "cid:" + id : null,
        }).Html;
        var alternative = new MultipartAlternative
        {
            new TextPart("plain") { Text = HtmlText.From(html).ReplaceLineEndings("\r\n") },
        };
        var page = new TextPart("html") { Text = $"<!DOCTYPE html>\r\n<html><head><meta charset=\"utf-8\"></head><body>{html.ReplaceLineEndings("\r\n")}</body></html>\r\n" };
        if (used.Count == 0)
        {
            alternative.Add(page);
        }
        else
        {
            var related = new MultipartRelated { Root = page };
            foreach (var id in used)
            {
                related.Add(Part(known[id], open, ContentDisposition.Inline));
            }

            alternative.Add(related);
        }

        var files = state.Uploads.Where(upload => !used.Contains(upload.ContentId) && !upload.Inline).ToList();
        if (files.Count == 0)
        {
            return alternative;
        }

        var mixed = new Multipart("mixed") { alternative };
        foreach (var upload in files)
        {
            mixed.Add(Part(upload, open, ContentDisposition.Attachment));
        }

        return mixed;
    }

    private MimePart Part(Upload upload, Func<Upload, Stream> open, string disposition)
    {
        var stream = open(upload);
        _streams.Add(stream);

        // RFC 2046 5.2.1 forbids base64 for message/rfc822, and a message of a stranger may hold anything: it travels as a file.
        var type = upload.MediaType.StartsWith("message/", StringComparison.OrdinalIgnoreCase) || upload.MediaType.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase)
            ? "application/octet-stream"
            : upload.MediaType;
        var part = new MimePart(type)
        {
            Content = new MimeContent(stream),
            ContentTransferEncoding = ContentEncoding.Base64,
            ContentDisposition = new ContentDisposition(disposition),
            FileName = upload.Name,
        };
        if (disposition == ContentDisposition.Inline)
        {
            part.ContentId = upload.ContentId;
        }

        return part;
    }

    private static void Add(InternetAddressList list, IReadOnlyList<ComposeAddress> people)
    {
        foreach (var person in people)
        {
            // A draft keeps what is half typed as well as it can: an address that is none becomes a name.
            if (EmailAddress.TryParse(person.Address.Trim(), out var address))
            {
                var name = Flat(person.Name).Trim();
                list.Add(new MailboxAddress(name.Length > 0 ? name : null, address.ToString()));
            }
            else if (Flat(person.Address).Trim() is { Length: > 0 } text)
            {
                list.Add(new GroupAddress(text));
            }
        }
    }

    // Header injection ends here: no line break from a page reaches a header (design 6).
    private static string Flat(string text) => new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);

    private static byte[] CrLf(byte[] raw) => System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(raw).ReplaceLineEndings("\r\n"));

    [GeneratedRegex("""(?<=["'\s=(])(?:https?://[^/"'\s]{1,300})?/mail/compose/[0-9a-f]{32}/attachment/([0-9a-f]{32})""", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex OwnPicture();
}
