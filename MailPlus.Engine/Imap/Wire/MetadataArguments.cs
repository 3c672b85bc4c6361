namespace MailPlus.Engine.Imap.Wire;

/// <summary>Names of annotations (RFC 5464 3.2).</summary>
internal static class MetadataEntry
{
    public const int MaxEntries = 100;

    private const int MaxLength = 1024;
    private const int MaxLevels = 20;

    /// <summary>Reads a name to look for: a prefix with or without levels below it.</summary>
    public static string Read(ref ArgumentReader reader)
    {
        var entry = reader.AStringText();
        return IsValid(entry) ? entry : throw new SyntaxException("Invalid entry name");
    }

    /// <summary>Reads a name to be set, which has two levels, or four where it is a vendor's.</summary>
    public static string ReadFull(ref ArgumentReader reader)
    {
        var entry = Read(ref reader);
        var levels = entry.Split('/');
        var needed = levels.Length > 2 && levels[2].Equals("vendor", StringComparison.OrdinalIgnoreCase) ? 4 : 2;
        return levels.Length > needed ? entry : throw new SyntaxException("Incomplete entry name");
    }

    /// <summary>One name, or a list of them.</summary>
    public static List<string> ReadList(ref ArgumentReader reader)
    {
        if (!reader.TryTake((byte)'('))
        {
            return [Read(ref reader)];
        }

        var entries = new List<string>();
        do
        {
            entries.Add(entries.Count < MaxEntries ? Read(ref reader) : throw new SyntaxException("Too many entries"));
        }
        while (reader.TryTake((byte)' '));
        reader.Take((byte)')');
        return entries;
    }

    private static bool IsValid(string entry)
    {
        var levels = entry.Split('/');
        return entry.Length <= MaxLength && levels.Length is > 1 and <= MaxLevels + 1 && levels[0].Length == 0
            && (levels[1].Equals("private", StringComparison.OrdinalIgnoreCase) || levels[1].Equals("shared", StringComparison.OrdinalIgnoreCase))
            && Array.TrueForAll(levels[1..], l => l.Length > 0) && entry.All(c => c is >= ' ' and <= '~' and not ('*' or '%'));
    }
}

/// <summary>Arguments of GETMETADATA (RFC 5464 4.2).</summary>
/// <param name="Mailbox">The mailbox; "" for the server.</param>
/// <param name="Entries">Names, each once.</param>
internal sealed record GetMetadataArguments(string Mailbox, IReadOnlyList<string> Entries)
{
    /// <summary>Longer values are held back; null for none.</summary>
    public uint? MaxSize { get; init; }

    /// <summary>Levels below the names that are wanted too: 0, 1, or all (-1).</summary>
    public int Depth { get; init; }

    public static GetMetadataArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var options = new GetMetadataArguments("", []);
        var hasOptions = reader.Peek() == '(';
        if (hasOptions)
        {
            options = ReadOptions(ref reader, options);
            reader.Space();
        }

        var mailbox = reader.Mailbox();
        reader.Space();
        if (!hasOptions && StartsOptions(reader))
        {
            // The RFC's first examples had the options here, and clients have followed them (errata 2785, 2786).
            options = ReadOptions(ref reader, options);
            reader.Space();
        }

        var entries = MetadataEntry.ReadList(ref reader);
        reader.End();
        return options with { Mailbox = mailbox, Entries = [.. entries.Distinct(StringComparer.OrdinalIgnoreCase)] };
    }

    /// <summary>Whether an annotation is one of those asked for.</summary>
    public bool Wants(string entry) => Entries.Any(wanted => entry.Equals(wanted, StringComparison.OrdinalIgnoreCase)
        || (Depth != 0 && entry.Length > wanted.Length && entry[wanted.Length] == '/' && entry.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)
            && (Depth < 0 || entry.IndexOf('/', wanted.Length + 1) < 0)));

    private static bool StartsOptions(ArgumentReader reader) => reader.TryTake((byte)'(') && (reader.TryWord("MAXSIZE"u8) || reader.TryWord("DEPTH"u8));

    private static GetMetadataArguments ReadOptions(ref ArgumentReader reader, GetMetadataArguments options)
    {
        reader.Take((byte)'(');
        do
        {
            if (reader.TryWord("MAXSIZE"u8))
            {
                reader.Space();
                options = options with { MaxSize = reader.Number() };
            }
            else if (reader.TryWord("DEPTH"u8))
            {
                reader.Space();
                options = options with
                {
                    Depth = reader.Word() switch { "0" => 0, "1" => 1, "INFINITY" => -1, _ => throw new SyntaxException("Unknown depth") },
                };
            }
            else
            {
                throw new SyntaxException("Unknown GETMETADATA option");
            }
        }
        while (reader.TryTake((byte)' '));
        reader.Take((byte)')');
        return options;
    }
}

/// <summary>Arguments of SETMETADATA (RFC 5464 4.3).</summary>
/// <param name="Mailbox">The mailbox; "" for the server.</param>
/// <param name="Values">Names and values; null removes.</param>
internal sealed record SetMetadataArguments(string Mailbox, IReadOnlyList<(string Entry, byte[]? Value)> Values)
{
    public static SetMetadataArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var mailbox = reader.Mailbox();
        reader.Space();
        reader.Take((byte)'(');
        var values = new List<(string Entry, byte[]? Value)>();
        do
        {
            var entry = MetadataEntry.ReadFull(ref reader);
            reader.Space();
            if (values.Count >= MetadataEntry.MaxEntries)
            {
                throw new SyntaxException("Too many entries");
            }

            values.RemoveAll(v => v.Entry.Equals(entry, StringComparison.OrdinalIgnoreCase));
            values.Add((entry, reader.NBinary()));
        }
        while (reader.TryTake((byte)' '));
        reader.Take((byte)')');
        reader.End();
        return new SetMetadataArguments(mailbox, values);
    }
}
