using System.Collections.Concurrent;
using Npgsql;

namespace MailPlus.Engine.Database;

/// <summary>
/// One PostgreSQL connection under one piece of work. What is only executed is gathered and sent with the next thing whose answer is looked at, so that a commit of
/// many rows is few journeys over the network. Calls block; they run on the database threads, one a connection, as SQLite's do.
/// </summary>
internal sealed class PostgresSession : SqlSession, IDisposable
{
    private const int MostWaitingOctets = 4 << 20;
    private const int MostWaiting = 1000;

    private static readonly ConcurrentDictionary<string, (string Text, bool HasKey)> Texts = new(StringComparer.Ordinal);

    private readonly NpgsqlConnection _connection;
    private readonly long _key;
    private readonly List<NpgsqlBatchCommand> _waiting = [];
    private readonly List<Action> _afterCommit = [];
    private long _waitingOctets;
    private NpgsqlTransaction? _transaction;
    private PostgresStatement? _reading;
    private int? _changes;
    private int _sent;

    /// <param name="connection">An open connection, disposed with the session.</param>
    /// <param name="key">Whose rows: parameter <c>$1</c> of statements that name it.</param>
    /// <param name="group">The number of the group commit, 0 for a reader.</param>
    public PostgresSession(NpgsqlConnection connection, long key, long group)
    {
        _connection = connection;
        _key = key;
        Group = group;
    }

    /// <inheritdoc/>
    public override long Group { get; }

    /// <summary>Whether anything but savepoints was written.</summary>
    public bool HasWritten { get; private set; }

    /// <inheritdoc/>
    public override int Changes
    {
        get
        {
            if (_changes is null)
            {
                Flush();
            }

            return _changes ?? 0;
        }
    }

    /// <summary>Marks where an item begins, so that it can be undone.</summary>
    public (int Sent, int Waiting, int Actions, bool HasWritten) Mark => (_sent, _waiting.Count, _afterCommit.Count, HasWritten);

    /// <inheritdoc/>
    public override SqlStatement Statement(string sql) => new PostgresStatement(this, sql);

    /// <inheritdoc/>
    public override void AfterCommit(Action action) => _afterCommit.Add(action);

    public void Begin() => _transaction = _connection.BeginTransaction();

    /// <summary>Sends a savepoint with the rest.</summary>
    public void Savepoint() => _waiting.Add(new NpgsqlBatchCommand("SAVEPOINT item"));

    /// <summary>Forgets the savepoint of an item that went well.</summary>
    public void Release() => _waiting.Add(new NpgsqlBatchCommand("RELEASE SAVEPOINT item"));

    /// <summary>Undoes an item: by not sending it where none of it was sent yet.</summary>
    public void Undo((int Sent, int Waiting, int Actions, bool HasWritten) mark)
    {
        Detach(discard: true);
        HasWritten = mark.HasWritten;
        _afterCommit.RemoveRange(mark.Actions, _afterCommit.Count - mark.Actions);
        if (_sent == mark.Sent)
        {
            _waiting.RemoveRange(mark.Waiting, _waiting.Count - mark.Waiting);
            return;
        }

        _waiting.Clear();
        _waiting.Add(new NpgsqlBatchCommand("ROLLBACK TO SAVEPOINT item"));
        Release();
    }

    /// <summary>Sends what waits and commits.</summary>
    public void Commit()
    {
        Detach(discard: true);
        Flush();
        _transaction!.Commit();
    }

    /// <summary>Runs the registered actions in order; the others still run when one fails, since the commit stands.</summary>
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

    /// <summary>Undoes what is not committed and gives the connection back.</summary>
    public void Dispose()
    {
        _reading?.Close();
        _transaction?.Dispose();
        _connection.Dispose();
    }

    internal (string Text, bool HasKey) Translate(string sql) => Texts.GetOrAdd(sql, SqlText.ForPostgres);

    internal NpgsqlParameter Key() => new NpgsqlParameter<long> { TypedValue = _key };

    internal void Add(NpgsqlBatchCommand command, long octets)
    {
        _waiting.Add(command);
        _waitingOctets += octets;
        _changes = null;
        HasWritten = true;
        if (_waiting.Count >= MostWaiting || _waitingOctets >= MostWaitingOctets)
        {
            Flush();
        }
    }

    /// <summary>Sends what waits, and then a command whose rows are read.</summary>
    internal NpgsqlDataReader Read(PostgresStatement statement, NpgsqlBatchCommand command)
    {
        Detach(discard: false);
        _waiting.Add(command);
        using var batch = Batch();
        var reader = batch.ExecuteReader();
        try
        {
            // Commands that only write have no result of their own here: the first there is, is the last command's.
            while (reader.FieldCount == 0 && reader.NextResult())
            {
            }
        }
        catch
        {
            reader.Dispose();
            throw;
        }

        _reading = statement;
        return reader;
    }

    internal void Done(PostgresStatement statement) => _reading = ReferenceEquals(_reading, statement) ? null : _reading;

    private void Flush()
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        Detach(discard: false);
        var last = _waiting[^1];
        using var batch = Batch();
        batch.ExecuteNonQuery();
        _changes = (int)last.RecordsAffected;
    }

    private NpgsqlBatch Batch()
    {
        var batch = new NpgsqlBatch(_connection, _transaction);
        foreach (var command in _waiting)
        {
            batch.BatchCommands.Add(command);
        }

        _sent += _waiting.Count;
        _waiting.Clear();
        _waitingOctets = 0;
        return batch;
    }

    /// <summary>A connection reads one answer at a time: the rest of an unfinished one is taken into memory, or dropped.</summary>
    private void Detach(bool discard)
    {
        if (discard)
        {
            _reading?.Close();
        }
        else
        {
            _reading?.Keep();
        }

        _reading = null;
    }
}
