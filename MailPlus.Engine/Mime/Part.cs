using MimeKit;

namespace MailPlus.Engine.Mime;

/// <summary>How a part is built.</summary>
internal enum PartKind
{
    /// <summary>Content of its own.</summary>
    Leaf,

    /// <summary>multipart/* with at least one child.</summary>
    Multipart,

    /// <summary>message/rfc822 or message/global whose content is a message: exactly one child, the header of which is the message's.</summary>
    Message,
}

/// <summary>A part of a message by octets: header block, then body. Offsets count from the first octet scanned.</summary>
internal sealed class Part
{
    private List<Part>? _children;

    public required PartKind Kind { get; set; }

    public required string Type { get; set; }

    public required string Subtype { get; set; }

    /// <summary>True when Content-Type is absent, or unusable so that the part is shown as plain text.</summary>
    public bool TypeIsAssumed { get; set; }

    public required SummaryFields Fields { get; init; }

    public required long HeaderStart { get; init; }

    /// <summary>End of the header block, the empty line included.</summary>
    public required long BodyStart { get; set; }

    public long BodyEnd { get; set; } = -1;

    public long Size => Math.Max(0, BodyEnd - BodyStart);

    /// <summary>Line feeds in the body.</summary>
    public int Lines { get; set; }

    public Part? Parent { get; init; }

    public IReadOnlyList<Part> Children => (IReadOnlyList<Part>?)_children ?? [];

    public void Add(Part child) => (_children ??= []).Add(child);

    public void Forget() => _children = null;

    public bool Is(string type, string? subtype = null) =>
        Type.Equals(type, StringComparison.OrdinalIgnoreCase) && (subtype is null || Subtype.Equals(subtype, StringComparison.OrdinalIgnoreCase));

    /// <summary>Content-Transfer-Encoding as a plain upper-case word, "7BIT" when absent or unreadable.</summary>
    public string Encoding
    {
        get
        {
            var raw = Fields[HeaderId.ContentTransferEncoding];
            var word = HeaderText.Trim(raw);
            var end = word.IndexOfAny(" \t\r\n;("u8);
            word = end < 0 ? word : word[..end];
            return word.IsEmpty || word.Length > 40 || !System.Text.Ascii.IsValid(word) ? "7BIT" : System.Text.Encoding.ASCII.GetString(word).ToUpperInvariant();
        }
    }
}

/// <summary>The parts of one message.</summary>
/// <param name="Root">The message itself: its header block is the message header.</param>
/// <param name="Length">Octets scanned.</param>
internal sealed record PartTree(Part Root, long Length)
{
    /// <summary>Octets above 127 in a header block of the message itself.</summary>
    public bool HasEightBitHeader { get; init; }

    /// <summary>Octets above 127 in a header block, be it the message's or one of a part.</summary>
    public bool HasEightBitFields { get; init; }

    /// <summary>Octets above 127 anywhere.</summary>
    public bool HasEightBit { get; init; }

    /// <summary>All parts in order, the root first.</summary>
    public IEnumerable<Part> All()
    {
        var open = new Stack<Part>();
        open.Push(Root);
        while (open.TryPop(out var part))
        {
            yield return part;
            for (var i = part.Children.Count - 1; i >= 0; i--)
            {
                open.Push(part.Children[i]);
            }
        }
    }
}
