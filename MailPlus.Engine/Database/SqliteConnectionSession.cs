using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MailPlus.Engine.Database;

/// <summary>One open connection with everything prepared on it.</summary>
internal sealed class SqliteConnectionSession : SqliteSession, IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly List<SqliteStatement> _inUse = [];
    private readonly List<Action> _afterCommit = [];
    private readonly bool _writes;
    private long _group;

    /// <param name="fileName">The database file.</param>
    /// <param name="cache">Page cache in KiB.</param>
    /// <param name="writes">False for a reader.</param>
    public SqliteConnectionSession(string fileName, int cache, bool writes)
    {
        _writes = writes;
        Connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = fileName, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false, ForeignKeys = false, DefaultTimeout = 30,
        }.ToString());
        try
        {
            Connection.Open();
            // temp_store: a savepoint's undo pages must not become files. query_only: a read that writes is a bug.
            Run($"PRAGMA cache_size=-{cache.ToString(CultureInfo.InvariantCulture)}; PRAGMA temp_store=MEMORY; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=16777216; PRAGMA query_only={(writes ? '0' : '1')};");
            _ = raw.sqlite3_busy_timeout(Connection.Handle, 10_000);
        }
        catch
        {
            Connection.Dispose();
            throw;
        }
    }

    public override SqliteConnection Connection { get; }

    public override long Group => _group;

    public override int Changes => raw.sqlite3_changes(Connection.Handle);

    public bool InTransaction => raw.sqlite3_get_autocommit(Connection.Handle) == 0;

    public int AfterCommitCount => _afterCommit.Count;

    public override SqliteCommand Prepare(string sql, params ReadOnlySpan<object?> parameters)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = Connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < parameters.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = $"@p{i.ToString(CultureInfo.InvariantCulture)}" });
            }

            _commands.Add(sql, command);
        }

        if (command.Parameters.Count != parameters.Length)
        {
            throw new ArgumentException($"This command takes {command.Parameters.Count} parameters, not {parameters.Length}: {sql}", nameof(parameters));
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            command.Parameters[i].Value = parameters[i] ?? DBNull.Value;
        }

        return command;
    }

    public override SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            statement = new SqliteStatement(Connection.Handle!, SqlText.ForSqlite(sql));
            _statements.Add(sql, statement);
        }

        statement.Reset();
        if (!statement.InUse)
        {
            statement.InUse = true;
            _inUse.Add(statement);
        }

        return statement;
    }

    public override void AfterCommit(Action action)
    {
        if (!_writes)
        {
            throw new InvalidOperationException("A reader commits nothing.");
        }

        _afterCommit.Add(action);
    }

    /// <summary>Runs SQL of several statements without parameters.</summary>
    public void Run(string sql)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>First column of the first row as a number.</summary>
    public long Scalar(string sql)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Begins the next group.</summary>
    public void NextGroup() => _group++;

    /// <summary>Resets what the last work left in mid-run, so that it holds no lock.</summary>
    public void ResetStatements()
    {
        foreach (var statement in _inUse)
        {
            statement.Reset();
            statement.InUse = false;
        }

        _inUse.Clear();
    }

    /// <summary>Forgets actions registered since a mark, when their item has failed.</summary>
    public void DropAfterCommit(int mark) => _afterCommit.RemoveRange(mark, _afterCommit.Count - mark);

    /// <summary>Runs the registered actions in order.</summary>
    /// <param name="onFailure">Hears of an action that throws; the others still run, since the commit stands.</param>
    public void RunAfterCommit(Action<Exception> onFailure)
    {
        foreach (var action in _afterCommit)
        {
            try
            {
                action();
            }
            catch (Exception failure)
            {
                onFailure(failure);
            }
        }

        _afterCommit.Clear();
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }

        foreach (var statement in _statements.Values)
        {
            statement.Close();
        }

        Connection.Dispose();
    }
}
