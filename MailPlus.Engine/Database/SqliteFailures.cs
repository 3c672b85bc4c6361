using MailPlus.Engine.Primitives;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MailPlus.Engine.Database;

/// <summary>Tells the expected no of a disk (full, broken, in use) from a mistake in our SQL.</summary>
internal static class SqliteFailures
{
    /// <summary>What a caller is told: storage trouble becomes a temporary <see cref="RefusalKind.Unavailable"/>, anything else stays what it is.</summary>
    public static Exception ForCaller(Exception failure, string fileName) => failure switch
    {
        SqliteException { SqliteErrorCode: raw.SQLITE_FULL } => DiskFailures.Full(fileName, failure.Message),
        IOException when DiskFailures.IsFull(failure) => DiskFailures.Full(fileName, failure.Message),
        SqliteException sqlite when IsStorage(sqlite.SqliteErrorCode) => Unavailable(fileName, sqlite.Message),
        IOException or UnauthorizedAccessException => Unavailable(fileName, failure.Message),
        _ => failure,
    };

    /// <summary>Storage cannot take or give it now; trying later may help.</summary>
    public static RefusedException Unavailable(string fileName, string detail) =>
        new(new Refusal(RefusalKind.Unavailable, "StorageUnavailable") { Temporary = true, Detail = $"{fileName}: {detail}" });

    private static bool IsStorage(int code) => code is raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_BUSY or raw.SQLITE_CANTOPEN or raw.SQLITE_NOMEM
        or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_PROTOCOL or raw.SQLITE_LOCKED;
}
