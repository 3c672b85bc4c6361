namespace MailPlus.Engine.Search;

/// <summary>Sizes and times of the full-text index.</summary>
internal sealed record SearchOptions
{
    /// <summary>Shards the accounts are spread over; fixed when the index is made.</summary>
    public int Shards { get; init; } = 8;

    /// <summary>Shards open at once; the least recently used one is closed for another.</summary>
    public int OpenShards { get; init; } = 8;

    /// <summary>Megabytes a shard gathers in memory before it writes.</summary>
    public double BufferMegabytes { get; init; } = 8;

    /// <summary>Octets of terms kept in memory for searching inside words, all shards together.</summary>
    public long VocabularyOctets { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long changes are gathered before they are indexed.</summary>
    public TimeSpan Gathering { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>What a killed process may have to index again: so long after the first change it is put on the disk.</summary>
    public TimeSpan CommitAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Or after so many messages.</summary>
    public int CommitMessages { get; init; } = 20_000;

    /// <summary>A shard that nobody used for so long is closed.</summary>
    public TimeSpan CloseAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Rest after a failure to write, so that a full disk is left to the mail.</summary>
    public TimeSpan RestAfterFailure { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Nothing is indexed while the file system has less left than this.</summary>
    public long LeastFreeOctets { get; init; } = 64 * 1024 * 1024;

    /// <summary>Messages of one account indexed before another has its turn.</summary>
    public int MessagesPerTurn { get; init; } = 1000;

    /// <summary>Opens the folder of a shard.</summary>
    public Func<string, Lucene.Net.Store.Directory> OpenFolder { get; init; } =
        folder => new Lucene.Net.Store.MMapDirectory(new DirectoryInfo(folder), Lucene.Net.Store.NoLockFactory.GetNoLockFactory()); // the data folder is locked
}
