using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MailPlus.Engine.Database;

/// <summary>One part of the database: a schema whose scripts are applied in order, as the files of SQLite have theirs.</summary>
/// <param name="Schema">Name of the schema.</param>
/// <param name="Scripts">Scripts by version; append one, never change one that has shipped.</param>
/// <param name="SqliteScripts">Scripts of the SQLite file that a copy is.</param>
/// <param name="SqliteId">Its application id.</param>
/// <param name="KeyColumn">The column of parameter <c>$1</c>.</param>
internal sealed record PostgresArea(string Schema, IReadOnlyList<string> Scripts, IReadOnlyList<string> SqliteScripts, int SqliteId, string KeyColumn);

/// <summary>
/// The PostgreSQL database that replaces the files of the data folder when MailPlus runs as several processes: connections, the database threads that work on them,
/// and the schemas. As many connections are in use as there are threads.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const int MostPrepared = 200;
    private const long SchemaLock = 0x4D50_6C75_7301; // "MPlus": one process at a time makes or upgrades schemas.

    private readonly ConcurrentDictionary<string, NpgsqlDataSource> _sources = new(StringComparer.Ordinal);

    /// <param name="connection">A connection string of Npgsql: <c>Host=…;Database=…;Username=…</c>; several hosts by commas.</param>
    /// <param name="threads">Where the blocking work runs; outlives the server.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="log">Says when other processes cannot be heard.</param>
    public PostgresServer(string connection, SqliteThreads threads, TimeProvider clock, ILogger log)
    {
        Threads = threads;
        Notices = new PostgresNotices(this, clock, log);
        ConnectionString = Complete(connection);
    }

    /// <summary>The connection string in force.</summary>
    public string ConnectionString { get; }

    internal SqliteThreads Threads { get; }

    /// <summary>What the processes tell each other.</summary>
    internal PostgresNotices Notices { get; }

    /// <summary>Tells other processes of changes and hears of theirs, until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Notices.RunAsync(cancellationToken);

    /// <summary>Makes or upgrades the schema of an area.</summary>
    /// <exception cref="RefusedException">Unavailable; Conflict when a newer version wrote it.</exception>
    internal Task PrepareAsync(PostgresArea area, CancellationToken cancellationToken) => Threads.RunAsync(
        () =>
        {
            try
            {
                using var connection = Source(area.Schema).OpenConnection();
                using var transaction = connection.BeginTransaction();
                Run(connection, $"SELECT pg_advisory_xact_lock({SchemaLock.ToString(CultureInfo.InvariantCulture)})");
                Run(connection, $"CREATE SCHEMA IF NOT EXISTS {area.Schema}; CREATE TABLE IF NOT EXISTS {area.Schema}.schema_version(version bigint NOT NULL)");
                using var ask = new NpgsqlCommand($"SELECT coalesce(max(version), 0) FROM {area.Schema}.schema_version", connection);
                var version = (long)ask.ExecuteScalar()!;
                if (version > area.Scripts.Count)
                {
                    throw new RefusedException(new Refusal(RefusalKind.Conflict, "DataFolderNewer"));
                }

                for (var script = (int)version; script < area.Scripts.Count; script++)
                {
                    Run(connection, area.Scripts[script]);
                }

                Run(connection, string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {area.Schema}.schema_version; INSERT INTO {area.Schema}.schema_version VALUES ({area.Scripts.Count})"));
                transaction.Commit();
                return true;
            }
            catch (Exception failure)
            {
                throw PostgresFailures.ForCaller(failure);
            }
        },
        cancellationToken);

    /// <summary>A connection, whose unqualified names are those of an area.</summary>
    internal NpgsqlConnection Connect(PostgresArea area) => Source(area.Schema).OpenConnection();

    /// <summary>A connection for whoever waits for notices.</summary>
    internal async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => await Source("public").OpenConnectionAsync(cancellationToken);

    /// <summary>A pool of its own for each schema: what is prepared on a connection belongs to the names it sees.</summary>
    internal NpgsqlDataSource Source(string schema) => _sources.GetOrAdd(schema, static (name, server) => server.Build(name), this) switch
    {
        NpgsqlMultiHostDataSource several => several.WithTargetSession(TargetSessionAttributes.Primary),
        var one => one,
    };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources.Values)
        {
            await source.DisposeAsync();
        }
    }

    /// <summary>Of several hosts the one that can write is looked for. Where there is one there is no choice, and nobody remembers for seconds that it is "offline", which a full disk makes it too.</summary>
    private NpgsqlDataSource Build(string schema)
    {
        var connection = new NpgsqlConnectionStringBuilder(ConnectionString) { SearchPath = schema };
        var builder = new NpgsqlDataSourceBuilder(connection.ToString());
        return connection.Host?.Contains(',', StringComparison.Ordinal) == true ? builder.BuildMultiHost() : builder.Build();
    }

    private static string Complete(string connection)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connection };
        foreach (var (name, value) in (ReadOnlySpan<(string, object)>)
            [("Application Name", "MailPlus"), ("Max Auto Prepare", MostPrepared), ("Auto Prepare Min Usages", 3), ("Timeout", 5), ("Command Timeout", 60), ("Keepalive", 10), ("No Reset On Close", true), ("Host Recheck Seconds", 1)])
        {
            if (!given.ContainsKey(name))
            {
                given[name] = value;
            }
        }

        return given.ConnectionString;
    }

    private static void Run(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
