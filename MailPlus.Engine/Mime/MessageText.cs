using System.Text;
using MimeKit;

namespace MailPlus.Engine.Mime;

/// <summary>The readable text of a message, for the reading pane and for searching.</summary>
/// <param name="Plain">Text of the plain parts in order, null when there is none.</param>
/// <param name="Html">The HTML body as sent: never show it without the sanitiser; null when there is none.</param>
public sealed record MessageText(string? Plain, string? Html)
{
    /// <summary>Octets of one text part that are read.</summary>
    public const int MaxPartOctets = 8 * 1024 * 1024;

    private static readonly HeaderId[] SearchedFields = [HeaderId.Subject, HeaderId.From, HeaderId.To, HeaderId.Cc];

    /// <summary>Reads both forms of the body; attachments are left out. Synchronous: the message is in memory or a local file.</summary>
    public static MessageText Read(MessageContent content)
    {
        StringBuilder? plain = null;
        string? html = null;
        foreach (var part in StructureReader.Read(content).All())
        {
            if (part.Kind != PartKind.Leaf || !part.Is("text") || MessageScanner.IsAttachment(part) || IsInAttachedMessage(part))
            {
                continue;
            }

            if (part.Is("text", "html"))
            {
                html ??= PartText.Read(content, part, MaxPartOctets);
            }
            else
            {
                plain = plain is null ? new StringBuilder() : plain.Append('\n');
                plain.Append(PartText.Read(content, part, MaxPartOctets));
            }
        }

        return new MessageText(plain?.ToString(), html);
    }

    /// <summary>Everything a person could read in the message body, part by part, HTML stripped, attached text and messages included: what SEARCH BODY looks at.</summary>
    internal static IEnumerable<string> Searchable(MessageContent content, PartTree tree)
    {
        foreach (var part in tree.All())
        {
            if (part.Kind == PartKind.Leaf && part.Is("text"))
            {
                var text = PartText.Read(content, part, MaxPartOctets);
                yield return text;
                if (part.Is("text", "html"))
                {
                    yield return PartText.StripHtml(text, MaxPartOctets);
                }
            }

            if (part.Parent is { Kind: PartKind.Message })
            {
                foreach (var id in SearchedFields)
                {
                    // The header of an attached message is body of ours.
                    if (part.Fields[id] is { } raw)
                    {
                        yield return HeaderText.Decode(HeaderText.Unfold(raw), null, HeaderText.MaxValueOctets);
                    }
                }
            }
        }
    }

    private static bool IsInAttachedMessage(Part part)
    {
        for (var at = part.Parent; at is not null; at = at.Parent)
        {
            if (at.Kind == PartKind.Message)
            {
                return true;
            }
        }

        return false;
    }
}
