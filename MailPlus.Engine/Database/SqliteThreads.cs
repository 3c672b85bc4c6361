using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Database;

/// <summary>
/// The bounded set of dedicated threads on which all SQLite and body-file work of the process runs, so that no thread of the pool ever waits for a disk.
/// Work is taken in order of arrival; a file with more to do queues up again behind the others, so none can hog the set.
/// More threads than cores pay, because most of them wait for a flush and flushes of different files overlap.
/// </summary>
public sealed partial class SqliteThreads : IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly Queue<SqliteJob> _waiting = new();
    private readonly ILogger<SqliteThreads> _log;
    private readonly int _maximum;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _started;
    private int _idle;
    private bool _closing;

    /// <summary>Threads are started when first needed.</summary>
    /// <param name="log">Where failures of work that nobody awaits go.</param>
    /// <param name="maximum">The most threads; 0 for sixteen, or four a core where that is more.</param>
    public SqliteThreads(ILogger<SqliteThreads> log, int maximum = 0)
    {
        _log = log;
        _maximum = maximum > 0 ? maximum : Math.Max(16, Environment.ProcessorCount * 4);
    }

    /// <summary>Runs blocking work (files, SQLite) on one of the threads.</summary>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var job = new CallJob<T>(work);
        Post(job);
        return job.Done.Task;
    }

    /// <summary>Ends the threads after everything posted has run.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (!_closing)
            {
                _closing = true;
                if (_started == 0)
                {
                    _ended.TrySetResult();
                }

                Monitor.PulseAll(_gate);
            }
        }

        await _ended.Task;
    }

    /// <summary>Queues a job behind all that wait.</summary>
    internal void Post(SqliteJob job)
    {
        var start = false;
        lock (_gate)
        {
            // A file that drains while the threads close still gets its work done: the last thread leaves only when nothing waits.
            ObjectDisposedException.ThrowIf(_closing && _started == 0, this);
            _waiting.Enqueue(job);
            if (_idle < _waiting.Count && _started < _maximum)
            {
                _started++;
                start = true;
            }
            else if (_idle > 0)
            {
                Monitor.Pulse(_gate);
            }
        }

        if (start)
        {
            new Thread(Work, maxStackSize: 1 << 20) { IsBackground = true, Name = "sqlite" }.Start();
        }
    }

    /// <summary>Reports a failure that no waiter can be told of.</summary>
    internal void Report(Exception failure) => LogFailure(failure);

    private void Work()
    {
        while (Next() is { } job)
        {
            try
            {
                job.Run();
            }
            catch (Exception failure)
            {
                // A job answers its waiters itself; what still escapes is a bug, and one bug must not end a thread that all accounts share.
                LogFailure(failure);
            }
        }
    }

    private SqliteJob? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_waiting.TryDequeue(out var job))
                {
                    return job;
                }

                if (_closing)
                {
                    if (--_started == 0)
                    {
                        _ended.TrySetResult();
                    }

                    return null;
                }

                _idle++;
                Monitor.Wait(_gate);
                _idle--;
            }
        }
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Error, Message = "Work on a database thread failed.")]
    private partial void LogFailure(Exception failure);

    private sealed class CallJob<T>(Func<T> work) : SqliteJob
    {
        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run()
        {
            try
            {
                Done.SetResult(work());
            }
            catch (Exception failure)
            {
                Done.SetException(failure);
            }
        }
    }
}

/// <summary>A piece of blocking work for <see cref="SqliteThreads"/>.</summary>
internal abstract class SqliteJob
{
    /// <summary>Does the work and answers whoever waits.</summary>
    public abstract void Run();
}
