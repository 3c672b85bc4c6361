using System.Globalization;
using Xunit;

namespace MailPlus.Tests.Support;

/// <summary>A PostgreSQL from Debian in a folder of its own, on a socket only, for the tests that want one; each takes a database of its own.</summary>
public sealed class PostgresUnderTest : IAsyncLifetime
{
    private const string Programs = "/usr/lib/postgresql/15/bin";
    private const string Owner = "postgres";

    private string? _folder;
    private ChildProcess? _server;
    private int _databases;

    public async Task InitializeAsync()
    {
        if (!File.Exists(Path.Combine(Programs, "initdb")))
        {
            return;
        }

        _folder = Directory.CreateTempSubdirectory("mailplus-pg-").FullName;
        var data = Path.Combine(_folder, "data");
        if (Environment.UserName == "root")
        {
            (await ChildProcess.RunAsync("chown", [Owner, _folder])).MustSucceed("chown");
        }

        (await RunAsync("initdb", "-D", data, "-U", "mailplus", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")).MustSucceed("initdb");
        var (program, arguments) = AsOwner("postgres", ["-D", data, "-k", _folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200", "-c", "logging_collector=off"]);
        _server = ChildProcess.Start(program, arguments, _folder);
        await Eventually.TrueAsync(
            async () => (await RunAsync("pg_isready", "-h", _folder, "-U", "mailplus", "-d", "postgres")).ExitCode == 0, () => $"PostgreSQL accepts connections\n{_server.Tail()}");
    }

    /// <summary>The connection string of a new, empty database; the test is skipped where there is no PostgreSQL.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        Skip.If(_folder is null, "PostgreSQL 15 is not installed");
        var name = "t" + Interlocked.Increment(ref _databases).ToString(CultureInfo.InvariantCulture);
        (await RunAsync("createdb", "-h", _folder!, "-U", "mailplus", "-T", "template0", name)).MustSucceed("createdb");
        return $"Host={_folder};Username=mailplus;Timeout=120;Command Timeout=300;Database={name}";
    }

    /// <summary>The connection string of a new database whose tables lie on a volume; it must be dropped before that goes.</summary>
    public async Task<string> NewDatabaseAsync(SmallVolume volume)
    {
        var connection = await NewDatabaseAsync();
        var (name, folder) = (NameOf(connection), Path.Combine(volume.Folder, "tables"));
        Directory.CreateDirectory(folder);
        (await ChildProcess.RunAsync("chown", [Owner, folder])).MustSucceed("chown");
        await SqlAsync($"CREATE TABLESPACE {name} LOCATION '{folder}'", $"ALTER DATABASE {name} SET TABLESPACE {name}");
        return connection;
    }

    /// <summary>Removes a database and the tablespace of the same name.</summary>
    public Task DropDatabaseAsync(string connection) => SqlAsync($"DROP DATABASE {NameOf(connection)} WITH (FORCE)", $"DROP TABLESPACE {NameOf(connection)}");

    /// <summary>A new database with the same contents as another, as they are at this moment.</summary>
    public async Task<string> CopyDatabaseAsync(string connection)
    {
        var copy = await NewDatabaseAsync();
        (await ChildProcess.RunAsync("bash", ["-c", $"set -o pipefail; {Programs}/pg_dump -h {_folder} -U mailplus -d {NameOf(connection)} | {Programs}/psql -q -X -v ON_ERROR_STOP=1 -h {_folder} -U mailplus -d {NameOf(copy)}"])).MustSucceed("pg_dump");
        return copy;
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await RunAsync("pg_ctl", "stop", "-D", Path.Combine(_folder!, "data"), "-m", "immediate");
            await _server.DisposeAsync();
        }

        if (_folder is not null)
        {
            await ScratchFolder.DeleteAsync(_folder);
        }
    }

    private static string NameOf(string connection) => connection[(connection.LastIndexOf('=') + 1)..];

    private async Task SqlAsync(params string[] statements)
    {
        foreach (var statement in statements)
        {
            (await RunAsync("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-h", _folder!, "-U", "mailplus", "-d", "postgres", "-c", statement)).MustSucceed(statement);
        }
    }

    private static (string Program, List<string> Arguments) AsOwner(string program, IEnumerable<string> arguments)
    {
        var full = Path.Combine(Programs, program);
        return Environment.UserName == "root"
            ? ("setpriv", ["--reuid", Owner, "--regid", Owner, "--clear-groups", full, .. arguments]) // initdb and postgres refuse to run as root.
            : (full, [.. arguments]);
    }

    private static async Task<CommandResult> RunAsync(string name, params string[] given)
    {
        var (program, arguments) = AsOwner(name, given);
        return await ChildProcess.RunAsync(program, arguments);
    }
}

/// <summary>Tests that share the one PostgreSQL of a run.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresUnderTest>
{
    public const string Name = "postgres";
}
