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

    /// <summary>UIDAFTER (RFC 9738).</summary>
    UidAfter,
    UidBefore,
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
    EmailId,
    ThreadId,
    Header,
    Body,
    Text,

    /// <summary>OLDER, seconds (RFC 5032).</summary>
    Older,

    /// <summary>YOUNGER, seconds.</summary>
    Younger,

    /// <summary>SAVEDBEFORE (RFC 8514).</summary>
    SavedBefore,
    SavedOn,
    SavedSince,
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

    /// <summary>To be matched loosely (RFC 6203).</summary>
    public bool IsFuzzy { get; init; }

    /// <summary>Whether this key or one inside it is of a kind.</summary>
    public bool Uses(Func<SearchKey, bool> kind) => kind(this) || Keys.Any(k => k.Uses(kind));
}
