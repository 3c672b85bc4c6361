using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Wire;

/// <summary>SEARCH arguments (RFC 3501 6.4.4, RFC 4731).</summary>
internal sealed record SearchArguments(SearchKey Key, SearchReturn Return)
{
    public static SearchArguments Parse(CommandText command, Action<SearchReturn>? returnKnown = null)
    {
        var reader = command.Read();
        reader.Space();
        var result = SearchReturn.TryRead(ref reader);
        returnKnown?.Invoke(result);
        var key = SearchProgram.Read(ref reader, command.ForbidsCharset);
        result.Check(key, criteria: null);
        return new SearchArguments(key, result);
    }
}

/// <summary>What one message is sorted by (RFC 5256 3, RFC 5957, RFC 6203 6).</summary>
internal enum SortCriterion
{
    Arrival,
    Cc,
    Date,
    From,
    Size,
    Subject,
    To,
    DisplayFrom,
    DisplayTo,
    Relevancy,
}

/// <summary>SORT arguments (RFC 5256 3, RFC 5267 3).</summary>
internal sealed record SortArguments(IReadOnlyList<(SortCriterion Criterion, bool IsReverse)> Criteria, SearchKey Key, SearchReturn Return)
{
    private const int MaxCriteria = 20;

    public static SortArguments Parse(CommandText command, Action<SearchReturn>? returnKnown = null)
    {
        var reader = command.Read();
        reader.Space();
        var result = SearchReturn.TryRead(ref reader);
        var criteria = ReadCriteria(ref reader);
        returnKnown?.Invoke(result);
        var key = SearchProgram.ReadWithCharset(ref reader);
        result.Check(key, criteria);
        return new SortArguments(criteria, key, result);
    }

    private static List<(SortCriterion Criterion, bool IsReverse)> ReadCriteria(ref ArgumentReader reader)
    {
        reader.Take((byte)'(');
        var criteria = new List<(SortCriterion Criterion, bool IsReverse)>();
        do
        {
            var isReverse = reader.TryWord("REVERSE"u8);
            if (isReverse)
            {
                reader.Space();
            }

            criteria.Add((Criterion(reader.Word()), isReverse));
        }
        while (criteria.Count < MaxCriteria && reader.TryTake((byte)' '));
        reader.Take((byte)')');
        reader.Space();
        return criteria;
    }

    private static SortCriterion Criterion(string word) => word switch
    {
        "ARRIVAL" => SortCriterion.Arrival,
        "CC" => SortCriterion.Cc,
        "DATE" => SortCriterion.Date,
        "FROM" => SortCriterion.From,
        "SIZE" => SortCriterion.Size,
        "SUBJECT" => SortCriterion.Subject,
        "TO" => SortCriterion.To,
        "DISPLAYFROM" => SortCriterion.DisplayFrom,
        "DISPLAYTO" => SortCriterion.DisplayTo,
        "RELEVANCY" => SortCriterion.Relevancy,
        _ => throw new SyntaxException("Unknown sort criterion"),
    };
}

/// <summary>How messages are joined to threads.</summary>
internal enum ThreadAlgorithm
{
    /// <summary>By base subject alone.</summary>
    OrderedSubject,

    /// <summary>By References and subject (RFC 5256 3).</summary>
    References,

    /// <summary>By References alone, threads in the order of their newest message (draft-ietf-morg-inthread).</summary>
    Refs,
}

/// <summary>THREAD arguments (RFC 5256 3).</summary>
internal sealed record ThreadArguments(ThreadAlgorithm Algorithm, SearchKey Key)
{
    public static ThreadArguments Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var algorithm = reader.Word() switch
        {
            "ORDEREDSUBJECT" => ThreadAlgorithm.OrderedSubject,
            "REFERENCES" => ThreadAlgorithm.References,
            "REFS" => ThreadAlgorithm.Refs,
            _ => throw new SyntaxException("Unknown threading algorithm"),
        };
        reader.Space();
        return new ThreadArguments(algorithm, SearchProgram.ReadWithCharset(ref reader));
    }
}
