using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Database;

/// <summary>
/// Opens <c>system.db</c> or its PostgreSQL counterpart and runs work on it: one writer at a time in one transaction, readers beside it.
/// SQLite calls block, so all work runs away from the caller's thread.
/// </summary>
public sealed class SystemDatabase(Func<SystemContext> open, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly SemaphoreSlim _outboxGrew = new(0, 1);

    /// <summary>A system database in a SQLite file.</summary>
    public static SystemDatabase InSqlite(string fileName, TimeProvider clock)
    {
        var options = new DbContextOptionsBuilder<SqliteSystemContext>().UseSqlite($"Data Source={fileName};Foreign Keys=True").Options;
        return new SystemDatabase(() => new SqliteSystemContext(options), clock);
    }

    /// <summary>The moment rows written now are stamped with.</summary>
    internal Instant Now => Instant.Now(clock);

    /// <summary>Makes or upgrades the schema, under the data-folder lock.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            await using var context = open();
            await SchemaMigration.RunAsync(context, cancellationToken);
        },
        cancellationToken);

    /// <summary>A context to copy from; the caller disposes it.</summary>
    internal SystemContext OpenForCopy() => open();

    /// <summary>Runs a read.</summary>
    internal Task<T> ReadAsync<T>(Func<SystemContext, Task<T>> work, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            await using var context = open();
            context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
            return await work(context);
        },
        cancellationToken);

    /// <summary>Runs a change in one transaction; an exception undoes all of it. The change is durable on completion.</summary>
    internal async Task<T> WriteAsync<T>(Func<SystemContext, Task<T>> work, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(
                async () =>
                {
                    await using var context = open();
                    await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
                    var result = await work(context);
                    var tellsLog = context.ChangeTracker.Entries<OutboxRow>().Any();
                    await context.SaveChangesAsync(cancellationToken);
                    await transaction.CommitAsync(CancellationToken.None);
                    context.CommitActions.ForEach(action => action());
                    if (tellsLog && _outboxGrew.CurrentCount == 0)
                    {
                        _outboxGrew.Release(); // only this one writer releases: never above one
                    }

                    return result;
                },
                cancellationToken);
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Completes after the next commit that put events into the outbox, or at once when there was one since the last call. For one reader.</summary>
    internal Task WaitForEventsAsync(CancellationToken cancellationToken) => _outboxGrew.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        _outboxGrew.Dispose();
    }
}
