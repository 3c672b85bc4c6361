using System.Text.RegularExpressions;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MimeKit;

namespace MailPlus.Web.Mail.Reading;

/// <summary>A person in a header.</summary>
/// <param name="Name">Display name, "" when there is none.</param>
/// <param name="Address">Address, "" for an unreadable one.</param>
public sealed record Correspondent(string Name, string Address)
{
    /// <summary>Name where there is one, else address.</summary>
    public string Shown => Name.Length > 0 ? Name : Address;
}

/// <summary>An attachment as the strip shows it.</summary>
/// <param name="Part">Its number in addresses.</param>
/// <param name="FileName">File name without any path.</param>
/// <param name="MediaType">Lower-case media type.</param>
/// <param name="Octets">Decoded size, estimated from the encoded one.</param>
/// <param name="IsPicture">A raster picture that can be previewed.</param>
public sealed record Attached(int Part, string FileName, string MediaType, long Octets, bool IsPicture);

/// <summary>What the reading pane shows around the message's own content.</summary>
public sealed partial record ReadMessage(MailboxId Mailbox, Uid Uid)
{
    private const int MostCorrespondents = 500;
    private const long LargestPreview = 4 * 1024 * 1024;

    /// <summary>Subject, "" when absent.</summary>
    public string Subject { get; init; } = "";

    /// <summary>First author.</summary>
    public Correspondent From { get; init; } = new("", "");

    /// <summary>Sender when somebody else than the author sent it (RFC 5322 3.6.2), else null.</summary>
    public Correspondent? Sender { get; init; }

    /// <summary>To.</summary>
    public IReadOnlyList<Correspondent> To { get; init; } = [];

    /// <summary>Cc.</summary>
    public IReadOnlyList<Correspondent> Cc { get; init; } = [];

    /// <summary>Bcc: only in one's own sent mail and drafts.</summary>
    public IReadOnlyList<Correspondent> Bcc { get; init; } = [];

    /// <summary>Date header, else null.</summary>
    public Instant? Sent { get; init; }

    /// <summary>Attachments.</summary>
    public IReadOnlyList<Attached> Attachments { get; init; } = [];

    /// <summary>The body is HTML.</summary>
    public bool IsHtml { get; init; }

    /// <summary>The HTML names things on other servers.</summary>
    public bool HasRemote { get; init; }

    /// <summary>What this server found out about the sender; empty for mail that did not come from outside.</summary>
    public IReadOnlyList<RecordedResult> Recorded { get; init; } = [];

    /// <summary>Octets of the whole message.</summary>
    public long Size { get; init; }

    /// <summary>Reads a message, null when it is gone.</summary>
    public static async Task<ReadMessage?> OfAsync(IAccountStore store, MailboxId mailbox, Uid uid, CancellationToken cancellationToken)
    {
        await using var opened = await OpenedMessage.OpenAsync(store, mailbox, uid, cancellationToken);
        if (opened is null)
        {
            return null;
        }

        var message = opened.Message;
        var html = opened.Html?.Text;
        var from = Of(message.From).FirstOrDefault() ?? new Correspondent("", "");
        var sender = message.Sender is { } box && !string.Equals(box.Address, from.Address, StringComparison.OrdinalIgnoreCase) ? Of(box) : null;
        return new ReadMessage(mailbox, uid)
        {
            Subject = OneLine(message.Subject ?? ""),
            From = from,
            Sender = sender,
            To = Of(message.To),
            Cc = Of(message.Cc),
            Bcc = Of(message.Bcc),
            Sent = message.Headers.Contains(HeaderId.Date) && message.Date != DateTimeOffset.MinValue ? Instant.From(message.Date) : null,
            Attachments = AttachmentsOf(opened, html),
            IsHtml = html is not null,
            HasRemote = html is not null && RemoteAddress().IsMatch(html),
            Size = opened.Size,
            Recorded = await opened.RecordedAsync(cancellationToken),
        };
    }

    /// <summary>The attachments of a message: every leaf that is neither its body nor a picture its HTML shows.</summary>
    public static IReadOnlyList<Attached> AttachmentsOf(OpenedMessage opened, string? html)
    {
        var list = new List<Attached>();
        for (var number = 0; number < opened.Parts.Count; number++)
        {
            var entity = opened.Parts[number];
            if (ReferenceEquals(entity, opened.Html) || ReferenceEquals(entity, opened.Text) || IsShownInline(entity, html))
            {
                continue;
            }

            list.Add(new Attached(number, FileNameOf(entity, number), entity.ContentType.MimeType.ToLowerInvariant(), SizeOf(entity),
                Html.FrameDocument.IsRaster(entity.ContentType) && SizeOf(entity) <= LargestPreview));
        }

        return list;
    }

    /// <summary>A file name without path, controls or emptiness.</summary>
    public static string FileNameOf(MimeEntity entity, int number)
    {
        var name = entity is MessagePart { Message.Subject: { Length: > 0 } subject } && entity.ContentDisposition?.FileName is null
            ? subject + ".eml"
            : entity.ContentDisposition?.FileName ?? entity.ContentType.Name ?? "";
        name = CleanFileName(name);
        if (name.Length > 0)
        {
            return name;
        }

        var extension = entity is MessagePart ? ".eml" : MimeTypes.TryGetExtension(entity.ContentType.MimeType, out var known) ? known : ".bin";
        return $"attachment-{number + 1}{extension}";
    }

    internal static string CleanFileName(string name)
    {
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        var clean = new string([.. name.Where(c => !char.IsControl(c) && !IsDirectionMark(c))]).Trim().TrimStart('.');
        return clean.Length > 200 ? clean[..100] + clean[^100..] : clean;
    }

    // Marks that turn the direction of letters make "exe.txt" out of "txt.exe".
    private static bool IsDirectionMark(char c) => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u200e' or '\u200f';

    private static bool IsShownInline(MimeEntity entity, string? html) =>
        html is not null && entity.ContentId is { Length: > 0 } id && entity.ContentDisposition?.Disposition != ContentDisposition.Attachment
        && (html.Contains("cid:" + id.Trim('<', '>'), StringComparison.OrdinalIgnoreCase)
            || html.Contains("cid:" + Uri.EscapeDataString(id.Trim('<', '>')), StringComparison.OrdinalIgnoreCase));

    private static long SizeOf(MimeEntity entity) => entity is MimePart { Content: { Stream: { } stream } content }
        ? content.Encoding == ContentEncoding.Base64 ? stream.Length / 78 * 57 + stream.Length % 78 * 3 / 4 : stream.Length
        : 0;

    private static IReadOnlyList<Correspondent> Of(InternetAddressList list) => [.. list.Mailboxes.Take(MostCorrespondents).Select(Of)];

    private static Correspondent Of(MailboxAddress box) => new(OneLine(box.Name ?? ""), OneLine(box.Address ?? ""));

    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);

    [GeneratedRegex("""(?:src|background|poster)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?\s*(?:https?:)?//""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 5000)]
    private static partial Regex RemoteAddress();
}
