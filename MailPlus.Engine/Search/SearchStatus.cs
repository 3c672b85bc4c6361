namespace MailPlus.Engine.Search;

/// <summary>How the full-text index fares.</summary>
public enum SearchCondition
{
    /// <summary>Switched off, or the server does not run.</summary>
    Off,

    /// <summary>All mail is indexed.</summary>
    Ready,

    /// <summary>Some accounts have mail that is not indexed yet; searches read it.</summary>
    CatchingUp,

    /// <summary>It cannot be written at present; searches read what it lacks.</summary>
    Failing,
}

/// <summary>State of the full-text index.</summary>
/// <param name="Condition">How it fares.</param>
/// <param name="WaitingAccounts">Accounts with something to index.</param>
/// <param name="Rebuilds">Shards that were made anew since the start.</param>
/// <param name="Problem">What last went wrong, in English; "" while nothing does.</param>
public sealed record SearchStatus(SearchCondition Condition, int WaitingAccounts, int Rebuilds, string Problem)
{
    /// <summary>Messages in the parts of the index that are open.</summary>
    public int OpenMessages { get; init; }

    /// <summary>Octets of terms kept in memory.</summary>
    public long MemoryOctets { get; init; }
}
