using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Database;

/// <summary>Opens <c>logs/log.db</c> or its PostgreSQL counterpart. Written by the log writer only; read by the log pages.</summary>
public sealed class LogDatabase(Func<LogContext> open, PostgresServer? server = null)
{
    /// <summary>Logs in a SQLite file.</summary>
    public static LogDatabase InSqlite(string fileName)
    {
        var options = new DbContextOptionsBuilder<SqliteLogContext>().UseSqlite($"Data Source={fileName}").Options;
        return new LogDatabase(() => new SqliteLogContext(options));
    }

    /// <summary>Logs in PostgreSQL, written by all processes.</summary>
    public static LogDatabase InPostgres(PostgresServer server)
    {
        var options = new DbContextOptionsBuilder<PostgresLogContext>()
            .UseNpgsql(server.Source("logs"), provider => provider.MigrationsHistoryTable("__EFMigrationsHistory", "logs")).Options;
        return new LogDatabase(() => new PostgresLogContext(options), server);
    }

    /// <summary>Makes or upgrades the schema, under the data-folder lock.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            if (server is not null)
            {
                await server.PrepareAsync(new PostgresArea("logs", [], [], 0, ""), cancellationToken);
            }

            await using var context = open();
            await SchemaMigration.RunAsync(context, cancellationToken);
        },
        cancellationToken);

    /// <summary>A context; the caller disposes it and works off the caller's thread.</summary>
    internal LogContext Open() => open();

    /// <summary>Runs a read away from the caller's thread.</summary>
    internal Task<T> ReadAsync<T>(Func<LogContext, Task<T>> work, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            await using var context = open();
            context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
            return await work(context);
        },
        cancellationToken);
}
