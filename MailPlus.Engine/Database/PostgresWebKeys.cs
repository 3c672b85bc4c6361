using Npgsql;

namespace MailPlus.Engine.Database;

/// <summary>The keys by which the web part protects cookies and forms, shared by all processes. Blocks: the framework asks so, rarely.</summary>
public sealed class PostgresWebKeys
{
    private const string Tables = "CREATE TABLE web_key(name text PRIMARY KEY, document text NOT NULL);";
    private static readonly PostgresArea Area = new("web", [Tables], [], 0, "");

    private readonly PostgresServer _server;

    private PostgresWebKeys(PostgresServer server) => _server = server;

    /// <summary>Makes the table when it is not there.</summary>
    internal static async Task<PostgresWebKeys> OpenAsync(PostgresServer server, CancellationToken cancellationToken)
    {
        await server.PrepareAsync(Area, cancellationToken);
        return new PostgresWebKeys(server);
    }

    /// <summary>All keys, as they were added.</summary>
    public IReadOnlyList<string> All()
    {
        using var connection = _server.Connect(Area);
        using var command = new NpgsqlCommand("SELECT document FROM web_key ORDER BY name", connection);
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(rows.GetString(0));
        }

        return found;
    }

    /// <summary>Adds a key, durable on return.</summary>
    public void Add(string name, string document)
    {
        using var connection = _server.Connect(Area);
        using var command = new NpgsqlCommand("INSERT INTO web_key(name, document) VALUES($1, $2) ON CONFLICT(name) DO UPDATE SET document = excluded.document", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = document });
        command.ExecuteNonQuery();
    }
}
