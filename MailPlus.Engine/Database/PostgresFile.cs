using System.Collections.Concurrent;
using System.Diagnostics;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Database;

/// <summary>What a <see cref="PostgresFile"/> does around a group commit.</summary>
/// <param name="Key">Whose rows: parameter <c>$1</c>.</param>
internal sealed record PostgresFileOptions(long Key)
{
    /// <summary>First in each transaction: takes the lock that puts the processes in turn and looks whether another has changed something.</summary>
    public Action<SqlSession>? AfterBegin { get; init; }

    /// <summary>Last in each transaction that has a surviving item.</summary>
    public Action<SqlSession>? BeforeCommit { get; init; }

    /// <summary>Most items that wait to be written; more callers wait for room (back-pressure).</summary>
    public int Capacity { get; init; } = 1024;
}

/// <summary>
/// One account's part of a PostgreSQL database, or the queue's: a queue of writes that one thread at a time turns into transactions, as <see cref="GroupCommitFile"/>
/// does with a file. Connections come from the pool for one group or one read; the number of database threads bounds them.
/// </summary>
internal sealed class PostgresFile : SqlFile
{
    private const int MaxGroupItems = 256;
    private static readonly TimeSpan MaxGroupTime = TimeSpan.FromMilliseconds(50);

    private readonly PostgresServer _server;
    private readonly PostgresArea _area;
    private readonly PostgresFileOptions _options;
    private readonly ConcurrentQueue<WriteItem> _waiting = new();
    private readonly Queue<WriteItem> _held = new(); // Taken, but their group had no time left: first in the next.
    private readonly List<WriteItem> _group = [];
    private readonly SemaphoreSlim _room;
    private readonly WriteJob _job;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _number;
    private int _scheduled;
    private int _outstanding = 1; // The one is the file itself, given back by DisposeAsync.
    private int _closing;

    private PostgresFile(PostgresServer server, PostgresArea area, PostgresFileOptions options)
    {
        _server = server;
        _area = area;
        _options = options;
        _room = new SemaphoreSlim(options.Capacity, options.Capacity);
        _job = new WriteJob(this);
    }

    /// <summary>The part of the database that belongs to a key; no connection is made yet.</summary>
    public static SqlFile Open(PostgresServer server, PostgresArea area, PostgresFileOptions options) => new PostgresFile(server, area, options);

    public override async Task<T> WriteAsync<T>(Func<SqlSession, T> work, Durability durability, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            await _room.WaitAsync(cancellationToken);
            try
            {
                var item = new WriteItem<SqlSession, T>(work, durability, cancellationToken);
                _waiting.Enqueue(item);
                if (Interlocked.Exchange(ref _scheduled, 1) == 0)
                {
                    _server.Threads.Post(_job);
                }

                return await item.Done.Task;
            }
            finally
            {
                _room.Release();
            }
        }
        finally
        {
            Leave();
        }
    }

    public override async Task<T> ReadAsync<T>(Func<SqlSession, T> work, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            return await _server.Threads.RunAsync(
                () =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    try
                    {
                        using var session = new PostgresSession(_server.Connect(_area), _options.Key, 0);
                        return work(session);
                    }
                    catch (Exception failure)
                    {
                        throw PostgresFailures.ForCaller(failure);
                    }
                },
                cancellationToken);
        }
        finally
        {
            Leave();
        }
    }

    public override async Task CopyToAsync(string fileName, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            await _server.Threads.RunAsync(() => PostgresCopy.ToSqlite(_server, _area, _options.Key, fileName), cancellationToken);
        }
        finally
        {
            Leave();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closing, 1) == 0)
        {
            Leave();
            await _drained.Task;
            _room.Dispose();
        }
    }

    private void Enter()
    {
        Interlocked.Increment(ref _outstanding);
        if (Volatile.Read(ref _closing) != 0)
        {
            Leave();
            throw new ObjectDisposedException($"{_area.Schema} {_options.Key}");
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _outstanding) == 0)
        {
            _drained.TrySetResult();
        }
    }

    /// <summary>One group, on a thread of the set.</summary>
    private void RunGroup()
    {
        try
        {
            CommitGroup();
        }
        finally
        {
            var more = _held.Count > 0;
            if (!more)
            {
                Volatile.Write(ref _scheduled, 0);
                more = !_waiting.IsEmpty && Interlocked.Exchange(ref _scheduled, 1) == 0;
            }

            if (more)
            {
                _server.Threads.Post(_job);
            }
        }
    }

    private void CommitGroup()
    {
        _group.Clear();
        while (_group.Count < MaxGroupItems && (_held.TryDequeue(out var item) || _waiting.TryDequeue(out item)))
        {
            if (!item.TryCancel())
            {
                _group.Add(item);
            }
        }

        if (_group.Count == 0)
        {
            return;
        }

        var run = 0;
        if (TryCommit(_group, ref run) is { } failure)
        {
            run = run == 0 ? _group.Count : run;
            foreach (var item in _group[..run])
            {
                // What is sent together fails together: whose fault it was shows when each is tried by itself.
                var alone = 0;
                if (run > 1 && PostgresFailures.IsRetryable(failure))
                {
                    if (TryCommit([item], ref alone) is { } own)
                    {
                        item.Fail(PostgresFailures.ForCaller(own));
                    }
                }
                else
                {
                    item.Fail(PostgresFailures.ForCaller(failure));
                }
            }
        }

        for (var i = run; i < _group.Count; i++)
        {
            _held.Enqueue(_group[i]);
        }
    }

    /// <summary>Runs items in one transaction and answers them; what went wrong with all of them, null when nothing did.</summary>
    private Exception? TryCommit(List<WriteItem> items, ref int run)
    {
        try
        {
            using var session = new PostgresSession(_server.Connect(_area), _options.Key, ++_number);
            session.Begin();
            _options.AfterBegin?.Invoke(session);
            var started = Stopwatch.GetTimestamp();
            var survivors = 0;
            while (run < items.Count && (run == 0 || Stopwatch.GetElapsedTime(started) < MaxGroupTime))
            {
                survivors += RunItem(session, items[run++], items.Count == 1) ? 1 : 0;
            }

            if (survivors > 0)
            {
                _options.BeforeCommit?.Invoke(session);
                session.Commit();
                session.RunAfterCommit(_server.Threads.Report);
            }
        }
        catch (Exception failure)
        {
            return failure;
        }

        for (var i = 0; i < run; i++)
        {
            items[i].Answer();
        }

        return null;
    }

    /// <summary>True when the item's work is part of the transaction.</summary>
    private static bool RunItem(PostgresSession session, WriteItem item, bool alone)
    {
        var mark = session.Mark;
        try
        {
            if (!alone)
            {
                session.Savepoint();
            }

            item.Run(session);
            if (!alone)
            {
                session.Release();
            }

            return true;
        }
        catch (Exception failure) when (failure is not Npgsql.NpgsqlException)
        {
            session.Undo(mark);
            item.Refuse(PostgresFailures.ForCaller(failure));
            return false;
        }
    }

    private sealed class WriteJob(PostgresFile file) : SqliteJob
    {
        public override void Run() => file.RunGroup();
    }
}
