using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Database;

/// <summary>
/// A set of tables with one writer in this process that commits all waiting work in one transaction (mail-rules 4), and readers beside it: a SQLite file, or the
/// part of a PostgreSQL database that belongs to one account or to the queue. Work is written once for both; see <see cref="SqlText"/>.
/// </summary>
public abstract class SqlFile : IAsyncDisposable
{
    /// <summary>Runs work inside the next group commit. The item's exception undoes and fails its own work only; a failed commit fails all its items.</summary>
    /// <param name="work">Runs on a database thread; must not block on anything but this database, and may be run again when the group has to be.</param>
    /// <param name="durability">The group is committed at the highest durability among its items.</param>
    /// <param name="cancellationToken">Honoured until the item is taken into a group.</param>
    /// <returns>The result, after the commit.</returns>
    public abstract Task<T> WriteAsync<T>(Func<SqlSession, T> work, Durability durability, CancellationToken cancellationToken);

    /// <summary>
    /// A small change that reads nothing from the disk and need not be flushed (<see cref="Durability.Process"/>): done on the caller's thread when nobody else
    /// is writing, since handing it to another would take longer than the change.
    /// </summary>
    public virtual Task<T> WriteSmallAsync<T>(Func<SqlSession, T> work, CancellationToken cancellationToken) => WriteAsync(work, Durability.Process, cancellationToken);

    /// <summary>Runs a read on a connection of its own.</summary>
    public abstract Task<T> ReadAsync<T>(Func<SqlSession, T> work, CancellationToken cancellationToken);

    /// <summary>Writes a consistent copy as a SQLite file (mail-rules 7).</summary>
    /// <exception cref="RefusedException">Unavailable.</exception>
    public abstract Task CopyToAsync(string fileName, CancellationToken cancellationToken);

    /// <summary>Finishes waiting work and closes.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>One connection with its statements. Used by one thread at a time.</summary>
public abstract class SqlSession
{
    /// <summary>A statement for this text, without parameters. Ends with the work that asked for it.</summary>
    public abstract SqlStatement Statement(string sql);

    /// <summary>Rows that the last INSERT, UPDATE or DELETE changed.</summary>
    public abstract int Changes { get; }

    /// <summary>The number of the group commit under way: state kept between items of a group belongs to this number only, as a failed commit undoes it.</summary>
    public abstract long Group { get; }

    /// <summary>Registers an action that runs after this group's commit, on the writer thread, in order (publishing to the change feed, updating snapshots).</summary>
    public abstract void AfterCommit(Action action);
}

/// <summary>A statement of a session. Parameters and columns count from 0; all parameters are given before each run.</summary>
public abstract class SqlStatement
{
    /// <summary>Gives an integer.</summary>
    public abstract SqlStatement Bind(int index, long value);

    /// <summary>Gives a text; null as NULL.</summary>
    public abstract SqlStatement Bind(int index, string? value);

    /// <summary>Gives octets, copied.</summary>
    public abstract SqlStatement Bind(int index, ReadOnlySpan<byte> value);

    /// <summary>Gives NULL.</summary>
    public abstract SqlStatement BindNull(int index);

    /// <summary>Moves to the next row; false at the end.</summary>
    public abstract bool Step();

    /// <summary>Runs to the end for its effect and makes the statement ready for new parameters.</summary>
    public abstract void Execute();

    /// <summary>Ends the run.</summary>
    public abstract void Reset();

    /// <summary>Integer column; NULL is 0.</summary>
    public abstract long Long(int column);

    /// <summary>Integer column; NULL is 0.</summary>
    public abstract int Int(int column);

    /// <summary>True when the column is NULL.</summary>
    public abstract bool IsNull(int column);

    /// <summary>Text column; NULL is "".</summary>
    public abstract string Text(int column);

    /// <summary>Octets of a column, valid until the next step or reset; NULL is none.</summary>
    public abstract ReadOnlySpan<byte> Blob(int column);
}
