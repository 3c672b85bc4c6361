using System.Text;

namespace MailPlus.Engine.Mime;

/// <summary>Where one header field lies in its block.</summary>
/// <param name="Start">First octet of the name.</param>
/// <param name="NameLength">Octets of the name; 0 for a line that is no field.</param>
/// <param name="ValueStart">First octet after the colon.</param>
/// <param name="End">One past the line end of its last line.</param>
public readonly record struct HeaderField(int Start, int NameLength, int ValueStart, int End)
{
    /// <summary>Octets of the whole field with its line ends.</summary>
    public int Length => End - Start;
}

/// <summary>
/// The header block cut into fields (RFC 5322 2.2), nothing decoded: enough to count, find, drop and add fields at acceptance before the one MIME pass.
/// </summary>
public sealed class HeaderFields
{
    /// <summary>Octets of a header block that are looked at; a longer block is not <see cref="IsComplete"/>.</summary>
    public const int MaximumLength = 1024 * 1024;

    private readonly ReadOnlyMemory<byte> _block;

    private HeaderFields(ReadOnlyMemory<byte> block, IReadOnlyList<HeaderField> fields, bool isComplete)
    {
        _block = block;
        Fields = fields;
        IsComplete = isComplete;
    }

    /// <summary>The fields in order.</summary>
    public IReadOnlyList<HeaderField> Fields { get; }

    /// <summary>Octets of the block, the empty line included.</summary>
    public int Length => _block.Length;

    /// <summary>False when the block is longer than <see cref="MaximumLength"/>.</summary>
    public bool IsComplete { get; }

    /// <summary>Reads the header block of a message.</summary>
    public static async ValueTask<HeaderFields> ReadAsync(MessageContent content, CancellationToken cancellationToken)
    {
        if (content.InMemory is { } octets)
        {
            return Read(octets, octets.Length > MaximumLength);
        }

        // Nearly every header block fits the first piece; only a long one is read further.
        await using var stream = content.OpenRead();
        var buffer = new byte[(int)Math.Min(content.Length, 32 * 1024)];
        var filled = 0;
        while (true)
        {
            filled += await stream.ReadAtLeastAsync(buffer.AsMemory(filled), buffer.Length - filled, throwOnEndOfStream: false, cancellationToken);
            var atEnd = filled < buffer.Length || filled == content.Length;
            if (atEnd || filled >= MaximumLength || HasEnd(buffer.AsSpan(0, filled)))
            {
                return Read(buffer.AsMemory(0, filled), !atEnd);
            }

            Array.Resize(ref buffer, (int)Math.Min(Math.Min(content.Length, MaximumLength), buffer.Length * 4L));
        }
    }

    /// <summary>Reads a header block that stands at the start of these octets.</summary>
    /// <param name="octets">Header block, and perhaps more.</param>
    /// <param name="mayGoOn">The message has more octets than these.</param>
    public static HeaderFields Read(ReadOnlyMemory<byte> octets, bool mayGoOn = false)
    {
        var text = octets.Span;
        var fields = new List<HeaderField>(16);
        var at = 0;
        while (at < text.Length && at < MaximumLength)
        {
            var next = LineEnd(text, at);
            if (IsEmptyLine(text[at..next]))
            {
                return new HeaderFields(octets[..next], fields, true);
            }

            while (next < text.Length && text[next] is (byte)' ' or (byte)'\t' && !IsEmptyLine(text[next..LineEnd(text, next)]))
            {
                next = LineEnd(text, next);
            }

            var colon = text[at..next].IndexOf((byte)':');
            var name = colon < 0 ? 0 : text.Slice(at, colon).TrimEnd(" \t"u8).Length;
            fields.Add(new HeaderField(at, name, at + colon + 1, next));
            at = next;
        }

        return new HeaderFields(octets[..at], fields, !mayGoOn);
    }

    /// <summary>Name in ASCII case-insensitive comparison.</summary>
    public bool IsNamed(HeaderField field, ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(_block.Span.Slice(field.Start, field.NameLength), name);

    /// <summary>True when the name begins so.</summary>
    public bool NameStartsWith(HeaderField field, ReadOnlySpan<byte> start) =>
        field.NameLength >= start.Length && Ascii.EqualsIgnoreCase(_block.Span.Slice(field.Start, start.Length), start);

    /// <summary>True when a field of this name is there.</summary>
    public bool Has(ReadOnlySpan<byte> name)
    {
        foreach (var field in Fields)
        {
            if (IsNamed(field, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The name as text.</summary>
    public string Name(HeaderField field) => System.Text.Encoding.Latin1.GetString(_block.Span.Slice(field.Start, field.NameLength));

    /// <summary>Raw octets of the whole field, line ends included.</summary>
    public ReadOnlyMemory<byte> Raw(HeaderField field) => _block[field.Start..field.End];

    /// <summary>Raw octets after the colon, line ends included.</summary>
    public ReadOnlyMemory<byte> Value(HeaderField field) => field.NameLength == 0 ? default : _block[field.ValueStart..field.End];

    private static bool HasEnd(ReadOnlySpan<byte> text) => text.IndexOf("\r\n\r\n"u8) >= 0 || text.IndexOf("\n\n"u8) >= 0;

    private static bool IsEmptyLine(ReadOnlySpan<byte> line) => line.Length switch
    {
        1 => line[0] == '\n',
        2 => line[0] == '\r' && line[1] == '\n',
        _ => false,
    };

    private static int LineEnd(ReadOnlySpan<byte> text, int at)
    {
        var end = text[at..].IndexOf((byte)'\n');
        return end < 0 ? text.Length : at + end + 1;
    }
}
