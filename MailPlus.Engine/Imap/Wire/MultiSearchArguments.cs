namespace MailPlus.Engine.Imap.Wire;

/// <summary>Arguments of ESEARCH (RFC 7377 4).</summary>
/// <param name="Sources">Mailboxes to search.</param>
/// <param name="Key">What to look for.</param>
/// <param name="Return">What to say of each mailbox.</param>
internal sealed record MultiSearchArguments(IReadOnlyList<MailboxFilter> Sources, SearchKey Key, SearchReturn Return)
{
    private const int MaxSources = 50;

    /// <summary>The selected mailbox is among them.</summary>
    public bool WantsSelected => Sources.Any(s => s.IsSelected);

    public static MultiSearchArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        IReadOnlyList<MailboxFilter> sources = [new MailboxFilter(MailboxFilterKind.Selected, [])];
        if (reader.TryWord("IN"u8))
        {
            reader.Space();
            sources = ReadSources(ref reader);
            reader.Space();
        }

        var result = SearchReturn.TryRead(ref reader);
        result = result.IsExtended ? result : new SearchReturn(ReturnItems.All);
        if (result.Has(ReturnItems.Save) && sources.Any(s => !s.IsSelected))
        {
            throw new SyntaxException("Only a result of the selected mailbox can be saved");
        }

        var key = SearchProgram.Read(ref reader, command.ForbidsCharset);
        result.Check(key, criteria: null);
        return new MultiSearchArguments(sources, key, result);
    }

    private static List<MailboxFilter> ReadSources(ref ArgumentReader reader)
    {
        reader.Take((byte)'(');
        var sources = new List<MailboxFilter>();
        do
        {
            if (reader.Peek() == '(')
            {
                throw new SyntaxException("Unknown scope option"); // RFC 7377 defines none
            }

            var source = MailboxFilter.Read(ref reader);
            if (source.Kind == MailboxFilterKind.SelectedDelayed || sources.Count >= MaxSources)
            {
                throw new SyntaxException("Unknown mailbox specifier, or too many");
            }

            sources.Add(source);
        }
        while (reader.TryTake((byte)' '));
        reader.Take((byte)')');
        return sources;
    }
}
