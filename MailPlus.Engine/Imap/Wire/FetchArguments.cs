using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>A data item of FETCH.</summary>
internal enum FetchAttribute
{
    Uid,
    Flags,
    InternalDate,
    Size,
    ModSeq,
    EmailId,
    ThreadId,
    Envelope,
    Body,
    BodyStructure,
    Section,
    Rfc822,
    Rfc822Header,
    Rfc822Text,

    /// <summary>When the message entered the mailbox (RFC 8514).</summary>
    SaveDate,

    /// <summary>A section with its transfer encoding undone (RFC 3516).</summary>
    Binary,

    /// <summary>Octets of the same.</summary>
    BinarySize,

    /// <summary>The first words of the message (RFC 8970).</summary>
    Preview,
}

/// <summary>One item asked for.</summary>
/// <param name="Attribute">Which.</param>
/// <param name="Section">Section of BODY[…].</param>
internal sealed record FetchItem(FetchAttribute Attribute, SectionPath? Section = null)
{
    /// <summary>BODY[…] as the answer names it, without PEEK and partial.</summary>
    public byte[] Label { get; init; } = [];

    /// <summary>First octet and count of a partial.</summary>
    public (long Start, long Count)? Partial { get; init; }

    /// <summary>Sets \Seen.</summary>
    public bool Marks { get; init; }
}

/// <summary>FETCH arguments (RFC 3501 6.4.5, RFC 7162 3.1.4.1).</summary>
/// <param name="Set">Messages.</param>
/// <param name="Items">Items in the order asked, each once.</param>
internal sealed record FetchArguments(SequenceSet Set, IReadOnlyList<FetchItem> Items)
{
    private const int MaxItems = 200;
    private const int MaxFieldNames = 200;

    private static readonly FetchAttribute[] Fast = [FetchAttribute.Flags, FetchAttribute.InternalDate, FetchAttribute.Size];

    /// <summary>CHANGEDSINCE, null for none.</summary>
    public long? ChangedSince { get; init; }

    /// <summary>Only a stretch of the messages the set names (RFC 9394 3.3), null for all.</summary>
    public PartialRange? Partial { get; init; }

    /// <summary>VANISHED (EARLIER) is wanted too (RFC 7162 3.2.6).</summary>
    public bool WantsVanished { get; init; }

    /// <summary>Whether MODSEQ is wanted, which enables CONDSTORE.</summary>
    public bool WantsModSeq => ChangedSince is not null || Items.Any(i => i.Attribute == FetchAttribute.ModSeq);

    public static FetchArguments Parse(CommandText command, bool byUid)
    {
        var reader = command.Read();
        reader.Space();
        var set = reader.Sequence();
        reader.Space();
        var items = new List<FetchItem>();
        if (byUid)
        {
            items.Add(new FetchItem(FetchAttribute.Uid));
        }

        if (reader.TryTake((byte)'('))
        {
            do
            {
                Add(items, ReadItem(ref reader));
            }
            while (reader.TryTake((byte)' '));
            reader.Take((byte)')');
        }
        else if (reader.TryWord("ALL"u8))
        {
            AddAll(items, [.. Fast, FetchAttribute.Envelope]);
        }
        else if (reader.TryWord("FAST"u8))
        {
            AddAll(items, Fast);
        }
        else if (reader.TryWord("FULL"u8))
        {
            AddAll(items, [.. Fast, FetchAttribute.Envelope, FetchAttribute.Body]);
        }
        else
        {
            Add(items, ReadItem(ref reader));
        }

        var arguments = new FetchArguments(set, items);
        if (reader.TryTake((byte)' '))
        {
            arguments = ReadModifiers(ref reader, arguments, byUid);
        }

        reader.End();
        if (arguments.WantsVanished && arguments.ChangedSince is null)
        {
            throw new SyntaxException("VANISHED needs CHANGEDSINCE");
        }

        if (arguments.ChangedSince is not null)
        {
            Add(items, new FetchItem(FetchAttribute.ModSeq));
        }

        return arguments;
    }

    /// <summary>Items in parentheses, as NOTIFY has them (RFC 5465 8).</summary>
    public static List<FetchItem> ReadItems(ref ArgumentReader reader)
    {
        var items = new List<FetchItem>();
        reader.Take((byte)'(');
        do
        {
            Add(items, ReadItem(ref reader));
        }
        while (reader.TryTake((byte)' '));
        reader.Take((byte)')');
        return items;
    }

    /// <summary>Modifiers in parentheses (RFC 4466 2.4), each once, in any order.</summary>
    private static FetchArguments ReadModifiers(ref ArgumentReader reader, FetchArguments arguments, bool byUid)
    {
        reader.Take((byte)'(');
        do
        {
            switch (reader.Word())
            {
                case "CHANGEDSINCE" when arguments.ChangedSince is null:
                    reader.Space();
                    arguments = arguments with { ChangedSince = reader.LongNumber() };
                    break;
                case "VANISHED" when !arguments.WantsVanished:
                    arguments = arguments with { WantsVanished = true };
                    break;
                case "PARTIAL" when byUid && arguments.Partial is null:
                    reader.Space();
                    arguments = arguments with { Partial = PartialRange.Read(ref reader) };
                    break;
                default:
                    throw new SyntaxException("Unknown FETCH modifier");
            }
        }
        while (reader.TryTake((byte)' '));
        reader.Take((byte)')');
        return arguments;
    }

    private static void AddAll(List<FetchItem> items, FetchAttribute[] attributes)
    {
        foreach (var attribute in attributes)
        {
            Add(items, new FetchItem(attribute));
        }
    }

    private static void Add(List<FetchItem> items, FetchItem item)
    {
        if (items.Count >= MaxItems)
        {
            throw new SyntaxException("Too many FETCH items");
        }

        if (item.Section is not null || !items.Exists(i => i.Attribute == item.Attribute))
        {
            items.Add(item);
        }
    }

    private static FetchItem ReadItem(ref ArgumentReader reader)
    {
        // BODY[ and BODY.PEEK[ are no atoms: '[' is an atom character, ']' is not.
        if (StartsWith(reader, "BODY["u8))
        {
            reader.Skip(5);
            return ReadSection(ref reader, marks: true);
        }

        if (StartsWith(reader, "BODY.PEEK["u8))
        {
            reader.Skip(10);
            return ReadSection(ref reader, marks: false);
        }

        if (StartsWith(reader, "BINARY["u8))
        {
            reader.Skip(7);
            return ReadBinary(ref reader, "BINARY["u8, FetchAttribute.Binary) with { Marks = true };
        }

        if (StartsWith(reader, "BINARY.PEEK["u8))
        {
            reader.Skip(12);
            return ReadBinary(ref reader, "BINARY["u8, FetchAttribute.Binary);
        }

        if (StartsWith(reader, "BINARY.SIZE["u8))
        {
            reader.Skip(12);
            return ReadBinary(ref reader, "BINARY.SIZE["u8, FetchAttribute.BinarySize);
        }

        return reader.Word() switch
        {
            "PREVIEW" => ReadPreview(ref reader),
            "UID" => new FetchItem(FetchAttribute.Uid),
            "FLAGS" => new FetchItem(FetchAttribute.Flags),
            "INTERNALDATE" => new FetchItem(FetchAttribute.InternalDate),
            "RFC822.SIZE" => new FetchItem(FetchAttribute.Size),
            "MODSEQ" => new FetchItem(FetchAttribute.ModSeq),
            "SAVEDATE" => new FetchItem(FetchAttribute.SaveDate),
            "EMAILID" => new FetchItem(FetchAttribute.EmailId),
            "THREADID" => new FetchItem(FetchAttribute.ThreadId),
            "ENVELOPE" => new FetchItem(FetchAttribute.Envelope),
            "BODY" => new FetchItem(FetchAttribute.Body),
            "BODYSTRUCTURE" => new FetchItem(FetchAttribute.BodyStructure),
            "RFC822" => new FetchItem(FetchAttribute.Rfc822, SectionPath.Message) { Marks = true, Label = "RFC822"u8.ToArray() },
            "RFC822.HEADER" => new FetchItem(FetchAttribute.Rfc822Header, new SectionPath([], SectionKind.Header)) { Label = "RFC822.HEADER"u8.ToArray() },
            "RFC822.TEXT" => new FetchItem(FetchAttribute.Rfc822Text, new SectionPath([], SectionKind.Text)) { Marks = true, Label = "RFC822.TEXT"u8.ToArray() },
            _ => throw new SyntaxException("Unknown FETCH item"),
        };
    }

    private static bool StartsWith(in ArgumentReader reader, ReadOnlySpan<byte> text) =>
        reader.Rest.Length >= text.Length && System.Text.Ascii.EqualsIgnoreCase(reader.Rest[..text.Length], text);

    /// <summary>The lazy form gives the same: previews are made at delivery (RFC 8970 3.2).</summary>
    private static FetchItem ReadPreview(ref ArgumentReader reader)
    {
        if (StartsWith(reader, " ("u8))
        {
            reader.Skip(2);
            if (!reader.TryWord("LAZY"u8))
            {
                throw new SyntaxException("Unknown PREVIEW modifier");
            }

            reader.Take((byte)')');
        }

        return new FetchItem(FetchAttribute.Preview);
    }

    private static FetchItem ReadBinary(ref ArgumentReader reader, ReadOnlySpan<byte> name, FetchAttribute attribute)
    {
        var label = new ByteBuilder(32);
        label.Append(name);
        var path = ReadPath(ref reader, label);
        if (path.Kind != SectionKind.Whole)
        {
            throw new SyntaxException("Invalid section");
        }

        var partial = attribute == FetchAttribute.Binary ? ReadPartial(ref reader, label) : null;
        return new FetchItem(attribute, path) { Label = label.ToArray(), Partial = partial };
    }

    private static FetchItem ReadSection(ref ArgumentReader reader, bool marks)
    {
        var label = new ByteBuilder(32);
        label.Append("BODY["u8);
        var path = ReadPath(ref reader, label);
        var partial = ReadPartial(ref reader, label);
        return new FetchItem(FetchAttribute.Section, path) { Label = label.ToArray(), Marks = marks, Partial = partial };
    }

    /// <summary>A section as a URL names it, null when it is none.</summary>
    public static SectionPath? TrySection(string text)
    {
        try
        {
            var reader = new ArgumentReader(System.Text.Encoding.UTF8.GetBytes(text + "]"));
            var path = ReadPath(ref reader, new ByteBuilder(32));
            return reader.AtEnd ? path : null;
        }
        catch (SyntaxException)
        {
            return null;
        }
    }

    /// <summary>A section up to and with the closing bracket.</summary>
    private static SectionPath ReadPath(ref ArgumentReader reader, ByteBuilder label)
    {
        var rest = reader.Rest;
        var length = rest.IndexOfAny((byte)']', (byte)' ');
        if (length < 0 || !SectionPath.TryParse(rest[..length], out var path))
        {
            throw new SyntaxException("Invalid section");
        }

        reader.Skip(length);
        label.Append(rest[..length]);
        if (path.Kind is SectionKind.Fields or SectionKind.FieldsNot)
        {
            path = path with { Fields = ReadFieldNames(ref reader, label) };
        }

        reader.Take((byte)']');
        label.Append((byte)']');
        return path;
    }

    private static (long Start, long Count)? ReadPartial(ref ArgumentReader reader, ByteBuilder label)
    {
        if (!reader.TryTake((byte)'<'))
        {
            return null;
        }

        var start = reader.Number();
        reader.Take((byte)'.');
        var count = reader.Number();
        reader.Take((byte)'>');
        label.Append((byte)'<');
        label.Append(start);
        label.Append((byte)'>');
        return count > 0 ? (start, count) : throw new SyntaxException("A partial of no octets");
    }

    private static List<string> ReadFieldNames(ref ArgumentReader reader, ByteBuilder label)
    {
        reader.Space();
        reader.Take((byte)'(');
        label.Append(" ("u8);
        var fields = new List<string>();
        do
        {
            var name = reader.AString();
            if (fields.Count >= MaxFieldNames || name.IsEmpty || name.IndexOfAnyExceptInRange((byte)'!', (byte)'~') >= 0)
            {
                throw new SyntaxException("Invalid header field names");
            }

            if (fields.Count > 0)
            {
                label.Append((byte)' ');
            }

            WriteName(label, name);
            fields.Add(System.Text.Encoding.ASCII.GetString(name));
        }
        while (reader.TryTake((byte)' '));
        reader.Take((byte)')');
        label.Append((byte)')');
        return fields;
    }

    private static void WriteName(ByteBuilder label, ReadOnlySpan<byte> name)
    {
        foreach (var c in name)
        {
            if (!ArgumentReader.IsAtomChar(c))
            {
                HeaderText.WriteString(label, name);
                return;
            }
        }

        label.Append(name);
    }
}
