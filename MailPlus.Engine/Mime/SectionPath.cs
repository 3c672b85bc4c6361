using System.Buffers.Text;
using System.Text;

namespace MailPlus.Engine.Mime;

/// <summary>What of a part is meant (RFC 3501 6.4.5).</summary>
internal enum SectionKind
{
    /// <summary>The whole message, or the body of a part.</summary>
    Whole,

    /// <summary>HEADER.</summary>
    Header,

    /// <summary>HEADER.FIELDS.</summary>
    Fields,

    /// <summary>HEADER.FIELDS.NOT.</summary>
    FieldsNot,

    /// <summary>TEXT.</summary>
    Text,

    /// <summary>MIME: the header of a part.</summary>
    Mime,
}

/// <summary>A section specification such as <c>1.2.HEADER.FIELDS (Subject)</c>.</summary>
/// <param name="Numbers">Part numbers, each at least 1; empty for the message itself.</param>
/// <param name="Kind">What of it.</param>
internal sealed record SectionPath(IReadOnlyList<int> Numbers, SectionKind Kind)
{
    /// <summary>Levels a path may name; deeper than any tree is.</summary>
    public const int MaxNumbers = StructureReader.MaxDepth + 2;

    /// <summary>Field names of HEADER.FIELDS, as given.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>The whole message.</summary>
    public static SectionPath Message { get; } = new([], SectionKind.Whole);

    /// <summary>Reads the text inside the brackets up to the list of fields.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out SectionPath path)
    {
        path = Message;
        var numbers = new List<int>();
        while (!text.IsEmpty && char.IsAsciiDigit((char)text[0]))
        {
            if (!Utf8Parser.TryParse(text, out int number, out var used) || number < 1 || numbers.Count == MaxNumbers)
            {
                return false;
            }

            numbers.Add(number);
            text = text[used..];
            if (text.IsEmpty)
            {
                path = new SectionPath(numbers, SectionKind.Whole);
                return true;
            }

            if (text[0] != '.' || text.Length == 1)
            {
                return false;
            }

            text = text[1..];
        }

        SectionKind? kind = text.Length switch
        {
            0 when numbers.Count == 0 => SectionKind.Whole,
            4 when Ascii.EqualsIgnoreCase(text, "TEXT"u8) => SectionKind.Text,
            4 when Ascii.EqualsIgnoreCase(text, "MIME"u8) && numbers.Count > 0 => SectionKind.Mime,
            6 when Ascii.EqualsIgnoreCase(text, "HEADER"u8) => SectionKind.Header,
            13 when Ascii.EqualsIgnoreCase(text, "HEADER.FIELDS"u8) => SectionKind.Fields,
            17 when Ascii.EqualsIgnoreCase(text, "HEADER.FIELDS.NOT"u8) => SectionKind.FieldsNot,
            _ => null,
        };
        if (kind is not { } known)
        {
            return false;
        }

        path = new SectionPath(numbers, known);
        return true;
    }
}
