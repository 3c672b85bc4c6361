using System.Text;

namespace MailPlus.Engine.Mime;

/// <summary>Octets of a section: a range of the message, or octets made from it (a choice of header fields).</summary>
/// <param name="Offset">First octet in the message.</param>
/// <param name="Length">How many.</param>
/// <param name="Made">The octets when they are no range.</param>
internal readonly record struct SectionOctets(long Offset, long Length, ReadOnlyMemory<byte>? Made = null)
{
    /// <summary>The part of it that <c>&lt;start.count&gt;</c> names.</summary>
    public SectionOctets Slice(long start, long count)
    {
        var from = Math.Min(start, Length);
        var length = Math.Min(count, Length - from);
        return Made is { } made ? new SectionOctets(0, length, made.Slice((int)from, (int)length)) : new SectionOctets(Offset + from, length);
    }
}

/// <summary>
/// Finds sections of one stored message. The structure is read when a part is first asked for and kept, so that a client fetching a big part piece by piece
/// costs one pass.
/// </summary>
/// <param name="content">The message; must stay open as long as the locator is used.</param>
/// <param name="headerLength">Octets of its header block.</param>
internal sealed class PartLocator(MessageContent content, int headerLength)
{
    private PartTree? _tree;

    /// <summary>The structure.</summary>
    public PartTree Tree => _tree ??= StructureReader.Read(content);

    /// <summary>A locator whose structure is known from before.</summary>
    public static PartLocator With(MessageContent content, int headerLength, PartTree? tree) => new(content, headerLength) { _tree = tree };

    /// <summary>The structure if it was needed so far.</summary>
    public PartTree? KnownTree => _tree;

    /// <summary>Octets of a section, null when the message has no such part.</summary>
    public async ValueTask<SectionOctets?> FindAsync(SectionPath path, CancellationToken cancellationToken)
    {
        if (path.Numbers.Count == 0)
        {
            return path.Kind switch
            {
                SectionKind.Whole => new SectionOctets(0, content.Length),
                SectionKind.Text => new SectionOctets(headerLength, content.Length - headerLength),
                SectionKind.Header => new SectionOctets(0, headerLength),
                _ => await ChooseAsync(0, headerLength, path, cancellationToken),
            };
        }

        if (Locate(path.Numbers) is not { } part)
        {
            return null;
        }

        switch (path.Kind)
        {
            case SectionKind.Whole:
                return new SectionOctets(part.BodyStart, part.Size);
            case SectionKind.Mime:
                return new SectionOctets(part.HeaderStart, part.BodyStart - part.HeaderStart);
        }

        if (part.Kind != PartKind.Message)
        {
            return null; // HEADER and TEXT are only of messages
        }

        var message = part.Children[0];
        return path.Kind switch
        {
            SectionKind.Header => new SectionOctets(message.HeaderStart, message.BodyStart - message.HeaderStart),
            SectionKind.Text => new SectionOctets(message.BodyStart, Math.Max(0, part.BodyEnd - message.BodyStart)),
            _ => await ChooseAsync(message.HeaderStart, (int)Math.Min(int.MaxValue, message.BodyStart - message.HeaderStart), path, cancellationToken),
        };
    }

    /// <summary>The part of a number (RFC 3501 6.4.5), null when there is none.</summary>
    public Part? Locate(IReadOnlyList<int> numbers)
    {
        var part = Tree.Root;
        var isMessage = true;
        foreach (var number in numbers)
        {
            if (!isMessage && part.Kind == PartKind.Message)
            {
                part = part.Children[0];
                isMessage = true;
            }

            if (part.Kind == PartKind.Multipart)
            {
                if (number > part.Children.Count)
                {
                    return null;
                }

                part = part.Children[number - 1];
            }
            else if (number != 1 || !isMessage)
            {
                return null;
            }

            // Every message that is no multipart has one part, numbered 1: itself.
            isMessage = false;
        }

        return part;
    }

    /// <summary>The number of a part as sections name it, "" for a multipart root.</summary>
    public static string NumberOf(Part part)
    {
        var numbers = new Stack<int>();
        for (var at = part; at is not null; at = at.Parent)
        {
            if (at.Parent is { Kind: PartKind.Multipart } parent)
            {
                numbers.Push(IndexOf(parent, at) + 1);
            }
            else if (at.Kind != PartKind.Multipart)
            {
                numbers.Push(1); // a message that is no multipart: its only part
            }
        }

        return string.Join('.', numbers);
    }

    private static int IndexOf(Part parent, Part child)
    {
        for (var i = 0; i < parent.Children.Count; i++)
        {
            if (ReferenceEquals(parent.Children[i], child))
            {
                return i;
            }
        }

        return -1;
    }

    private async ValueTask<SectionOctets> ChooseAsync(long start, int length, SectionPath path, CancellationToken cancellationToken)
    {
        length = Math.Min(length, StructureReader.MaxHeaderOctets);
        var header = await content.ReadRangeAsync(start, length, cancellationToken);
        var made = new ByteBuilder(1024);
        var fields = HeaderFields.Read(header);
        foreach (var field in fields.Fields)
        {
            var name = header.Span.Slice(field.Start, field.NameLength);
            if (field.NameLength > 0 && Names(path.Fields, name) == (path.Kind == SectionKind.Fields))
            {
                made.Append(header.Span.Slice(field.Start, field.Length));
            }
        }

        // The empty line is always there, whichever fields are (RFC 3501 6.4.5).
        made.Append("\r\n"u8);
        return new SectionOctets(0, made.Length, made.ToArray());
    }

    private static bool Names(IReadOnlyList<string> wanted, ReadOnlySpan<byte> name)
    {
        foreach (var one in wanted)
        {
            if (Ascii.EqualsIgnoreCase(name, one))
            {
                return true;
            }
        }

        return false;
    }
}
