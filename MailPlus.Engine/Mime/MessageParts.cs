using MimeKit;
using MimeKit.IO;
using MimeKit.IO.Filters;

namespace MailPlus.Engine.Mime;

/// <summary>A part of a message that holds content (no multipart), as pages show it.</summary>
/// <param name="Number">Its IMAP number, such as "1.2"; stable for a stored message.</param>
/// <param name="MediaType">Lower-case type and subtype.</param>
/// <param name="FileName">Decoded name without any path, "" when there is none.</param>
/// <param name="IsAttachment">Whether people would call it an attachment.</param>
public sealed record MessagePart(string Number, string MediaType, string FileName, bool IsAttachment)
{
    /// <summary>Octets as encoded in the message.</summary>
    public required long EncodedSize { get; init; }

    /// <summary>Octets after decoding; for base64 an estimate a few octets too large at most.</summary>
    public required long Size { get; init; }

    /// <summary>Content-ID without brackets, "" when there is none: what cid: links name.</summary>
    public string ContentId { get; init; } = "";

    /// <summary>Declared charset, "" when there is none.</summary>
    public string Charset { get; init; } = "";
}

/// <summary>The parts of one message and their decoded octets.</summary>
public sealed class MessageParts
{
    private const int MaxFileName = 200;

    private readonly MessageContent _content;
    private readonly Dictionary<string, Part> _byNumber = new(StringComparer.Ordinal);

    private MessageParts(MessageContent content, IReadOnlyList<MessagePart> all) => (_content, All) = (content, all);

    /// <summary>All parts with content, in order; an attached message is one part and its own parts are not listed.</summary>
    public IReadOnlyList<MessagePart> All { get; }

    /// <summary>Reads the structure of a message, which must stay open while parts are read.</summary>
    public static MessageParts Read(MessageContent content)
    {
        var all = new List<MessagePart>();
        var parts = new MessageParts(content, all);
        parts.Collect(StructureReader.Read(content).Root, all);
        return parts;
    }

    /// <summary>The part of a number, null when there is none.</summary>
    public MessagePart? Find(string number) => All.FirstOrDefault(p => p.Number == number);

    /// <summary>A forward-only stream of the decoded octets; the caller disposes it.</summary>
    public Stream OpenDecoded(MessagePart part)
    {
        var found = _byNumber[part.Number];
        var range = new BoundStream(_content.OpenRead(), found.BodyStart, found.BodyEnd, leaveOpen: false);
        if (PartText.DecoderOf(found) is not { } decoder)
        {
            return range;
        }

        var filtered = new FilteredStream(range);
        filtered.Add(new DecoderFilter(decoder));
        return filtered;
    }

    /// <summary>The text of a text part, charset undone; at most <see cref="MessageText.MaxPartOctets"/> of it.</summary>
    public string ReadText(MessagePart part) => PartText.Read(_content, _byNumber[part.Number], MessageText.MaxPartOctets);

    private void Collect(Part part, List<MessagePart> all)
    {
        if (part.Kind == PartKind.Multipart)
        {
            foreach (var child in part.Children)
            {
                Collect(child, all);
            }

            return;
        }

        var type = PartText.TypeOf(part);
        var number = PartLocator.NumberOf(part);
        _byNumber[number] = part;
        all.Add(new MessagePart(number, $"{part.Type}/{part.Subtype}".ToLowerInvariant(), FileNameOf(part, type), MessageScanner.IsAttachment(part))
        {
            EncodedSize = part.Size,
            Size = part.Encoding == "BASE64" ? part.Size / 78 * 57 + part.Size % 78 * 3 / 4 : part.Size,
            ContentId = ContentIdOf(part),
            Charset = type.Charset ?? "",
        });
    }

    private static string ContentIdOf(Part part) =>
        part.Fields[HeaderId.ContentId] is { } raw ? HeaderText.Decode(HeaderText.Unfold(raw), null, 500).Trim('<', '>', ' ') : "";

    private static string FileNameOf(Part part, ContentType type)
    {
        var name = part.Fields[HeaderId.ContentDisposition] is { } raw && ContentDisposition.TryParse(raw, out var disposition) ? disposition.FileName : null;
        name = HeaderText.Clean(name ?? type.Name ?? "", 4 * MaxFileName);
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..].Trim(' ', '.');
        if (name.Length <= MaxFileName)
        {
            return name;
        }

        var extension = Path.GetExtension(name);
        return HeaderText.Clean(name, MaxFileName - Math.Min(extension.Length, 20)) + (extension.Length <= 20 ? extension : "");
    }
}
