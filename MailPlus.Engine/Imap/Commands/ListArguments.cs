using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>Options of LIST (RFC 5258, RFC 6154, RFC 5819, RFC 8440).</summary>
[Flags]
internal enum ListOptions
{
    None = 0,
    SelectSubscribed = 1,
    SelectSpecialUse = 2,
    RecursiveMatch = 4,
    ReturnSubscribed = 8,
    ReturnMyRights = 16,
}

/// <summary>LIST arguments.</summary>
/// <param name="Patterns">What to match, reference included.</param>
/// <param name="Options">Options.</param>
internal sealed record ListArguments(IReadOnlyList<MailboxPattern> Patterns, ListOptions Options)
{
    private const int MaxPatterns = 50;

    /// <summary>Only the delimiter and root are wanted: the pattern is empty.</summary>
    public bool IsRootQuery { get; init; }

    /// <summary>STATUS to return with each mailbox, null for none.</summary>
    public StatusItems? Status { get; init; }

    /// <summary>Annotations to return with each mailbox (RFC 9590), null for none.</summary>
    public GetMetadataArguments? Metadata { get; init; }

    public static ListArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var options = ListOptions.None;
        if (reader.Peek() == '(')
        {
            options = ReadSelection(ref reader);
            reader.Space();
        }

        var reference = reader.Mailbox();
        reader.Space();
        var patterns = new List<string>();
        var isExtended = reader.TryTake((byte)'(');
        do
        {
            patterns.Add(patterns.Count < MaxPatterns ? reader.ListPattern() : throw new SyntaxException("Too many patterns"));
        }
        while (isExtended && reader.TryTake((byte)' '));
        if (isExtended)
        {
            reader.Take((byte)')');
        }

        StatusItems? status = null;
        GetMetadataArguments? metadata = null;
        if (reader.TryTake((byte)' '))
        {
            if (!reader.TryWord("RETURN"u8))
            {
                throw new SyntaxException("Expected RETURN");
            }

            reader.Space();
            isExtended = true;
            options |= ReadReturn(ref reader, out status, out metadata);
        }

        reader.End();
        return new ListArguments([.. patterns.Select(p => new MailboxPattern(reference, p))], options)
        {
            Status = status,
            Metadata = metadata,
            IsRootQuery = !isExtended && patterns[0].Length == 0,
        };
    }

    private static ListOptions ReadSelection(ref ArgumentReader reader)
    {
        var options = ListOptions.None;
        reader.Take((byte)'(');
        for (var count = 0; !reader.TryTake((byte)')'); count++)
        {
            if (count > 0)
            {
                reader.Space();
            }

            options |= reader.Word() switch
            {
                "SUBSCRIBED" => ListOptions.SelectSubscribed | ListOptions.ReturnSubscribed,
                "SPECIAL-USE" => ListOptions.SelectSpecialUse,
                "RECURSIVEMATCH" => ListOptions.RecursiveMatch,
                "REMOTE" => ListOptions.None, // there are no remote mailboxes
                _ => throw new SyntaxException("Unknown selection option"),
            };
        }

        return (options & ListOptions.RecursiveMatch) != 0 && (options & (ListOptions.SelectSubscribed | ListOptions.SelectSpecialUse)) == 0
            ? throw new SyntaxException("RECURSIVEMATCH needs another selection option")
            : options;
    }

    private static ListOptions ReadReturn(ref ArgumentReader reader, out StatusItems? status, out GetMetadataArguments? metadata)
    {
        var options = ListOptions.None;
        status = null;
        metadata = null;
        reader.Take((byte)'(');
        for (var count = 0; !reader.TryTake((byte)')'); count++)
        {
            if (count > 0)
            {
                reader.Space();
            }

            switch (reader.Word())
            {
                case "SUBSCRIBED":
                    options |= ListOptions.ReturnSubscribed;
                    break;
                case "MYRIGHTS":
                    options |= ListOptions.ReturnMyRights;
                    break;
                case "CHILDREN" or "SPECIAL-USE":
                    break; // always returned
                case "STATUS":
                    reader.Space();
                    status = StatusItems.Read(ref reader);
                    break;
                case "METADATA":
                    reader.Space();
                    metadata = new GetMetadataArguments("", MetadataEntry.ReadList(ref reader));
                    break;
                default:
                    throw new SyntaxException("Unknown return option");
            }
        }

        return options;
    }
}
