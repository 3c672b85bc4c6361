using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;
using SQLitePCL;

namespace MailPlus.Engine.Database;

/// <summary>
/// The implementation of <see cref="SqliteFile"/>: a queue of writes that one thread at a time turns into transactions, and a pool of readers.
/// </summary>
internal sealed class GroupCommitFile : SqliteFile
{
    /// <summary>Bounds of a group, so that its first waiter is not kept for the sake of the last.</summary>
    private const int MaxGroupItems = 256;
    private const int MaxSmallItems = 16; // On a caller's thread.
    private static readonly TimeSpan MaxGroupTime = TimeSpan.FromMilliseconds(50);

    private const int DbStatusCacheWrite = 9; // SQLITE_DBSTATUS_CACHE_WRITE: pages written to the log since last asked.

    private readonly SqliteFileOptions _options;
    private readonly SqliteThreads _threads;
    private readonly ConcurrentQueue<WriteItem> _waiting = new();
    private readonly SemaphoreSlim _room;
    private readonly List<WriteItem> _group = [];
    private readonly Queue<WriteItem> _held = new(); // Taken, but their group had no time left: first in the next.
    private readonly WriteJob _job;
    private readonly SqliteReaders _readers;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteConnectionSession _writer;
    private SafeFileHandle? _log;
    private long _logOctets;
    private long _checkpointAt;
    private bool _checkpointDue;
    private int _scheduled;
    private int _outstanding = 1; // The one is the file itself, given back by DisposeAsync.
    private int _closing;
    private Task? _closed;

    /// <summary>Opens; blocks.</summary>
    public GroupCommitFile(SqliteFileOptions options, SqliteThreads threads)
    {
        _options = options;
        _threads = threads;
        _room = new SemaphoreSlim(options.Capacity, options.Capacity);
        _job = new WriteJob(this);
        _readers = new SqliteReaders(options, threads);
        _checkpointAt = options.CheckpointOctets;
        SqliteConnectionSession? writer = null;
        try
        {
            writer = new SqliteConnectionSession(options.FileName, options.WriterCache, writes: true);
            SqliteSchema.Prepare(writer, options);
            _writer = writer;
        }
        catch (Exception failure)
        {
            writer?.Dispose();
            throw SqliteFailures.ForCaller(failure, options.FileName);
        }
    }

    public override Task<T> WriteAsync<T>(Func<SqliteSession, T> work, Durability durability, CancellationToken cancellationToken) =>
        QueueAsync(work, durability, isSmall: false, cancellationToken);

    public override Task<T> WriteSmallAsync<T>(Func<SqlSession, T> work, CancellationToken cancellationToken) =>
        QueueAsync((Func<SqliteSession, T>)work, Durability.Process, isSmall: true, cancellationToken);

    private async Task<T> QueueAsync<T>(Func<SqliteSession, T> work, Durability durability, bool isSmall, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            await _room.WaitAsync(cancellationToken);
            try
            {
                var item = new WriteItem<SqliteSession, T>(work, durability, cancellationToken);
                _waiting.Enqueue(item);
                if (Interlocked.Exchange(ref _scheduled, 1) == 0)
                {
                    if (isSmall)
                    {
                        RunGroup(isSmall: true);
                    }
                    else
                    {
                        _threads.Post(_job);
                    }
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

    public override async Task<T> ReadAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            return await _readers.ReadAsync(work, cancellationToken);
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
            await _threads.RunAsync(
                () =>
                {
                    try
                    {
                        using var source = new SqliteConnectionSession(_options.FileName, _options.ReaderCache, writes: false);
                        SqliteSchema.Copy(source.Connection, fileName);
                        return true;
                    }
                    catch (Exception failure)
                    {
                        throw SqliteFailures.ForCaller(failure, fileName);
                    }
                },
                cancellationToken);
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
            _closed = _threads.RunAsync(Close, CancellationToken.None);
            await _closed;
            _room.Dispose();
        }
    }

    private void Enter()
    {
        Interlocked.Increment(ref _outstanding);
        if (Volatile.Read(ref _closing) != 0)
        {
            Leave();
            throw new ObjectDisposedException(_options.FileName);
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _outstanding) == 0)
        {
            _drained.TrySetResult();
        }
    }

    private bool Close()
    {
        _readers.Close();
        _log?.Dispose();
        // The last connection to go copies the log back and removes it.
        _writer.Dispose();
        return true;
    }

    /// <summary>One group, on a thread of the set; a small one on that of its first caller.</summary>
    private void RunGroup(bool isSmall)
    {
        try
        {
            CommitGroup(isSmall);
        }
        finally
        {
            // Behind the other files that wait. Once the mark is down another thread may run, so what is held is looked at before.
            var more = _held.Count > 0 || _checkpointDue;
            if (!more)
            {
                Volatile.Write(ref _scheduled, 0);
                more = !_waiting.IsEmpty && Interlocked.Exchange(ref _scheduled, 1) == 0;
            }

            if (more)
            {
                _threads.Post(_job);
            }
        }
    }

    private void CommitGroup(bool isSmall)
    {
        _group.Clear();
        _checkpointDue = false;
        var durability = Durability.Process;
        while (_group.Count < (isSmall ? MaxSmallItems : MaxGroupItems) && TryTake(isSmall, out var item))
        {
            if (!item.TryCancel())
            {
                _group.Add(item);
                durability = item.Durability == Durability.Full ? Durability.Full : durability;
            }
        }

        if (_group.Count == 0)
        {
            Checkpoint(isSmall);
            return;
        }

        var run = 0;
        try
        {
            Begin();
            var started = Stopwatch.GetTimestamp();
            var survivors = 0;
            while (run < _group.Count && (run == 0 || Stopwatch.GetElapsedTime(started) < MaxGroupTime))
            {
                survivors += RunItem(_group[run++], alone: _group.Count == 1) ? 1 : 0;
            }

            Commit(survivors, durability);
        }
        catch (Exception failure)
        {
            // Nothing of the group is in the file: every item that ran is told so, and can be tried again.
            UndoGroup();
            var told = SqliteFailures.ForCaller(failure, _options.FileName);
            run = run == 0 ? _group.Count : run;
            for (var i = 0; i < run; i++)
            {
                _group[i].Fail(told);
            }
        }

        for (var i = run; i < _group.Count; i++)
        {
            _held.Enqueue(_group[i]);
        }

        Checkpoint(isSmall);
    }

    /// <summary>What comes next; in a small group nothing that has to be flushed, for which the caller's thread would wait.</summary>
    private bool TryTake(bool isSmall, [NotNullWhen(true)] out WriteItem? item)
    {
        item = null;
        return isSmall
            ? _held.Count == 0 && _waiting.TryPeek(out var next) && next.Durability == Durability.Process && _waiting.TryDequeue(out item)
            : _held.TryDequeue(out item) || _waiting.TryDequeue(out item);
    }

    private void Begin()
    {
        if (_writer.InTransaction)
        {
            // An earlier rollback failed: this connection is not to be trusted again.
            _writer.Dispose();
            _writer = new SqliteConnectionSession(_options.FileName, _options.WriterCache, writes: true);
        }

        _writer.NextGroup();
        _writer.Statement("BEGIN IMMEDIATE").Execute();
    }

    /// <summary>True when the item's work is part of the transaction.</summary>
    private bool RunItem(WriteItem item, bool alone)
    {
        var mark = _writer.AfterCommitCount;
        try
        {
            if (!alone)
            {
                _writer.Statement("SAVEPOINT item").Execute();
            }

            item.Run(_writer);
            _writer.ResetStatements();
            if (!alone)
            {
                _writer.Statement("RELEASE item").Execute();
            }

            return true;
        }
        catch (Exception failure)
        {
            _writer.ResetStatements();
            if (!_writer.InTransaction)
            {
                throw; // A full or broken disk ended the whole transaction.
            }

            if (alone)
            {
                _writer.Statement("ROLLBACK").Execute();
            }
            else
            {
                _writer.Statement("ROLLBACK TO item").Execute();
                _writer.Statement("RELEASE item").Execute();
            }

            _writer.DropAfterCommit(mark);
            item.Refuse(SqliteFailures.ForCaller(failure, _options.FileName));
            return false;
        }
    }

    private void Commit(int survivors, Durability durability)
    {
        if (_writer.InTransaction)
        {
            if (survivors > 0)
            {
                _options.BeforeCommit?.Invoke(_writer);
                _writer.ResetStatements();
            }

            _writer.Statement("COMMIT").Execute();
        }

        _writer.ResetStatements();
        var failure = survivors > 0 && durability == Durability.Full ? Flush() : null;
        // What is not known to be durable is refused, but it is in the database, so it is published all the same: memory never disagrees with the file.
        _writer.RunAfterCommit(_threads.Report);
        foreach (var item in _group)
        {
            if (failure is null)
            {
                item.Answer();
            }
            else
            {
                item.Fail(failure);
            }
        }
    }

    /// <summary>
    /// Puts the log on stable storage. SQLite itself runs with synchronous=NORMAL, which leaves that out at a commit (it still flushes around a checkpoint),
    /// because its own flush also writes the file's times, through the journal of the file system that all accounts share.
    /// </summary>
    private Exception? Flush()
    {
        try
        {
            _log ??= File.OpenHandle(_options.FileName + "-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            DurableFiles.FlushOctets(_log);
            return null;
        }
        catch (Exception failure)
        {
            return SqliteFailures.ForCaller(failure, _options.FileName);
        }
    }

    private void UndoGroup()
    {
        _writer.DropAfterCommit(0);
        try
        {
            _writer.ResetStatements();
            if (_writer.InTransaction)
            {
                _writer.Statement("ROLLBACK").Execute();
                _writer.ResetStatements();
            }
        }
        catch (Exception failure)
        {
            _threads.Report(failure); // Begin opens a new connection.
        }
    }

    /// <summary>Copies the log back into the database when it has grown, after the waiters have been answered; from a small group it is left to a thread of the set.</summary>
    private void Checkpoint(bool isSmall)
    {
        _ = raw.sqlite3_db_status(_writer.Connection.Handle, DbStatusCacheWrite, out var pages, out _, 1);
        _logOctets += (long)pages * _options.PageSize;
        _checkpointDue = isSmall && _logOctets >= _checkpointAt;
        if (_checkpointDue || _logOctets < _checkpointAt)
        {
            return;
        }

        var code = raw.sqlite3_wal_checkpoint_v2(_writer.Connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out var logPages, out var copied);
        if (code == raw.SQLITE_OK && logPages == copied)
        {
            _logOctets = 0;
            _checkpointAt = _options.CheckpointOctets;
        }
        else
        {
            // A long read or a full disk stands in the way. The log stays valid, so try again when it has grown by another share.
            _checkpointAt = _logOctets + _options.CheckpointOctets;
        }
    }

    private sealed class WriteJob(GroupCommitFile file) : SqliteJob
    {
        public override void Run() => file.RunGroup(isSmall: false);
    }
}
