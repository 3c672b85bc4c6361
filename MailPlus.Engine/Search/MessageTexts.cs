using System.Collections.Frozen;
using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Search;

/// <summary>What a search looks at in a message, decoded: the same for a search that reads the message and for the index.</summary>
internal static class MessageTexts
{
    /// <summary>Octets of text parts above which a message is not indexed but read by every search.</summary>
    private const long MostIndexed = 2 * 1024 * 1024;

    private static readonly FrozenSet<string> AddressFields = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "From", "To", "Cc", "Bcc");

    /// <summary>
    /// The header fields: name and decoded value. An address that is written with comments or white space between its parts stands once more as ENVELOPE has it, for
    /// FROM, TO, CC and BCC look for texts in that (RFC 3501 6.4.4).
    /// </summary>
    public static async ValueTask<List<(string Name, string Value)>> FieldsAsync(StoredContent content, CancellationToken cancellationToken)
    {
        var fields = new List<(string Name, string Value)>();
        var header = HeaderFields.Read(await content.ReadRangeAsync(0, Math.Min(content.HeaderLength, HeaderFields.MaximumLength), cancellationToken));
        foreach (var field in header.Fields)
        {
            if (field.NameLength > 0)
            {
                var (name, value) = (header.Name(field), HeaderText.Unfold(header.Value(field).Span));
                fields.Add((name, HeaderText.Decode(value, null, HeaderText.MaxValueOctets)));
                if (AddressFields.Contains(name) && value.Contains((byte)'('))
                {
                    AddAddresses(fields, name, value);
                }
            }
        }

        return fields;
    }

    private static void AddAddresses(List<(string Name, string Value)> fields, string name, byte[] value)
    {
        var written = fields[^1].Value;
        var list = new AddressList();
        list.Read(value);
        foreach (var entry in list.Entries)
        {
            var address = $"{Encoding.UTF8.GetString(list[entry.Local])}@{Encoding.UTF8.GetString(list[entry.Domain])}";
            if (entry.Kind == AddressEntryKind.Mailbox && !written.Contains(address, StringComparison.OrdinalIgnoreCase))
            {
                fields.Add((name, address));
            }
        }
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
