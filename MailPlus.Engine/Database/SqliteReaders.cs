namespace MailPlus.Engine.Database;

/// <summary>The reader connections of one file: opened when needed, kept, never more than the file's limit.</summary>
internal sealed class SqliteReaders(SqliteFileOptions options, SqliteThreads threads)
{
    private readonly Lock _gate = new();
    private readonly Stack<SqliteConnectionSession> _idle = new();
    private readonly Queue<ReadJob> _waiting = new();
    private int _running;

    /// <summary>Runs a read in a transaction of its own.</summary>
    public Task<T> ReadAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken)
    {
        var job = new ReadJob<T>(this, work, cancellationToken);
        lock (_gate)
        {
            if (_running == options.Readers)
            {
                _waiting.Enqueue(job);
                return job.Done.Task;
            }

            _running++;
        }

        threads.Post(job);
        return job.Done.Task;
    }

    /// <summary>Closes the connections; nothing runs any more.</summary>
    public void Close()
    {
        while (_idle.TryPop(out var session))
        {
            session.Dispose();
        }
    }

    private SqliteConnectionSession Take()
    {
        lock (_gate)
        {
            if (_idle.TryPop(out var session))
            {
                return session;
            }
        }

        return new SqliteConnectionSession(options.FileName, options.ReaderCache, writes: false);
    }

    private void GiveBack(SqliteConnectionSession? session, bool healthy)
    {
        ReadJob? next;
        lock (_gate)
        {
            if (session is not null && healthy)
            {
                _idle.Push(session);
            }

            if (!_waiting.TryDequeue(out next))
            {
                _running--;
            }
        }

        if (!healthy)
        {
            session?.Dispose();
        }

        if (next is not null)
        {
            threads.Post(next);
        }
    }

    private abstract class ReadJob : SqliteJob;

    private sealed class ReadJob<T>(SqliteReaders readers, Func<SqliteSession, T> work, CancellationToken cancellationToken) : ReadJob
    {
        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run()
        {
            T result = default!;
            Exception? failure = null;
            SqliteConnectionSession? session = null;
            var healthy = true;
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                session = readers.Take();
                session.Statement("BEGIN").Execute();
                result = work(session);
            }
            catch (Exception caught)
            {
                failure = caught;
            }

            try
            {
                session?.ResetStatements();
                if (session?.InTransaction == true)
                {
                    session.Statement("COMMIT").Execute();
                    session.ResetStatements();
                }
            }
            catch (Exception caught)
            {
                failure ??= caught;
                healthy = false;
            }

            // Given back before the caller is told, so that a caller who disposes the file next finds nothing running.
            readers.GiveBack(session, healthy);
            if (failure is OperationCanceledException cancelled && cancelled.CancellationToken == cancellationToken)
            {
                Done.SetCanceled(cancellationToken);
            }
            else if (failure is not null)
            {
                Done.SetException(SqliteFailures.ForCaller(failure, readers.Options.FileName));
            }
            else
            {
                Done.SetResult(result);
            }
        }
    }

    private SqliteFileOptions Options => options;
}
