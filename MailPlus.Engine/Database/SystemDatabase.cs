using System.Globalization;
using System.Threading.Channels;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace MailPlus.Engine.Database;

/// <summary>
/// Opens <c>system.db</c> or its PostgreSQL counterpart and runs work on it: one writer at a time in one transaction, readers beside it.
/// SQLite calls block, so all work runs away from the caller's thread.
/// </summary>
public sealed class SystemDatabase(Func<SystemContext> open, TimeProvider clock) : IDisposable
{
    /// <summary>What other processes are told when a picture has changed.</summary>
    internal const string Notice = "system";

    private const string VersionName = "system.version";
    private static readonly TimeSpan LookAnyway = TimeSpan.FromSeconds(10);

    private const string OneWriter = "SELECT pg_advisory_xact_lock(5570757617747299841)";

    private readonly List<Func<CancellationToken, Task>> _followers = [];
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly SemaphoreSlim _outboxGrew = new(0, 1);
    private long _looks;

    /// <summary>A system database in a SQLite file.</summary>
    public static SystemDatabase InSqlite(string fileName, TimeProvider clock)
    {
        var options = new DbContextOptionsBuilder<SqliteSystemContext>().UseSqlite($"Data Source={fileName};Foreign Keys=True").Options;
        return new SystemDatabase(() => new SqliteSystemContext(options), clock);
    }

    /// <summary>A system database in PostgreSQL, which other processes write too.</summary>
    public static SystemDatabase InPostgres(PostgresServer server, TimeProvider clock)
    {
        var options = new DbContextOptionsBuilder<PostgresSystemContext>()
            .UseNpgsql(server.Source("system"), provider => provider.MigrationsHistoryTable("__EFMigrationsHistory", "system")).Options;
        return new SystemDatabase(() => new PostgresSystemContext(options), clock) { Server = server };
    }

    /// <summary>The PostgreSQL that other processes have too; null for a file of our own.</summary>
    private PostgresServer? Server { get; init; }

    /// <summary>The change of which all pictures in memory know.</summary>
    private long Known { get; set; }

    /// <summary>The moment rows written now are stamped with.</summary>
    internal Instant Now => Instant.Now(clock);

    /// <summary>Makes or upgrades the schema, under the data-folder lock.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            await using var context = open();
            if (Server is not null)
            {
                await Server.PrepareAsync(new PostgresArea("system", [], [], 0, ""), cancellationToken);
            }

            await SchemaMigration.RunAsync(context, cancellationToken);
            Known = Server is null ? 0 : await VersionAsync(context, cancellationToken);
        },
        cancellationToken);

    /// <summary>Registers what reads a picture anew when another process has changed it. Before anything runs.</summary>
    internal void OnForeignChange(Func<CancellationToken, Task> readAgain) => _followers.Add(readAgain);

    /// <summary>Looks when another process says that it changed something, and now and then without being told, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Server is not { } server)
        {
            return;
        }

        var told = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        server.Notices.OnNotice(notice => _ = notice is Notice or PostgresNotices.Everything && told.Writer.TryWrite(true));
        while (true)
        {
            await FollowAsync(cancellationToken);
            using var patience = new CancellationTokenSource(LookAnyway, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            try
            {
                await told.Reader.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Nobody told anything for long enough.
            }
        }
    }

    /// <summary>
    /// Looks whether another process has changed something that pictures in memory show, and has them read again. Whoever waits meanwhile shares one look that begins
    /// after they asked, so that a flood of wrong names costs one row at a time.
    /// </summary>
    /// <exception cref="RefusedException">Temporary: the database is away.</exception>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        if (Server is null)
        {
            return;
        }

        var begun = Volatile.Read(ref _looks);
        await _writer.WaitAsync(cancellationToken);
        try
        {
            if (_looks != begun)
            {
                return; // begun and ended since this was asked
            }

            Volatile.Write(ref _looks, _looks + 1);
            var version = await ReadAsync(context => VersionAsync(context, cancellationToken), cancellationToken);
            await FollowToAsync(version, cancellationToken);
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>A context to copy from; the caller disposes it.</summary>
    internal SystemContext OpenForCopy() => open();

    /// <summary>Runs a read.</summary>
    internal Task<T> ReadAsync<T>(Func<SystemContext, Task<T>> work, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            try
            {
                await using var context = open();
                context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
                return await work(context);
            }
            catch (Exception failure) when (Server is not null)
            {
                throw ForCaller(failure);
            }
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
                    await using var transaction = await BeginAsync(context, cancellationToken);
                    var result = await work(context);
                    var tellsLog = context.ChangeTracker.Entries<OutboxRow>().Any();
                    await context.SaveChangesAsync(cancellationToken);
                    var version = await NoteChangeAsync(context, cancellationToken);
                    await transaction.CommitAsync(CancellationToken.None);
                    Known = version;
                    context.CommitActions.ForEach(action => action());
                    if (context.CommitActions.Count > 0)
                    {
                        Server?.Notices.Tell(Notice);
                    }

                    if (tellsLog && _outboxGrew.CurrentCount == 0)
                    {
                        _outboxGrew.Release(); // only this one writer releases: never above one
                    }

                    return result;
                },
                cancellationToken);
        }
        catch (Exception failure) when (Server is not null)
        {
            throw ForCaller(failure);
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

    private static async Task<long> VersionAsync(SystemContext context, CancellationToken cancellationToken) =>
        await context.States.AsNoTracking().Where(row => row.Name == VersionName).Select(row => row.Value).FirstOrDefaultAsync(cancellationToken) is { } text
            ? long.Parse(text, CultureInfo.InvariantCulture)
            : 0;

    /// <summary>Trouble of the server is an expected no; EF wraps it.</summary>
    private static Exception ForCaller(Exception failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is NpgsqlException && PostgresFailures.ForCaller(inner) is RefusedException refused)
            {
                return refused;
            }
        }

        return failure;
    }

    /// <summary>In PostgreSQL: one writer of all processes at a time, who first learns what the others wrote, so that operations may trust pictures as before.</summary>
    private async Task<IDbContextTransaction> BeginAsync(SystemContext context, CancellationToken cancellationToken)
    {
        var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (Server is not null)
        {
            await context.Database.ExecuteSqlRawAsync(OneWriter, cancellationToken);
            await FollowToAsync(await VersionAsync(context, cancellationToken), cancellationToken);
        }

        return transaction;
    }

    private async Task FollowToAsync(long version, CancellationToken cancellationToken)
    {
        if (version == Known)
        {
            return;
        }

        foreach (var readAgain in _followers)
        {
            await readAgain(cancellationToken);
        }

        Known = version;
    }

    /// <summary>What a commit does to pictures here, other processes have to read again; the rest is nobody's business.</summary>
    private async Task<long> NoteChangeAsync(SystemContext context, CancellationToken cancellationToken)
    {
        if (Server is null || context.CommitActions.Count == 0)
        {
            return Known;
        }

        var text = (Known + 1).ToString(CultureInfo.InvariantCulture);
        await context.Database.ExecuteSqlAsync($"""INSERT INTO states("Name", "Value") VALUES ({VersionName}, {text}) ON CONFLICT ("Name") DO UPDATE SET "Value" = excluded."Value" """, cancellationToken);
        return Known + 1;
    }
}
