using Npgsql;

namespace MailPlus.Engine.Database;

/// <summary>
/// Locks that one process of all on a database has at a time. They live as long as one connection of this process does, so that a process that dies leaves none behind.
/// A process must not take a lock twice.
/// </summary>
internal sealed class PostgresLocks(PostgresServer server, int purpose) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private NpgsqlConnection? _connection;

    /// <summary>Takes a lock; null when another process has it. Disposing gives it back.</summary>
    /// <exception cref="Primitives.RefusedException">Unavailable.</exception>
    public async Task<IAsyncDisposable?> TryTakeAsync(long key, CancellationToken cancellationToken) =>
        await AskAsync("SELECT pg_try_advisory_lock($1)", key, cancellationToken) ? new Held(this, key) : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            try
            {
                // The pool may hand the connection on; its locks would stay.
                await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", connection);
                await command.ExecuteNonQueryAsync();
            }
            catch (NpgsqlException)
            {
                // Gone, and the locks with it.
            }

            await connection.DisposeAsync();
        }

        _gate.Dispose();
    }

    private async Task<bool> AskAsync(string sql, long key, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            _connection ??= await server.ConnectAsync(cancellationToken);
            await using var command = new NpgsqlCommand(sql, _connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = ((long)purpose << 48) ^ key });
            return await command.ExecuteScalarAsync(cancellationToken) is true;
        }
        catch (Exception failure)
        {
            if (_connection is { } broken)
            {
                _connection = null;
                await broken.DisposeAsync();
            }

            throw PostgresFailures.ForCaller(failure);
        }
        finally
        {
            _gate.Release();
        }
    }

    private sealed class Held(PostgresLocks locks, long key) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await locks.AskAsync("SELECT pg_advisory_unlock($1)", key, CancellationToken.None);
            }
            catch (Primitives.RefusedException)
            {
                // The connection is gone, and the lock with it.
            }
        }
    }
}
