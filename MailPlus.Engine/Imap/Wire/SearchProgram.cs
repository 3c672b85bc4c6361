using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>Reads the charset and keys that SEARCH, SORT, THREAD and ESEARCH end in (RFC 3501 6.4.4, RFC 5256, RFC 5032, RFC 6203, RFC 8514).</summary>
internal static class SearchProgram
{
    private const int MaxKeys = 1000;
    private const int MaxNeedle = 4096;

    /// <summary>Keys after <c>CHARSET name</c>, which may be absent; up to the end of the command.</summary>
    public static SearchKey Read(ref ArgumentReader reader, bool forbidsCharset = false)
    {
        if (reader.TryWord("CHARSET"u8))
        {
            if (forbidsCharset)
            {
                throw new SyntaxException("With UTF8=ACCEPT no charset is named"); // RFC 6855 3
            }

            reader.Space();
            RequireCharset(reader.AStringText());
            reader.Space();
        }

        return ReadKeys(ref reader);
    }

    /// <summary>A charset that must be there, and keys (SORT and THREAD).</summary>
    public static SearchKey ReadWithCharset(ref ArgumentReader reader)
    {
        RequireCharset(reader.AStringText());
        reader.Space();
        return ReadKeys(ref reader);
    }

    private static void RequireCharset(string charset)
    {
        if (!charset.Equals("UTF-8", StringComparison.OrdinalIgnoreCase) && !charset.Equals("US-ASCII", StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "SearchCharset") { Field = "CHARSET" });
        }
    }

    private static SearchKey ReadKeys(ref ArgumentReader reader)
    {
        var count = 0;
        var keys = new List<SearchKey>();
        do
        {
            keys.Add(ReadKey(ref reader, 0, ref count, isFuzzy: false));
        }
        while (reader.TryTake((byte)' '));
        reader.End();
        return keys.Count == 1 ? keys[0] : new SearchKey(SearchSubject.And) { Keys = keys };
    }

    private static SearchKey ReadKey(ref ArgumentReader reader, int depth, ref int count, bool isFuzzy)
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
                keys.Add(ReadKey(ref reader, depth + 1, ref count, isFuzzy));
            }
            while (reader.TryTake((byte)' '));
            reader.Take((byte)')');
            return new SearchKey(SearchSubject.And) { Keys = keys };
        }

        if (reader.Peek() is (byte)'*' or (byte)'$' || char.IsAsciiDigit((char)reader.Peek()))
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
            case "BEFORE" or "ON" or "SINCE" or "SENTBEFORE" or "SENTON" or "SENTSINCE" or "SAVEDBEFORE" or "SAVEDON" or "SAVEDSINCE":
                reader.Space();
                return new SearchKey(Enum.Parse<SearchSubject>(word, ignoreCase: true)) { Day = reader.Date() };
            case "LARGER" or "SMALLER":
                reader.Space();
                return new SearchKey(word == "LARGER" ? SearchSubject.Larger : SearchSubject.Smaller) { Number = reader.Number() };
            case "UID":
                reader.Space();
                return new SearchKey(SearchSubject.Uid) { Set = reader.Sequence() };
            case "UIDAFTER" or "UIDBEFORE":
                reader.Space();
                return new SearchKey(word == "UIDAFTER" ? SearchSubject.UidAfter : SearchSubject.UidBefore) { Number = reader.Number() };
            case "BCC" or "CC" or "FROM" or "SUBJECT" or "TO":
                reader.Space();
                return new SearchKey(SearchSubject.Header) { Name = word, Needle = ReadNeedle(ref reader), IsFuzzy = isFuzzy };
            case "HEADER":
                reader.Space();
                var name = reader.AStringText();
                reader.Space();
                return new SearchKey(SearchSubject.Header) { Name = name, Needle = ReadNeedle(ref reader), IsFuzzy = isFuzzy };
            case "BODY" or "TEXT":
                reader.Space();
                return new SearchKey(word == "BODY" ? SearchSubject.Body : SearchSubject.Text) { Needle = ReadNeedle(ref reader), IsFuzzy = isFuzzy };
            case "NOT":
                reader.Space();
                return new SearchKey(SearchSubject.Not) { Keys = [ReadKey(ref reader, depth + 1, ref count, isFuzzy)] };
            case "OR":
                reader.Space();
                var one = ReadKey(ref reader, depth + 1, ref count, isFuzzy);
                reader.Space();
                return new SearchKey(SearchSubject.Or) { Keys = [one, ReadKey(ref reader, depth + 1, ref count, isFuzzy)] };
            case "OLDER" or "YOUNGER":
                reader.Space();
                var seconds = reader.Number();
                return seconds == 0
                    ? throw new SyntaxException("An interval must not be 0")
                    : new SearchKey(word == "OLDER" ? SearchSubject.Older : SearchSubject.Younger) { Number = seconds };
            case "SAVEDATESUPPORTED":
                return new SearchKey(SearchSubject.All); // every mailbox keeps save dates
            case "FUZZY":
                reader.Space();
                return ReadKey(ref reader, depth + 1, ref count, isFuzzy: true) with { IsFuzzy = true };
            case "EMAILID" or "THREADID":
                reader.Space();
                return new SearchKey(word == "EMAILID" ? SearchSubject.EmailId : SearchSubject.ThreadId) { Name = System.Text.Encoding.ASCII.GetString(reader.Atom()) };
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
        return UnicodeText.Normalised(needle, System.Text.NormalizationForm.FormC);
    }
}
