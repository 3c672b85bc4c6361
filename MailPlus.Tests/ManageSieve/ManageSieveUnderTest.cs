using System.Net;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Database;
using MailPlus.Engine.ManageSieve.Server;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Sieve.Scripts;
using MailPlus.Engine.Store.Sqlite;
using MailPlus.Engine.Tls;
using MailPlus.Tests.Imap;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailPlus.Tests.ManageSieve;

/// <summary>ManageSieve over the real store, accounts and SASL; the account is "kim" with <see cref="SystemUnderTest.Password"/>.</summary>
internal sealed class ManageSieveUnderTest : IAsyncDisposable
{
    private static readonly TlsCertificate Certificate = SelfSigned.Make("mail.example.test", TimeProvider.System.GetUtcNow());

    private readonly SystemUnderTest _system;
    private readonly SqliteThreads _threads;
    private readonly SqliteMailStore _store;
    private readonly ManageSieveHandler _handler;
    private readonly List<Task> _serving = [];
    private readonly List<MemoryConnection> _connections = [];
    private readonly CancellationTokenSource _stop = new();

    private ManageSieveUnderTest(SystemUnderTest system)
    {
        _system = system;
        _threads = new SqliteThreads(NullLogger<SqliteThreads>.Instance, 2);
        _store = new SqliteMailStore(Path.Combine(system.Folder, "accounts"), _threads, TimeProvider.System);
        ISettingsSource settings = system.Settings;
        _handler = new ManageSieveHandler(new ManageSieveDoor
        {
            Scripts = new ScriptOperations(_store, settings), Sasl = new SaslMechanisms(system.Authenticator) { Gate = system.Gate, ScramSecret = new byte[32] }, Settings = settings, Run = system.Run, Log = Log,
        });
    }

    public ErrorLog Log { get; } = new();

    public static async Task<ManageSieveUnderTest> StartAsync(bool isLab)
    {
        var server = new ManageSieveUnderTest(await SystemUnderTest.SetUpAsync(isLab));
        await server._store.CreateAsync((await server._system.AddAsync("kim@example.test")).Id, default);
        var saved = await server._system.SettingsOperations.SaveAsync(Actor.Operator, null, all => all with { Sieve = all.Sieve with { MaximumScripts = 3, MaximumScriptSize = 1024 } }, default);
        Xunit.Assert.True(saved.IsSaved);
        return server;
    }

    public MemoryConnection Connect()
    {
        var connection = new MemoryConnection(_ => Certificate.Options, null, remote: IPAddress.Loopback);
        _connections.Add(connection);
        _serving.Add(Task.Run(async () =>
        {
            try
            {
                await _handler.ServeAsync(connection.Server, _stop.Token);
            }
            finally
            {
                await connection.Server.DisposeAsync();
            }
        }));
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var connection in _connections)
        {
            connection.FinishSending();
        }

        await Task.WhenAll(_serving).WaitAsync(TimeSpan.FromMinutes(3));
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await _store.DisposeAsync();
        _stop.Dispose();
        await _threads.DisposeAsync();
        await _system.DisposeAsync();
    }
}
