using MailPlus.Engine.Primitives;
using Npgsql;

namespace MailPlus.Engine.Database;

/// <summary>Tells the expected no of a database server (gone, full, read-only) from a mistake in our SQL.</summary>
internal static class PostgresFailures
{
    /// <summary>What a caller is told: trouble of the server becomes a temporary <see cref="RefusalKind.Unavailable"/>, anything else stays what it is.</summary>
    public static Exception ForCaller(Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } full => DiskFailures.Full("PostgreSQL", full.Message),
        PostgresException postgres when !IsServers(postgres.SqlState) => failure,
        NpgsqlException or IOException or TimeoutException => SqliteFailures.Unavailable("PostgreSQL", failure.Message),
        _ => failure,
    };

    /// <summary>Whether running the work again, by itself, may go better: a statement failed, the connection did not. On a full disk there is room for what writes little or nothing.</summary>
    public static bool IsRetryable(Exception failure) => failure is PostgresException postgres && (postgres.SqlState == PostgresErrorCodes.DiskFull || !IsServers(postgres.SqlState));

    // 08 connection, 25006 read only (the server has become a replica), 53 resources, 57 stopped by an operator, 58 system error, XX internal.
    private static bool IsServers(string state) =>
        state is "25006" || state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal)
        || state.StartsWith("57", StringComparison.Ordinal) || state.StartsWith("58", StringComparison.Ordinal) || state.StartsWith("XX", StringComparison.Ordinal);
}
