using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>What a search key looks at.</summary>
internal enum SearchSubject
{
    All,
    And,
    Or,
    Not,
    Sequence,
    Uid,
    Flag,
    NoFlag,
    Recent,
    Old,
    New,
    Before,
    On,
    Since,
    SentBefore,
    SentOn,
    SentSince,
    Larger,
    Smaller,
    ModSeq,
    Header,
    Body,
    Text,
}

/// <summary>One search key (RFC 3501 6.4.4); which fields are set depends on the subject.</summary>
internal sealed record SearchKey(SearchSubject Subject)
{
    public IReadOnlyList<SearchKey> Keys { get; init; } = [];

    public SequenceSet? Set { get; init; }

    /// <summary>Flag, keyword, or header field name.</summary>
    public string Name { get; init; } = "";

    /// <summary>What to look for.</summary>
    public string Needle { get; init; } = "";

    public DateOnly Day { get; init; }

    public long Number { get; init; }
}

/// <summary>What a SEARCH returns (RFC 4731).</summary>
[Flags]
internal enum SearchReturn
{
    /// <summary>No RETURN: the plain SEARCH response.</summary>
    Plain = 0,
    Min = 1,
    Max = 2,
    All = 4,
    Count = 8,

    /// <summary>RETURN was given.</summary>
    Extended = 16,
}

/// <summary>SEARCH arguments.</summary>
internal sealed record SearchArguments(SearchKey Key, SearchReturn Return)
{
    private const int MaxKeys = 1000;
    private const int MaxNeedle = 4096;

    /// <summary>A MODSEQ key was used, which enables CONDSTORE and adds MODSEQ to the answer.</summary>
    public bool UsesModSeq { get; init; }

    public static SearchArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var result = SearchReturn.Plain;
        if (reader.TryWord("RETURN"u8))
        {
            reader.Space();
            result = ReadReturn(ref reader);
            reader.Space();
        }

        if (reader.TryWord("CHARSET"u8))
        {
            reader.Space();
            var charset = reader.AStringText();
            if (!charset.Equals("UTF-8", StringComparison.OrdinalIgnoreCase) && !charset.Equals("US-ASCII", StringComparison.OrdinalIgnoreCase))
            {
                throw new RefusedException(new Refusal(RefusalKind.Invalid, "SearchCharset") { Field = "CHARSET" });
            }

            reader.Space();
        }

        var count = 0;
        var keys = new List<SearchKey>();
        do
        {
            keys.Add(ReadKey(ref reader, 0, ref count));
        }
        while (reader.TryTake((byte)' '));
        reader.End();
        var key = keys.Count == 1 ? keys[0] : new SearchKey(SearchSubject.And) { Keys = keys };
        return new SearchArguments(key, result) { UsesModSeq = Uses(key, SearchSubject.ModSeq) };
    }

    private static bool Uses(SearchKey key, SearchSubject subject) => key.Subject == subject || key.Keys.Any(k => Uses(k, subject));

    private static SearchReturn ReadReturn(ref ArgumentReader reader)
    {
        reader.Take((byte)'(');
        var result = SearchReturn.Extended;
        while (!reader.TryTake((byte)')'))
        {
            if (result != SearchReturn.Extended)
            {
                reader.Space();
            }

            result |= reader.Word() switch
            {
                "MIN" => SearchReturn.Min,
                "MAX" => SearchReturn.Max,
                "ALL" => SearchReturn.All,
                "COUNT" => SearchReturn.Count,
                _ => throw new SyntaxException("Unknown search return option"),
            };
        }

        return result == SearchReturn.Extended ? result | SearchReturn.All : result;
    }

    private static SearchKey ReadKey(ref ArgumentReader reader, int depth, ref int count)
    {
        if (depth > ArgumentReader.MaxDepth || ++count > MaxKeys)
        {
            throw new SyntaxException("Search is too complex");
        }

        if (reader.TryTake((byte)'('))
        {
            var keys = new List<SearchKey>();
            do
            {
                keys.Add(ReadKey(ref reader, depth + 1, ref count));
            }
            while (reader.TryTake((byte)' '));
            reader.Take((byte)')');
            return new SearchKey(SearchSubject.And) { Keys = keys };
        }

        if (reader.Peek() == '*' || char.IsAsciiDigit((char)reader.Peek()))
        {
            return new SearchKey(SearchSubject.Sequence) { Set = reader.Sequence() };
        }

        var word = reader.Word();
        switch (word)
        {
            case "ALL":
                return new SearchKey(SearchSubject.All);
            case "ANSWERED" or "DELETED" or "DRAFT" or "FLAGGED" or "SEEN":
                return new SearchKey(SearchSubject.Flag) { Name = "\\" + word };
            case "UNANSWERED" or "UNDELETED" or "UNDRAFT" or "UNFLAGGED" or "UNSEEN":
                return new SearchKey(SearchSubject.NoFlag) { Name = "\\" + word[2..] };
            case "KEYWORD":
                reader.Space();
                return new SearchKey(SearchSubject.Flag) { Name = reader.Flag() };
            case "UNKEYWORD":
                reader.Space();
                return new SearchKey(SearchSubject.NoFlag) { Name = reader.Flag() };
            case "RECENT":
                return new SearchKey(SearchSubject.Recent);
            case "OLD":
                return new SearchKey(SearchSubject.Old);
            case "NEW":
                return new SearchKey(SearchSubject.New);
            case "BEFORE" or "ON" or "SINCE" or "SENTBEFORE" or "SENTON" or "SENTSINCE":
                reader.Space();
                return new SearchKey(Enum.Parse<SearchSubject>(word, ignoreCase: true)) { Day = reader.Date() };
            case "LARGER" or "SMALLER":
                reader.Space();
                return new SearchKey(word == "LARGER" ? SearchSubject.Larger : SearchSubject.Smaller) { Number = reader.Number() };
            case "UID":
                reader.Space();
                return new SearchKey(SearchSubject.Uid) { Set = reader.Sequence() };
            case "BCC" or "CC" or "FROM" or "SUBJECT" or "TO":
                reader.Space();
                return new SearchKey(SearchSubject.Header) { Name = word, Needle = ReadNeedle(ref reader) };
            case "HEADER":
                reader.Space();
                var name = reader.AStringText();
                reader.Space();
                return new SearchKey(SearchSubject.Header) { Name = name, Needle = ReadNeedle(ref reader) };
            case "BODY" or "TEXT":
                reader.Space();
                return new SearchKey(word == "BODY" ? SearchSubject.Body : SearchSubject.Text) { Needle = ReadNeedle(ref reader) };
            case "NOT":
                reader.Space();
                return new SearchKey(SearchSubject.Not) { Keys = [ReadKey(ref reader, depth + 1, ref count)] };
            case "OR":
                reader.Space();
                var one = ReadKey(ref reader, depth + 1, ref count);
                reader.Space();
                return new SearchKey(SearchSubject.Or) { Keys = [one, ReadKey(ref reader, depth + 1, ref count)] };
            case "MODSEQ":
                reader.Space();
                return ReadModSeq(ref reader);
            default:
                throw new SyntaxException("Unknown search key");
        }
    }

    private static SearchKey ReadModSeq(ref ArgumentReader reader)
    {
        if (reader.Peek() == '"')
        {
            // Entry name and type are for per-flag mod-sequences, which we do not keep: RFC 7162 3.1.5 lets us use the message's.
            reader.String();
            reader.Space();
            if (reader.Word() is not ("PRIV" or "SHARED" or "ALL"))
            {
                throw new SyntaxException("Unknown entry type");
            }

            reader.Space();
        }

        return new SearchKey(SearchSubject.ModSeq) { Number = reader.LongNumber() };
    }

    private static string ReadNeedle(ref ArgumentReader reader)
    {
        var octets = reader.AString();
        if (octets.Length > MaxNeedle || !System.Text.Unicode.Utf8.IsValid(octets))
        {
            throw new SyntaxException("Search text is too long or not UTF-8");
        }

        var needle = System.Text.Encoding.UTF8.GetString(octets);

        // Some systems send Korean in decomposed form; stored mail is nearly always composed.
        return System.Text.Ascii.IsValid(needle) ? needle : needle.Normalize(System.Text.NormalizationForm.FormC);
    }
}
