using System.Net;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Search;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sqlite;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>IMAP over the real store and connections in memory; the account is "kim", its password "secret"; as "boss" it is an administrator's. "ann" and "bob" have the same password when they are there.</summary>
internal sealed class ImapUnderTest : IAsyncDisposable
{
    public static readonly AccountId Kim = new(7);
    private static readonly AccountId Ann = new(8);
    private static readonly AccountId Bob = new(9);

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("mailplus-imap-").FullName;
    private readonly SqliteThreads _threads;
    private readonly ImapHandler _handler;
    private readonly ImapDependencies _with;
    private readonly SearchOptions? _search;
    private (CancellationTokenSource Stop, Task Running)? _indexing;
    private readonly List<Task> _serving = [];
    private readonly List<MemoryConnection> _connections = [];
    private readonly CancellationTokenSource _stop = new();

    private ImapUnderTest(bool isLab, long quota, TimeSpan? progressEvery, SettingsSnapshot? settings, SearchOptions? search)
    {
        _search = search;
        var accounts = new FewAccounts(quota);
        _threads = new SqliteThreads(NullLogger<SqliteThreads>.Instance, 2);
        Store = new SqliteMailStore(Path.Combine(_folder, "accounts"), _threads, TimeProvider.System);
        var source = Settings = new SettableSettings(settings);
        _with = new ImapDependencies(Store, new OnePassword(), accounts, source, new RunOptions { DataFolder = _folder, LoopbackLab = isLab })
        {
            MaxSearchedMailboxes = 10, MaxPendingNotices = 3, MaxUpdatedResults = 3,
            SetServerComment = (_, comment, _) =>
            {
                source.Set(source.Current with { Imap = source.Current.Imap with { ServerComment = comment, ServerAdmin = "postmaster@example.com" } });
                return Task.CompletedTask;
            },
            Shares = new MemoryShares(), Log = Log, Quotas = accounts, ProgressEvery = progressEvery ?? TimeSpan.FromMinutes(1),
        };
        _handler = new ImapHandler(_with);
    }

    public SettableSettings Settings { get; }

    /// <summary>The full-text index, null when it does not run.</summary>
    public SearchIndex? Index { get; private set; }

    public string IndexFolder => Path.Combine(_folder, "index");

    public string AccountsFolder => Path.Combine(_folder, "accounts");

    public IMailStore Store { get; }

    public ErrorLog Log { get; } = new();

    public static async Task<ImapUnderTest> StartAsync(
        bool isLab = true, long quota = 0, TimeSpan? progressEvery = null, SettingsSnapshot? settings = null, bool withColleagues = false,
        SearchOptions? search = null)
    {
        var server = new ImapUnderTest(isLab, quota, progressEvery, settings, search);
        await server.Store.CreateAsync(Kim, default);
        if (withColleagues)
        {
            await server.Store.CreateAsync(Ann, default);
            await server.Store.CreateAsync(Bob, default);
        }

        if (search is not null)
        {
            server.StartIndex();
        }

        return server;
    }

    /// <summary>Accounts whose mail is not indexed.</summary>
    public System.Collections.Immutable.ImmutableHashSet<AccountId> Unindexed { get; set; } = [];

    public void StartIndex()
    {
        Index = new SearchIndex(new SearchSurroundings(IndexFolder, Store, () => [Kim, Ann, Bob], Settings, TimeProvider.System) { Log = NullLogger.Instance, Includes = account => !Unindexed.Contains(account) }, _search!);
        var stop = new CancellationTokenSource();
        _indexing = (stop, Task.Run(() => Index.RunAsync(stop.Token)));
    }

    public async Task StopIndexAsync()
    {
        if (_indexing is var (stop, running))
        {
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
            Index!.Dispose();
            stop.Dispose();
            (Index, _indexing) = (null, null);
        }
    }

    /// <summary>Waits until all mail is indexed.</summary>
    public Task IndexedAsync() => Eventually.TrueAsync(() => Task.FromResult(Index!.Status.Condition == SearchCondition.Ready), () => $"the index is ready: {Index!.Status}");

    public MemoryConnection Connect(Engine.Net.Connections.TlsOptionsSource? tls = null, TimeProvider? clock = null, bool withIndex = false, IMailStore? store = null)
    {
        var handler = withIndex ? new ImapHandler(_with with { Index = Index }) : store is not null ? new ImapHandler(_with with { Store = store }) : _handler;
        var connection = new MemoryConnection(tls, clock, remote: IPAddress.Loopback);
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

    /// <summary>Waits until every session has ended.</summary>
    public Task SessionsAsync() => Task.WhenAll(_serving);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var connection in _connections)
        {
            connection.FinishSending();
        }

        await Task.WhenAll(_serving).WaitAsync(TimeSpan.FromMinutes(3));
        await StopIndexAsync();
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await Store.DisposeAsync();
        _stop.Dispose();
        await _threads.DisposeAsync();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    private sealed class OnePassword : IAuthenticator
    {
        public ValueTask<Actor> AuthenticateAsync(PasswordCredential credential, CancellationToken cancellationToken) =>
            credential.Password == "secret" && credential.Name.Split('@') is [("kim" or "ann" or "bob" or "boss") and var name, .. [] or ["example.com"]]
                ? new(Actor.ForAccount(name switch { "ann" => Ann, "bob" => Bob, _ => Kim }, name, isAdministrator: name == "boss"))
                : throw new RefusedException(new Refusal(RefusalKind.AuthenticationFailed, "AuthenticationFailed"));
    }

    private sealed class FewAccounts(long quota) : IAddressBook, IQuotaOperations
    {
        private readonly Account[] _accounts =
        [
            new(Kim, "kim", EmailAddress.Parse("kim@example.com")) { QuotaOctets = quota },
            new(Ann, "ann", EmailAddress.Parse("ann@example.com")),
            new(Bob, "bob", EmailAddress.Parse("bob@example.com")),
        ];

        public AddressResolution Resolve(EmailAddress address) => default;

        public AddressResolution ResolvePostmaster() => default;

        public bool IsLocal(DomainName domain) => false;

        public Account? Find(AccountId account) => _accounts.FirstOrDefault(a => a.Id == account);

        public Account? FindByLogin(string nameOrAddress) => _accounts.FirstOrDefault(a => a.Name == nameOrAddress || a.PrimaryAddress.ToDisplayString() == nameOrAddress)
            ?? nameOrAddress switch
            {
                "gone" => _accounts[0] with { State = AccountState.Deactivated },
                "lee" => new Account(new AccountId(18), "lee", EmailAddress.Parse("lee@example.com")),
                _ => null,
            };

        public Task SetQuotaAsync(Actor actor, AccountId account, QuotaLimits limits, CancellationToken cancellationToken)
        {
            actor.Require(Permission.ManageAccounts);
            var at = Array.FindIndex(_accounts, a => a.Id == account);
            _accounts[at] = _accounts[at] with { QuotaOctets = limits.Octets, QuotaMessages = limits.Messages };
            return Task.CompletedTask;
        }
    }
}

/// <summary>Keeps what a session would have logged as an error: a peer's mistake must never be among it.</summary>
internal sealed class ErrorLog : ILogger
{
    private readonly List<string> _errors = [];

    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_errors)
            {
                return [.. _errors];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error)
        {
            lock (_errors)
            {
                _errors.Add($"{formatter(state, exception)}\n{exception}");
            }
        }
    }
}
