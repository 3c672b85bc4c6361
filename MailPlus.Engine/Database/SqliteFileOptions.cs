namespace MailPlus.Engine.Database;

/// <summary>How one SQLite database is opened. What is set at creation is hard to change later: page size, auto-vacuum, application id.</summary>
public sealed record SqliteFileOptions
{
    /// <summary>Absolute name of the database file; its folder must exist.</summary>
    public required string FileName { get; init; }

    /// <summary>Marks the file as ours (PRAGMA application_id); a file that bears another one is refused.</summary>
    public required int ApplicationId { get; init; }

    /// <summary>SQL scripts; the first makes version 1 of an empty file, each next one upgrades by one version. Their number is the version this binary knows.</summary>
    public required IReadOnlyList<string> Scripts { get; init; }

    /// <summary>Page size in octets of a new file.</summary>
    public int PageSize { get; init; } = 8192;

    /// <summary>Page cache of the writer in KiB.</summary>
    public int WriterCache { get; init; } = 1024;

    /// <summary>Page cache of each reader in KiB.</summary>
    public int ReaderCache { get; init; } = 512;

    /// <summary>Most reader connections, and so most reads that run at once on this file.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>Most items that wait to be written; more callers wait for room (back-pressure).</summary>
    public int Capacity { get; init; } = 1024;

    /// <summary>Octets in the write-ahead log after which it is copied back into the database.</summary>
    public int CheckpointOctets { get; init; } = 4 << 20;

    /// <summary>Runs once in each group that has a surviving item, last in the transaction: for counters written once a group. Its failure fails the group.</summary>
    public Action<SqliteSession>? BeforeCommit { get; init; }
}
