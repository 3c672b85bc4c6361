using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Hosting;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Web.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailPlus.Tests.Support;

/// <summary>How a server under test is set up.</summary>
public sealed record ServerPlan
{
    /// <summary>Log-in without TLS and no throttles from loopback (<c>--loopback-lab</c>).</summary>
    public bool Lab { get; init; } = true;

    public string Domain { get; init; } = "example.test";

    public string Hostname { get; init; } = "mail.example.test";

    public string Administrator { get; init; } = "admin";

    /// <summary>Of the administrator and of every account.</summary>
    public string Password { get; init; } = "Correct-Horse-9-Battery";

    /// <summary>Local parts of accounts to add, beside the administrator.</summary>
    public IReadOnlyList<string> Accounts { get; init; } = [];

    /// <summary>Settings to change before the first start.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Mail listeners are bound where the settings say, not on free ports of the command line; the web part still takes a free port.</summary>
    public bool FollowsSettings { get; init; }

    /// <summary>Its ports are those the system gives to nobody else, so that it finds them free after a restart.</summary>
    public bool KeepsPorts { get; init; }

    /// <summary>Connection string of a PostgreSQL database, null for files.</summary>
    public string? Database { get; init; }

    /// <summary>The scratch folder, null for a new one where temporary files lie. It is removed with the server.</summary>
    public string? Home { get; init; }

    /// <summary>Further arguments of <c>serve</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>
/// The real server program in a process of its own, on a data folder of its own and free ports of 127.0.0.1. The folder is set up here, by the operations behind
/// the verbs: a process for each of them would cost more than most tests.
/// </summary>
public sealed partial class RunningServer : IAsyncDisposable
{
    private static readonly string[] Listeners =
        ["smtp", "submission", "smtps", "imap", "imaps", "pop3", "pop3s", "sieve", "web", "web-tls"];

    /// <summary>A start is the dearest single step of all tests: on a machine with twenty times the work it can do it was seen to take four minutes.</summary>
    private static readonly TimeSpan LaunchLimit = TimeSpan.FromMinutes(7);

    private readonly string _portsFile;
    private readonly List<string> _earlierLines = [];
    private ChildProcess? _process;
    private Dictionary<string, int> _ports = [];

    private RunningServer(ServerPlan plan)
    {
        Plan = plan;
        Home = plan.Home is { } home ? System.IO.Directory.CreateDirectory(home).FullName : System.IO.Directory.CreateTempSubdirectory("mailplus-test-").FullName;
        Data = Path.Combine(Home, "data");
        _portsFile = Path.Combine(Home, "ports.json");
    }

    public ServerPlan Plan { get; }

    /// <summary>A scratch folder of this server, removed with it.</summary>
    public string Home { get; }

    /// <summary>The server's data folder.</summary>
    public string Data { get; }

    public int ProcessId => Process.Id;

    public int Smtp => Port("smtp");

    public int Submission => Port("submission");

    public int Smtps => Port("smtps");

    public int Imap => Port("imap");

    public int Imaps => Port("imaps");

    public int Web => Port("web");

    /// <summary>Everything all runs of this server printed.</summary>
    public IReadOnlyList<string> Output => [.. _earlierLines, .. _process?.Lines ?? []];

    private ChildProcess Process => _process ?? throw new InvalidOperationException("the server is not running");

    /// <summary>Starts the server on an empty data folder: the wizard waits at <see cref="SetupPathAsync"/>.</summary>
    public static async Task<RunningServer> StartFreshAsync(ServerPlan plan)
    {
        var server = new RunningServer(plan);
        try
        {
            await server.LaunchAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Path and one-time token of the wizard, as the server prints them once it is ready.</summary>
    public async Task<string> SetupPathAsync()
    {
        string? path = null;
        await Eventually.TrueAsync(
            () => Task.FromResult((path = Output.Select(line => SetupAddress().Match(line)).FirstOrDefault(match => match.Success)?.Value) is not null),
            () => $"an address of the wizard is printed\n{Process.Tail()}");
        return path!;
    }

    /// <summary>Sets a fresh data folder up (domain, administrator, settings, accounts) and starts the server.</summary>
    public static async Task<RunningServer> StartAsync(ServerPlan plan)
    {
        var server = new RunningServer(plan);
        try
        {
            await server.PrepareAsync();
            await server.LaunchAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public string Address(string account) => $"{account}@{Plan.Domain}";

    /// <summary>The port a listener is bound to, by the name of its option.</summary>
    public int Port(string listener) => _ports.TryGetValue(listener, out var port)
        ? port
        : throw new InvalidOperationException($"{listener} is not bound; the ports file names {string.Join(", ", _ports.Keys)}\n{Process.Tail()}");

    /// <summary>Starts the program on the same data and waits until it says it is ready.</summary>
    /// <param name="samePorts">Where it listened before, as clients that stayed open expect.</param>
    public async Task LaunchAsync(bool samePorts = false)
    {
        File.Delete(_portsFile);
        var arguments = new List<string> { RepositoryTree.ServerProgram, "serve", "--data", Data, "--ports-file", _portsFile };
        foreach (var listener in Listeners.Where(name => !Plan.FollowsSettings || name is "web" or "web-tls"))
        {
            arguments.AddRange([$"--{listener}", $"127.0.0.1:{(samePorts && _ports.TryGetValue(listener, out var port) ? port : Plan.KeepsPorts ? FreePort.Next() : 0)}"]);
        }

        if (Plan.Lab)
        {
            arguments.Add("--loopback-lab");
        }

        if (Plan.Database is { } database)
        {
            arguments.AddRange(["--database", database]);
        }

        arguments.AddRange(Plan.Arguments);
        _process = ChildProcess.Start("dotnet", arguments, Home);
        await Eventually.TrueAsync(() => Task.FromResult(MustLive() && TryReadPorts()), () => $"the ports file is there\n{_process.Tail()}", LaunchLimit);
        await Eventually.TrueAsync(IsReadyAsync, () => $"/health/ready answers 200\n{_process.Tail()}", LaunchLimit);
    }

    /// <summary>Ends the server as a crash would.</summary>
    public async Task KillAsync()
    {
        await Process.KillAsync();
        await ForgetProcessAsync();
    }

    /// <summary>Ends the server as an operator does, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        var code = await Process.StopAsync(TimeSpan.FromMinutes(3));
        await ForgetProcessAsync();
        return code;
    }

    public async Task AddAccountAsync(string account)
        => await VerbAsync(["account", "add", Address(account), "--name", account, "--password-stdin"], Plan.Password + "\n");

    /// <summary>Runs a command line verb on this server's data; it must succeed.</summary>
    public async Task<CommandResult> VerbAsync(IReadOnlyList<string> verb, string input = "")
        => (await TryVerbAsync(verb, input)).MustSucceed(string.Join(' ', verb));

    /// <summary>Runs a command line verb as the program does, by the control socket of the server or on the folder of one that does not run, but from this process.</summary>
    public async Task<CommandResult> TryVerbAsync(IReadOnlyList<string> verb, string input = "")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            var response = await VerbClient.RunAsync(new RunOptions { DataFolder = Data, Database = Plan.Database }, new VerbRequest([.. verb, "--data", Data], input, Home), limit.Token);
            return new CommandResult(response.Code, response.Output, response.Error);
        }
        catch (RefusedException refused)
        {
            return new CommandResult(1, "", RefusalText.English(refused.Refusal));
        }
        finally
        {
            LetGo();
        }
    }

    /// <summary>Runs the program itself with a verb on this server's data.</summary>
    public async Task<CommandResult> TryProgramAsync(IReadOnlyList<string> verb, string input = "")
        => await ChildProcess.RunAsync("dotnet", [RepositoryTree.ServerProgram, .. verb, "--data", Data], input);

    /// <summary>Runs a listing verb with <c>--json</c> and parses what it prints.</summary>
    public async Task<JsonElement> JsonAsync(params string[] verb)
    {
        var result = await VerbAsync([.. verb, "--json"]);
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }

    /// <summary>A page of the server's web listener as text; the status must be 200.</summary>
    public async Task<string> GetAsync(string path)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(3) };
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{Web}{path}"));
    }

    /// <summary>Managed heap in bytes after a full collection (<c>GET /health/live?collect=1</c>, laboratory mode only).</summary>
    public async Task<long> ManagedHeapAsync()
    {
        using var document = JsonDocument.Parse(await GetAsync("/health/live?collect=1"));
        return document.RootElement.GetProperty("managedHeapBytes").GetInt64();
    }

    /// <summary>Resident memory of the process in bytes.</summary>
    public long ResidentBytes() => FromStatus("VmRSS:");

    /// <summary>The most resident memory the process ever had, or since its peak was reset.</summary>
    public long PeakResidentBytes() => FromStatus("VmHWM:");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        await ScratchFolder.DeleteAsync(Home);
    }

    /// <summary>What the verbs setup, setting set and account add do.</summary>
    private async Task PrepareAsync()
    {
        await using (var engine = await EngineWiring.OpenAsync(new RunOptions { DataFolder = Data, Database = Plan.Database, LoopbackLab = Plan.Lab }, NullLoggerFactory.Instance, TimeProvider.System, default))
        {
            await engine.Setup.ApplyAsync(new SetupRequest(Plan.Hostname, Plan.Domain, Plan.Administrator, Plan.Password), default);
            if (Plan.Settings.Count > 0)
            {
                var saved = await engine.SettingsOperations.SaveAsync(
                    Actor.Operator, null, now => Plan.Settings.Aggregate(now, (snapshot, setting) => engine.Catalog.Write(snapshot, setting.Key, setting.Value)), default);
                if (!saved.IsSaved)
                {
                    throw new RefusedException(saved.Refusals[0]);
                }
            }

            foreach (var account in Plan.Accounts)
            {
                await engine.Accounts.CreateAsync(Actor.Operator, new NewAccount(EmailAddress.Parse(Address(account)), Plan.Password) { DisplayName = account }, default);
            }
        }

        LetGo();
    }

    /// <summary>Closes what this process kept open of databases, so that a crash of the server finds its files as it left them.</summary>
    private static void LetGo() => Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();

    private long FromStatus(string field)
    {
        var line = File.ReadLines($"/proc/{ProcessId}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(Digits().Match(line).Value, CultureInfo.InvariantCulture) * 1024;
    }

    private bool MustLive() => Process.HasExited
        ? throw new InvalidOperationException($"the server ended with code {Process.ExitCode} while starting\n{Process.Tail()}")
        : true;

    private async Task ForgetProcessAsync()
    {
        _earlierLines.AddRange(Process.Lines);
        await Process.DisposeAsync();
        _process = null;
    }

    private async Task<bool> IsReadyAsync()
    {
        MustLive();
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(1) };
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{Web}/health/ready"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Reads <c>{"smtp": 1234}</c>, where a value may also be "address:port".</summary>
    private bool TryReadPorts()
    {
        try
        {
            if (!File.Exists(_portsFile))
            {
                return false;
            }

            using var document = JsonDocument.Parse(File.ReadAllText(_portsFile));
            _ports = document.RootElement.EnumerateObject().ToDictionary(
                p => p.Name,
                p => p.Value.ValueKind == JsonValueKind.Number
                    ? p.Value.GetInt32()
                    : int.Parse(p.Value.GetString()!.Split(':')[^1], CultureInfo.InvariantCulture),
                StringComparer.Ordinal);
            return _ports.ContainsKey("web");
        }
        catch (Exception failure) when (failure is IOException or JsonException)
        {
            return false; // still being written
        }
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();

    [GeneratedRegex(@"/setup\?token=\S+")]
    private static partial Regex SetupAddress();
}
