using MailPlus.Engine.Primitives;
using Microsoft.Data.Sqlite;

namespace MailPlus.Engine.Database;

/// <summary>How durable a commit must be before its waiters are told.</summary>
public enum Durability
{
    /// <summary>On stable storage: for everything acknowledged (250, APPEND, COPY, MOVE, EXPUNGE, Saved).</summary>
    Full,

    /// <summary>Survives a killed process, not necessarily a power cut: flag-only changes.</summary>
    Process,
}

/// <summary>
/// One SQLite database with one writer that commits all waiting work in one transaction, a savepoint an item (mail-rules 4), and readers on connections of their own.
/// All SQLite calls run on a bounded set of dedicated threads (<see cref="SqliteThreads"/>), because Microsoft.Data.Sqlite's async calls block.
/// </summary>
public abstract class SqliteFile : SqlFile
{
    /// <summary>Opens a database, making or upgrading it as needed (a copy <c>NAME.v1</c> of the old version is kept beside it).</summary>
    /// <exception cref="RefusedException">Unavailable: broken, not ours, made by a newer binary, or the disk does not allow it.</exception>
    public static Task<SqliteFile> OpenAsync(SqliteFileOptions options, SqliteThreads threads, CancellationToken cancellationToken) =>
        threads.RunAsync<SqliteFile>(() => new GroupCommitFile(options, threads), cancellationToken);

    /// <summary>Runs work inside the next group commit. The item's exception rolls back its own savepoint and fails its own task only; a failed commit fails all its items.</summary>
    /// <param name="work">Runs on a writer thread inside a savepoint; must not block on anything but this database.</param>
    /// <param name="durability">The group is committed at the highest durability among its items.</param>
    /// <param name="cancellationToken">Honoured until the item is taken into a group.</param>
    /// <returns>The result, after the commit.</returns>
    public abstract Task<T> WriteAsync<T>(Func<SqliteSession, T> work, Durability durability, CancellationToken cancellationToken);

    /// <summary>Runs a read on a reader connection, in one read transaction.</summary>
    public abstract Task<T> ReadAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public sealed override Task<T> WriteAsync<T>(Func<SqlSession, T> work, Durability durability, CancellationToken cancellationToken) =>
        WriteAsync((Func<SqliteSession, T>)work, durability, cancellationToken);

    /// <inheritdoc/>
    public sealed override Task<T> ReadAsync<T>(Func<SqlSession, T> work, CancellationToken cancellationToken) => ReadAsync((Func<SqliteSession, T>)work, cancellationToken);
}

/// <summary>One connection with its prepared statements. Used by one thread at a time.</summary>
public abstract class SqliteSession : SqlSession
{
    /// <summary>The connection.</summary>
    public abstract SqliteConnection Connection { get; }

    /// <summary>A prepared command for this text, kept for the life of the connection; parameters are set by position of <c>@p0</c>, <c>@p1</c>… and must all be given.</summary>
    public abstract SqliteCommand Prepare(string sql, params ReadOnlySpan<object?> parameters);

    /// <summary>A prepared statement for hot paths, kept for the life of the connection, reset and without parameters. Ends with the work that asked for it.</summary>
    public abstract override SqliteStatement Statement(string sql);
}
