using System.Net;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Database;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sqlite;
using MailPlus.Engine.Tls;
using MailPlus.Tests.Imap;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailPlus.Tests.Pop3;

/// <summary>POP3, and IMAP beside it, over the real store, accounts and SASL; the account is "kim" with <see cref="SystemUnderTest.Password"/>.</summary>
internal sealed class Pop3UnderTest : IAsyncDisposable
{
    private static readonly TlsCertificate Certificate = SelfSigned.Make("mail.example.test", TimeProvider.System.GetUtcNow());

    private readonly SystemUnderTest _system;
    private readonly SqliteThreads _threads;
    private readonly Pop3Handler _pop3;
    private readonly ImapHandler _imap;
    private readonly List<Task> _serving = [];
    private readonly List<MemoryConnection> _connections = [];
    private readonly CancellationTokenSource _stop = new();

    private Pop3UnderTest(SystemUnderTest system, TimeProvider? clock)
    {
        _system = system;
        _threads = new SqliteThreads(NullLogger<SqliteThreads>.Instance, 2);
        Store = new SqliteMailStore(Path.Combine(system.Folder, "accounts"), _threads, TimeProvider.System);
        Sasl = new SaslMechanisms(system.Authenticator) { Gate = system.Gate, ScramSecret = new byte[32] };
        ISettingsSource settings = system.Settings;
        _pop3 = new Pop3Handler(new Pop3Door { Store = Store, Authenticator = system.Authenticator, Sasl = Sasl, Settings = settings, Run = system.Run, Log = Log, Clock = clock ?? TimeProvider.System });
        _imap = new ImapHandler(new ImapDependencies(Store, system.Authenticator, system.AddressBook, settings, system.Run) { Shares = new MemoryShares(), Sasl = Sasl, Log = Log });
    }

    public IMailStore Store { get; }

    public SaslMechanisms Sasl { get; }

    public AccountId Kim { get; private set; }

    public ErrorLog Log { get; } = new();

    public static async Task<Pop3UnderTest> StartAsync(bool isLab = true, TimeProvider? clock = null)
    {
        var server = new Pop3UnderTest(await SystemUnderTest.SetUpAsync(isLab), clock);
        server.Kim = (await server._system.AddAsync("kim@example.test")).Id;
        await server.Store.CreateAsync(server.Kim, default);
        return server;
    }

    /// <summary>Turns settings.</summary>
    public async Task SetAsync(Func<SettingsSnapshot, SettingsSnapshot> change) =>
        Xunit.Assert.True((await _system.SettingsOperations.SaveAsync(Actor.Operator, null, change, default)).IsSaved);

    /// <summary>A connection to POP3.</summary>
    public MemoryConnection Connect(TimeProvider? clock = null) => Connect(_pop3, clock);

    /// <summary>A connection to IMAP.</summary>
    public MemoryConnection ConnectImap() => Connect(_imap, null);

    /// <summary>A session that has signed in; the greeting and answers are read.</summary>
    public async Task<MemoryConnection> SignInAsync()
    {
        var connection = Connect();
        await connection.SendAsync($"USER kim\r\nPASS {SystemUnderTest.Password}\r\n");
        for (var i = 0; i < 3; i++)
        {
            var line = await connection.ReadLineAsync();
            Xunit.Assert.StartsWith("+OK", line);
        }

        return connection;
    }

    /// <summary>Puts a message into the INBOX.</summary>
    public async Task AppendAsync(byte[] message)
    {
        await using var store = await Store.OpenAsync(Kim, default);
        var inbox = await store.FindAsync("INBOX", default);
        await using var content = Engine.Mime.MessageContent.FromMemory(message);
        await store.AppendAsync(inbox!.Id, [new NewMessage(content, new Engine.Mime.MessageScanner().Scan(content), Instant.Now(TimeProvider.System))], default);
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

        await Store.DisposeAsync();
        _stop.Dispose();
        await _threads.DisposeAsync();
        await _system.DisposeAsync();
    }

    private MemoryConnection Connect(IConnectionHandler handler, TimeProvider? clock)
    {
        var connection = new MemoryConnection(_ => Certificate.Options, clock, remote: IPAddress.Loopback);
        _connections.Add(connection);
        _serving.Add(Task.Run(async () =>
        {
            try
            {
                await handler.ServeAsync(connection.Server, _stop.Token);
            }
            finally
            {
                await connection.Server.DisposeAsync();
            }
        }));
        return connection;
    }
}
