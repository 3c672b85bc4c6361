namespace MailPlus.Engine.Imap.Wire;

/// <summary>Items of an ESEARCH answer (RFC 4731, RFC 5182, RFC 5267, RFC 6203).</summary>
[Flags]
internal enum ReturnItems
{
    None = 0,
    Min = 1,
    Max = 2,
    All = 4,
    Count = 8,
    Relevancy = 16,

    /// <summary>Keep the result as "$".</summary>
    Save = 32,

    /// <summary>Tell what enters and leaves the result from now on (RFC 5267 4.3).</summary>
    Update = 64,

    /// <summary>A hint that more of the same will be asked (RFC 5267 4.2); nothing follows from it.</summary>
    Context = 128,
}

/// <summary>A stretch of a result, counted from 1 at its start, or at its end when <paramref name="FromEnd"/> (RFC 9394).</summary>
internal readonly record struct PartialRange(uint First, uint Last, bool FromEnd)
{
    /// <summary>Reads <c>1:100</c> or <c>-1:-100</c>.</summary>
    public static PartialRange Read(ref ArgumentReader reader)
    {
        var fromEnd = reader.TryTake((byte)'-');
        var first = reader.Number();
        reader.Take((byte)':');
        if (fromEnd)
        {
            reader.Take((byte)'-');
        }

        var last = reader.Number();
        return first == 0 || last == 0 ? throw new SyntaxException("Expected a range") : new PartialRange(first, last, fromEnd);
    }

    /// <summary>The zero-based start and the length of the stretch in a result of so many.</summary>
    public (int Start, int Count) Of(int count)
    {
        var from = (long)Math.Min(First, Last) - 1;
        var to = Math.Min(Math.Max(First, Last), count);
        return from >= to ? (0, 0) : FromEnd ? (count - (int)to, (int)(to - from)) : ((int)from, (int)(to - from));
    }

    /// <summary>The smaller number first, whichever way it was asked.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{(FromEnd ? "-" : "")}{Math.Min(First, Last)}:{(FromEnd ? "-" : "")}{Math.Max(First, Last)}");
}

/// <summary>What a search returns; <see cref="Plain"/> without RETURN.</summary>
internal sealed record SearchReturn(ReturnItems Items)
{
    /// <summary>No RETURN was given: the plain response.</summary>
    public static SearchReturn Plain { get; } = new(ReturnItems.None);

    /// <summary>RETURN was given.</summary>
    public bool IsExtended => !ReferenceEquals(this, Plain);

    /// <summary>Only a stretch of the result.</summary>
    public PartialRange? Partial { get; init; }

    public bool Has(ReturnItems item) => (Items & item) != 0;

    /// <summary>Only SAVE was asked: then no ESEARCH is sent (RFC 9051 6.4.4).</summary>
    public bool IsSilent => (Items & ~ReturnItems.Context) == ReturnItems.Save && Partial is null;

    /// <summary>Reads <c>RETURN (…)</c> and the space after it where it is there.</summary>
    public static SearchReturn TryRead(ref ArgumentReader reader)
    {
        if (!reader.TryWord("RETURN"u8))
        {
            return Plain;
        }

        reader.Space();
        reader.Take((byte)'(');
        var items = ReturnItems.None;
        PartialRange? partial = null;
        for (var isFirst = true; !reader.TryTake((byte)')'); isFirst = false)
        {
            if (!isFirst)
            {
                reader.Space();
            }

            var word = reader.Word();
            if (word == "PARTIAL")
            {
                reader.Space();
                partial = partial is null ? PartialRange.Read(ref reader) : throw new SyntaxException("PARTIAL twice");
            }
            else
            {
                items |= Item(word);
            }
        }

        reader.Space();
        if (partial is not null && (items & ReturnItems.All) != 0)
        {
            throw new SyntaxException("ALL and PARTIAL exclude each other");
        }

        return new SearchReturn(partial is not null || (items & ~ReturnItems.Context) != ReturnItems.None ? items : items | ReturnItems.All) { Partial = partial };
    }

    /// <summary>Refuses what only goes with a fuzzy key (RFC 6203 4, 6).</summary>
    public void Check(SearchKey key, IReadOnlyList<(SortCriterion Criterion, bool IsReverse)>? criteria)
    {
        var needsFuzzy = Has(ReturnItems.Relevancy) || (criteria?.Any(c => c.Criterion == SortCriterion.Relevancy) ?? false);
        if (needsFuzzy && !key.Uses(k => k.IsFuzzy))
        {
            throw new SyntaxException("RELEVANCY needs a FUZZY key");
        }
    }

    private static ReturnItems Item(string word) => word switch
    {
        "MIN" => ReturnItems.Min,
        "MAX" => ReturnItems.Max,
        "ALL" => ReturnItems.All,
        "COUNT" => ReturnItems.Count,
        "SAVE" => ReturnItems.Save,
        "RELEVANCY" => ReturnItems.Relevancy,
        "UPDATE" => ReturnItems.Update,
        "CONTEXT" => ReturnItems.Context,
        _ => throw new SyntaxException("Unknown search return option"),
    };
}
