using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MailPlus.Engine.Database;

/// <summary>
/// A prepared statement for hot paths: binds spans and reads columns without boxing, parameter objects or copies, which <see cref="SqliteCommand"/> cannot.
/// Kept by its session; used between <see cref="SqliteSession.Statement"/> and the end of the work that asked for it. Parameters and columns count from 0.
/// </summary>
public sealed class SqliteStatement : SqlStatement
{
    private readonly sqlite3 _connection;
    private readonly sqlite3_stmt _statement;

    internal SqliteStatement(sqlite3 connection, string sql)
    {
        _connection = connection;
        Check(raw.sqlite3_prepare_v3(connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    /// <summary>Whether the statement is between a step and a reset; only its session looks.</summary>
    internal bool InUse { get; set; }

    /// <summary>Binds an integer.</summary>
    public override SqliteStatement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, index + 1, value));
        return this;
    }

    /// <summary>Binds a text as UTF-8; null as NULL.</summary>
    public override SqliteStatement Bind(int index, string? value)
    {
        Check(value is null ? raw.sqlite3_bind_null(_statement, index + 1) : raw.sqlite3_bind_text(_statement, index + 1, value));
        return this;
    }

    /// <summary>Binds octets, copied by SQLite.</summary>
    public override SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        // An empty span has a null pointer, which SQLite takes for NULL.
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, index + 1, 0) : raw.sqlite3_bind_blob(_statement, index + 1, value));
        return this;
    }

    /// <summary>Binds NULL.</summary>
    public override SqliteStatement BindNull(int index)
    {
        Check(raw.sqlite3_bind_null(_statement, index + 1));
        return this;
    }

    /// <summary>Moves to the next row; false at the end.</summary>
    /// <exception cref="SqliteException">What SQLite says.</exception>
    public override bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        switch (code)
        {
            case raw.SQLITE_ROW:
                return true;
            case raw.SQLITE_DONE:
                return false;
            default:
                throw Failure(code);
        }
    }

    /// <summary>Runs to the end and makes the statement ready for new parameters.</summary>
    public override void Execute()
    {
        while (Step())
        {
            // Rows of a statement run for its effect are of no interest.
        }

        Reset();
    }

    /// <summary>Ends the run; parameters stay bound.</summary>
    public override void Reset()
    {
        // The code repeats the error of the last step, which has been thrown already.
        _ = raw.sqlite3_reset(_statement);
    }

    /// <summary>Integer column; NULL is 0.</summary>
    public override long Long(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Integer column; NULL is 0.</summary>
    public override int Int(int column) => raw.sqlite3_column_int(_statement, column);

    /// <summary>True when the column is NULL.</summary>
    public override bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>Text column; NULL is "".</summary>
    public override string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string() ?? "";

    /// <summary>Octets of a column, valid until the next step or reset.</summary>
    public override ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    internal void Close() => _statement.Dispose();

    private SqliteException Failure(int code) =>
        new($"SQLite Error {code}: '{raw.sqlite3_errmsg(_connection).utf8_to_string()}'.", code & 0xff, raw.sqlite3_extended_errcode(_connection));

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw Failure(code);
        }
    }
}
