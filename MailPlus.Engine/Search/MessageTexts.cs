using MailPlus.Engine.Mime;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Search;

/// <summary>What a search looks at in a message, decoded: the same for a search that reads the message and for the index.</summary>
internal static class MessageTexts
{
    /// <summary>Octets of text parts above which a message is not indexed but read by every search.</summary>
    private const long MostIndexed = 2 * 1024 * 1024;

    /// <summary>The header fields: name and decoded value.</summary>
    public static async ValueTask<List<(string Name, string Value)>> FieldsAsync(StoredContent content, CancellationToken cancellationToken)
    {
        var fields = new List<(string Name, string Value)>();
        var header = HeaderFields.Read(await content.ReadRangeAsync(0, Math.Min(content.HeaderLength, HeaderFields.MaximumLength), cancellationToken));
        foreach (var field in header.Fields)
        {
            if (field.NameLength > 0)
            {
                fields.Add((header.Name(field), HeaderText.Decode(HeaderText.Unfold(header.Value(field).Span), null, HeaderText.MaxValueOctets)));
            }
        }

        return fields;
    }

    /// <summary>The texts of the body.</summary>
    public static List<string> Body(StoredContent content) => [.. MessageText.Searchable(content, StructureReader.Read(content))];

    /// <summary>The texts of the body; null when there is too much of it to be indexed.</summary>
    public static IEnumerable<string>? BodyToIndex(StoredContent content)
    {
        var tree = StructureReader.Read(content);
        var size = 0L;
        foreach (var part in tree.All())
        {
            size += part.Kind == PartKind.Leaf && part.Is("text") ? part.Size : 0;
        }

        return size > MostIndexed ? null : MessageText.Searchable(content, tree);
    }
}
