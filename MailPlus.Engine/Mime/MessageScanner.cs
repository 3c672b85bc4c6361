using System.Text;
using MailPlus.Engine.Primitives;
using MimeKit;
using MimeKit.Utils;

namespace MailPlus.Engine.Mime;

/// <summary>
/// Looks at a message once, at acceptance, and learns everything lists, ENVELOPE, BODYSTRUCTURE and threading will ever ask. Broken input never fails: it gives
/// the best reading, at worst one part of plain text. The same octets always give the same summary.
/// </summary>
public sealed class MessageScanner
{
    private const int MaxSubject = 1000;
    private const int MaxReferences = 100;
    private const int MaxIdentifier = 1000;
    private const int MaxPreview = 200;
    private const int PlainPreviewOctets = 4 * 1024;
    private const int HtmlPreviewOctets = 64 * 1024;

    /// <summary>Scans a message. Reads the content synchronously: it is in memory or a freshly written file.</summary>
    public MessageSummary Scan(MessageContent content)
    {
        var tree = StructureReader.Read(content);
        var fields = tree.Root.Fields;
        var addresses = new AddressList();
        var output = new ByteBuilder(1024);
        EnvelopeWriter.Write(output, fields, addresses);
        var envelope = output.ToArray();
        output.Clear();
        new BodyStructureWriter(output, addresses, extended: true).Write(tree.Root);
        var structure = output.ToArray();
        output.Clear();
        new BodyStructureWriter(output, addresses, extended: false).Write(tree.Root);
        var charset = PartText.CharsetOf(tree.Root);
        var (from, fromAddress) = Mailboxes(fields[HeaderId.From], addresses, charset, 1);
        return new MessageSummary
        {
            Envelope = envelope,
            BodyStructure = structure,
            Body = output.ToArray(),
            HeaderLength = (int)Math.Min(int.MaxValue, tree.Root.BodyStart),
            Subject = HeaderText.Decode(HeaderText.Unfold(fields[HeaderId.Subject]), charset, MaxSubject),
            From = from,
            FromAddress = fromAddress,
            To = Mailboxes(fields[HeaderId.To], addresses, charset, int.MaxValue).Names,
            Sent = ReadDate(fields[HeaderId.Date]),
            MessageId = ReadMessageId(fields[HeaderId.MessageId]),
            References = ReadReferences(fields),
            Preview = Preview(content, tree),
            HasAttachments = tree.All().Any(IsAttachment),
            LargestAttachment = tree.All().Where(IsAttachment).Select(FileSize).DefaultIfEmpty().Max(),
            ReceivedCount = fields.Received,
            HasEightBit = tree.HasEightBit,
            HasEightBitHeader = tree.HasEightBitHeader,
            HasUtf8Headers = tree.HasEightBitFields && AsciiForm.Of(content, (int)Math.Min(int.MaxValue, tree.Root.BodyStart), tree) is not null,
        };
    }

    /// <summary>Whether people would call the part an attachment: marked as one, or a file rather than text, and no signature or picture of the text itself.</summary>
    internal static bool IsAttachment(Part part)
    {
        if (part.Kind == PartKind.Multipart || part.Parent is { Kind: PartKind.Message })
        {
            return false;
        }

        if (part.Is("application", "pgp-signature") || part.Is("application", "pkcs7-signature") || part.Is("application", "x-pkcs7-signature"))
        {
            return false;
        }

        var raw = part.Fields[HeaderId.ContentDisposition];
        var disposition = FieldParameters.Value(raw);
        if (Ascii.EqualsIgnoreCase(disposition, "attachment"u8))
        {
            return true;
        }

        if (part.Kind == PartKind.Message)
        {
            return part.Parent is not null;
        }

        var isNamed = raw is not null && raw.AsSpan().IndexOf("filename"u8) >= 0 || part.Fields[HeaderId.ContentType] is { } type && type.AsSpan().IndexOf("name"u8) >= 0;
        var belongsToText = part.Parent is not null && part.Parent.Is("multipart", "related") && part.Fields[HeaderId.ContentId] is not null;
        return isNamed && !part.Is("text") && !belongsToText;
    }

    /// <summary>What the file of a part measures: base64 takes four octets for three, and two for the end of each line.</summary>
    private static long FileSize(Part part) => part.Encoding == "BASE64" ? Math.Max(0, part.Size - 2L * part.Lines) / 4 * 3 : part.Size;

    private static (string Names, string FirstAddress) Mailboxes(byte[]? raw, AddressList list, string? charset, int maximum)
    {
        if (raw is null)
        {
            return ("", "");
        }

        list.Read(HeaderText.Unfold(raw));
        string? names = null;
        StringBuilder? several = null;
        var address = "";
        var count = 0;
        foreach (var entry in list.Entries)
        {
            if (entry.Kind != AddressEntryKind.Mailbox || count == maximum)
            {
                continue;
            }

            count++;
            var spelled = Spell(list, entry);
            address = count == 1 ? spelled : address;
            var name = HeaderText.Decode(list[entry.Name], charset, MaxSubject);
            name = name.Length > 0 ? name : spelled;
            if (names is null)
            {
                names = name;
                continue;
            }

            several ??= new StringBuilder(names);
            if (several.Length + name.Length + 2 > MaxSubject)
            {
                break;
            }

            several.Append(", ").Append(name);
        }

        if (names is null && list.Entries.Count > 0 && maximum > 1)
        {
            // An empty group such as "undisclosed-recipients:;" shows its name.
            names = HeaderText.Decode(list[list.Entries[0].Name], charset, MaxSubject);
        }

        return (several?.ToString() ?? names ?? "", address);
    }

    private static string Spell(AddressList list, AddressEntry entry)
    {
        var local = HeaderText.Clean(CharsetGuess.Decode(list[entry.Local]), 320);
        var domain = HeaderText.Clean(CharsetGuess.Decode(list[entry.Domain]), 320);
        return domain.Length > 0 ? $"{local}@{domain}" : local;
    }

    private static Instant? ReadDate(byte[]? raw)
    {
        // DateUtils wants more than digits; years outside what mail can mean are refused, so that lists still sort.
        if (raw is null || raw.Length > 1000 || !DateUtils.TryParse(raw, 0, raw.Length, out var date) || date.Year is < 1970 or > 9000)
        {
            return null;
        }

        return Instant.From(date);
    }

    private static string ReadMessageId(byte[]? raw)
    {
        if (raw is null)
        {
            return "";
        }

        var unfolded = HeaderText.Unfold(raw);
        var open = unfolded.AsSpan().IndexOf((byte)'<');
        var inside = open < 0 ? unfolded.AsSpan() : unfolded.AsSpan(open + 1);
        var close = inside.IndexOf((byte)'>');
        return Identifier(close < 0 ? inside : inside[..close]);
    }

    /// <summary>
    /// The ancestors of a message, oldest first (RFC 5256 3, REFERENCES): the References field; only where that names none, the first identifier of In-Reply-To.
    /// Of too many the first and the nearest ones count.
    /// </summary>
    private static List<string> ReadReferences(SummaryFields fields)
    {
        var all = Identifiers(fields[HeaderId.References], int.MaxValue);
        if (all.Count == 0)
        {
            all = Identifiers(fields[HeaderId.InReplyTo], 1);
        }

        if (all.Count > MaxReferences)
        {
            all.RemoveRange(1, all.Count - MaxReferences);
        }

        return all;
    }

    private static List<string> Identifiers(byte[]? raw, int maximum)
    {
        var all = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        ReadOnlySpan<byte> rest = raw is null ? [] : HeaderText.Unfold(raw);
        while (all.Count < maximum && rest.IndexOf((byte)'<') is >= 0 and var open && rest[open..].IndexOf((byte)'>') is >= 1 and var length)
        {
            var id = Identifier(rest.Slice(open + 1, length - 1));
            if (id.Length > 0 && seen.Add(id))
            {
                all.Add(id);
            }

            rest = rest[(open + length)..];
        }

        return all;
    }

    /// <summary>An identifier in the one form in which identifiers are compared: a local part in quotes that need not be is not (RFC 5256 3), white space is none of it.</summary>
    private static string Identifier(ReadOnlySpan<byte> inside)
    {
        var id = HeaderText.Clean(CharsetGuess.Decode(inside), MaxIdentifier);
        if (id.Contains(' ') || id.Contains('\t'))
        {
            id = string.Concat(id.Where(c => !char.IsWhiteSpace(c)));
        }

        var end = id.Length > 1 && id[0] == '"' ? id.LastIndexOf("\"@", StringComparison.Ordinal) : -1;
        return end > 0 && id.AsSpan(1, end - 1).IndexOfAny('"', '\\') < 0 ? string.Concat(id.AsSpan(1, end - 1), id.AsSpan(end + 1)) : id;
    }

    private static string Preview(MessageContent content, PartTree tree)
    {
        Part? html = null;
        foreach (var part in tree.All())
        {
            if (part.Kind != PartKind.Leaf || !part.Is("text") || IsAttachment(part))
            {
                continue;
            }

            if (part.Is("text", "html"))
            {
                html ??= part;
            }
            else if (part.Is("text", "plain") && FoldPreview(PartText.Read(content, part, PlainPreviewOctets)) is { Length: > 0 } text)
            {
                return text;
            }
        }

        return html is null ? "" : FoldPreview(PartText.StripHtml(PartText.Read(content, html, HtmlPreviewOctets), MaxPreview * 8));
    }

    private static string FoldPreview(string text)
    {
        var builder = new StringBuilder(MaxPreview);
        var space = false;
        foreach (var c in text)
        {
            // Senders pad previews with invisible characters; they count as space.
            if (char.IsWhiteSpace(c) || char.IsControl(c) || c is '\u200B' or '\u200C' or '\u200D' or '\u2060' or '\uFEFF' or '\u00AD' or '\u034F')
            {
                space = builder.Length > 0;
                continue;
            }

            if (space)
            {
                builder.Append(' ');
                space = false;
            }

            builder.Append(c);
            if (builder.Length >= MaxPreview + 2)
            {
                break;
            }
        }

        return HeaderText.Clean(builder.ToString(), MaxPreview);
    }
}
