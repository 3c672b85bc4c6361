using Microsoft.Data.Sqlite;
using Npgsql;

namespace MailPlus.Engine.Database;

/// <summary>
/// Copies one key's rows of an area between PostgreSQL and a SQLite file of the same tables, so that an account can be taken out of one backend and put into the other.
/// Both sides have the same columns; PostgreSQL has the key besides, and a column that would bear the key's name is called <c>reader</c> there.
/// </summary>
internal static class PostgresCopy
{
    /// <summary>Writes a SQLite file, durable on return.</summary>
    /// <param name="server">The server.</param>
    /// <param name="area">Which tables.</param>
    /// <param name="key">Whose rows.</param>
    /// <param name="fileName">The file; must not exist.</param>
    /// <param name="also">Runs in the same snapshot.</param>
    public static bool ToSqlite(PostgresServer server, PostgresArea area, long key, string fileName, Action<NpgsqlConnection>? also = null)
    {
        try
        {
            using (var target = Open(area, fileName))
            using (var source = server.Connect(area))
            {
                using var snapshot = source.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
                using var writing = target.BeginTransaction();
                foreach (var table in Tables(target))
                {
                    CopyOut(source, target, (area, table), key);
                }

                also?.Invoke(source);
                writing.Commit();
            }

            DurableFiles.FlushFile(fileName);
            return true;
        }
        catch (SqliteException failure)
        {
            throw SqliteFailures.ForCaller(failure, fileName);
        }
        catch (Exception failure)
        {
            throw SqliteFailures.ForCaller(PostgresFailures.ForCaller(failure), fileName);
        }
    }

    /// <summary>Reads a SQLite file of the newest version into PostgreSQL; the key must have no rows.</summary>
    public static bool FromSqlite(PostgresServer server, PostgresArea area, long key, string fileName, Action<NpgsqlConnection>? also = null)
    {
        try
        {
            using var source = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = fileName, Pooling = false }.ToString());
            source.Open();
            using var target = server.Connect(area);
            using var writing = target.BeginTransaction();
            foreach (var table in Tables(source))
            {
                CopyIn(source, target, (area, table), key);
            }

            also?.Invoke(target);
            writing.Commit();
            return true;
        }
        catch (SqliteException failure)
        {
            throw SqliteFailures.ForCaller(failure, fileName);
        }
        catch (Exception failure)
        {
            throw PostgresFailures.ForCaller(failure);
        }
    }

    private static SqliteConnection Open(PostgresArea area, string fileName)
    {
        var options = new SqliteFileOptions { FileName = fileName, ApplicationId = area.SqliteId, Scripts = area.SqliteScripts };
        using (var session = new SqliteConnectionSession(fileName, 1024, writes: true))
        {
            SqliteSchema.Prepare(session, options);
        }

        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = fileName, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static List<(string Name, List<string> Columns)> Tables(SqliteConnection connection)
    {
        var tables = new List<(string, List<string>)>();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type='table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid";
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            if (tables.Count == 0 || tables[^1].Item1 != rows.GetString(0))
            {
                tables.Add((rows.GetString(0), []));
            }

            tables[^1].Item2.Add(rows.GetString(1));
        }

        return tables;
    }

    private static IEnumerable<string> Foreign(PostgresArea area, List<string> columns) => columns.Select(column => column == area.KeyColumn ? "reader" : column);

    private static void CopyOut(NpgsqlConnection source, SqliteConnection target, (PostgresArea Area, (string Name, List<string> Columns) Table) what, long key)
    {
        var (area, (name, columns)) = what;
        using (var clear = target.CreateCommand())
        {
            clear.CommandText = $"DELETE FROM {name}"; // What the scripts put in.
            clear.ExecuteNonQuery();
        }

        using var read = new NpgsqlCommand($"SELECT {string.Join(", ", Foreign(area, columns))} FROM {name} WHERE {area.KeyColumn} = $1", source);
        read.Parameters.Add(new NpgsqlParameter<long> { TypedValue = key });
        using var write = target.CreateCommand();
        write.CommandText = $"INSERT INTO {name}({string.Join(", ", columns)}) VALUES({string.Join(", ", columns.Select((_, i) => $"@p{i}"))})";
        var parameters = columns.Select((_, i) => write.Parameters.Add(new SqliteParameter { ParameterName = $"@p{i}" })).ToList();
        using var rows = read.ExecuteReader();
        while (rows.Read())
        {
            for (var i = 0; i < parameters.Count; i++)
            {
                parameters[i].Value = rows.GetValue(i);
            }

            write.ExecuteNonQuery();
        }
    }

    private static void CopyIn(SqliteConnection source, NpgsqlConnection target, (PostgresArea Area, (string Name, List<string> Columns) Table) what, long key)
    {
        var (area, (name, columns)) = what;
        using var read = source.CreateCommand();
        read.CommandText = $"SELECT {string.Join(", ", columns)} FROM {name}";
        using var rows = read.ExecuteReader();
        while (rows.Read())
        {
            using var write = new NpgsqlCommand($"INSERT INTO {name}({area.KeyColumn}, {string.Join(", ", Foreign(area, columns))}) VALUES($1, {string.Join(", ", columns.Select((_, i) => $"${i + 2}"))})", target);
            write.Parameters.Add(new NpgsqlParameter<long> { TypedValue = key });
            for (var i = 0; i < columns.Count; i++)
            {
                write.Parameters.Add(new NpgsqlParameter { Value = rows.GetValue(i) });
            }

            write.ExecuteNonQuery();
        }
    }
}
