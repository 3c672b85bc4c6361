using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Authenticate;
using MailPlus.Engine.Filtering.Pipeline;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Net.Local;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MailPlus.Tests.Delivery;

/// <summary>
/// Acceptance and queue over a real queue.db, with mailboxes, addresses, DNS and clock in the test's hand. Accounts of here.test: ann (1), bob (2), cho (3,
/// deactivated); postmaster is ann.
/// </summary>
public sealed class DeliveryRig : IAsyncDisposable
{
    private readonly string _folder;
    private readonly SqliteThreads _threads = new(NullLogger<SqliteThreads>.Instance);

    private PostgresUnderTest? _postgres;
    private string? _database;
    private PostgresServer? _server;

    private DeliveryRig(string folder, FakeMailStore store)
    {
        _folder = folder;
        Store = store;
        Events.Subscribe(e => Happened.Enqueue(e));
    }

    public FakeMailStore Store { get; }

    public FakeResolver Resolver { get; } = new();

    /// <summary>Takes the place of <see cref="Store"/> after the next opening.</summary>
    public Engine.Store.Contract.IMailStore? RealStore { get; set; }

    /// <summary>Takes the place of <see cref="Resolver"/> after the next opening.</summary>
    public Engine.Resolver.IDnsResolver? RealResolver { get; set; }

    /// <summary>Policies of MTA-STS after the next opening.</summary>
    internal StsPolicies? Policies { get; set; }

    /// <summary>Counts TLS after the next opening.</summary>
    internal TlsLedger? Ledger { get; set; }

    /// <summary>Roots that are trusted after the next opening.</summary>
    public X509ChainPolicy? Trust { get; set; }

    public SqliteThreads Threads => _threads;

    /// <summary>Interfaces of the host that the one list of local networks finds; loopback always counts.</summary>
    public IReadOnlyList<OwnInterface> Interfaces { get; set; } = [];

    /// <summary>Who is trusted and what strangers must keep to.</summary>
    public SmtpPolicies SmtpPolicies { get; private set; } = null!;

    public TableAddressBook Addresses { get; } = new();

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 24, 10, 0, 0, TimeSpan.Zero));

    public SettableSettings Settings { get; } = new(new SettingsSnapshot() with { Smtp = new() { Hostname = "mail.here.test" } });

    public EventStream Events { get; } = new();

    public ConcurrentQueue<MailEvent> Happened { get; } = new();

    public string DataFolder => _folder;

    public string Node { get; private init; } = "one";

    public DeliveryQueue Queue { get; private set; } = null!;

    public Acceptance Acceptance { get; private set; } = null!;

    public QueueOperations Operations { get; private set; } = null!;

    public UsageOperations Usage { get; private set; } = null!;

    public static async Task<DeliveryRig> OpenAsync(bool start = true, PostgresUnderTest? postgres = null)
    {
        var rig = new DeliveryRig(Directory.CreateTempSubdirectory("mailplus-delivery-").FullName, new FakeMailStore())
        {
            _postgres = postgres, _database = postgres is null ? null : await postgres.NewDatabaseAsync(),
        };
        await rig.ReopenAsync(start);
        return rig;
    }

    /// <summary>What another process finds when this one is killed now: queue.db as it is, the same mailboxes.</summary>
    public async Task<DeliveryRig> CrashAsync(bool start = true)
    {
        var folder = Directory.CreateTempSubdirectory("mailplus-delivery-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "queue"));
        foreach (var body in Directory.Exists(Path.Combine(_folder, "queue")) ? Directory.GetFiles(Path.Combine(_folder, "queue")) : [])
        {
            File.Copy(body, Path.Combine(folder, "queue", Path.GetFileName(body)));
        }

        if (_postgres is null)
        {
            await Queue.File.Database.CopyToAsync(Path.Combine(folder, "queue.db"), default);
        }

        var rig = new DeliveryRig(folder, Store) { _postgres = _postgres, _database = _postgres is null ? null : await _postgres.CopyDatabaseAsync(_database!) };
        rig.Clock.SetUtcNow(Clock.GetUtcNow());
        rig.Settings.Set(Settings.Current);
        rig.RealStore = RealStore;
        rig.RealResolver = RealResolver;
        foreach (var (domain, answer) in Resolver.Mx)
        {
            rig.Resolver.Mx[domain] = answer;
        }

        foreach (var (host, answer) in Resolver.Addresses)
        {
            rig.Resolver.Addresses[host] = answer;
        }

        await rig.ReopenAsync(start);
        return rig;
    }

    /// <summary>Ends the queue and opens it again on the same files, as after a restart.</summary>
    public async Task ReopenAsync(bool start = true)
    {
        if (Queue is not null)
        {
            await Queue.DisposeAsync();
        }

        SmtpPolicies = new SmtpPolicies(Settings, new LocalNetworks(Settings, Clock, () => Interfaces), RealResolver ?? Resolver, Addresses.IsLocal, Clock);
        var around = new DeliverySurroundings
        {
            Policies = SmtpPolicies,
            Settings = Settings, Addresses = Addresses, Store = RealStore ?? Store, Resolver = RealResolver ?? Resolver, Inquiry = new SenderInquiry(new MessageAuthenticator(RealResolver ?? Resolver, new Lazy<PublicSuffixList>(PublicSuffixList.Shipped), Clock)), StsPolicies = Policies, TlsLedger = Ledger, UserPolicies = new PolicyBook(Addresses), Trust = Trust, Scan = new MessageScanner().Scan, Spool = new SpoolFolder(_folder), Events = Events, Clock = Clock, Logs = NullLoggerFactory.Instance,
        };
        if (_database is null)
        {
            Queue = await DeliveryQueue.OpenAsync(_folder, _threads, around, default);
        }
        else
        {
            _server ??= new PostgresServer(_database, _threads, Clock, NullLogger.Instance);
            Queue = await DeliveryQueue.OpenAsync(_server, Node, _folder, around, default);
        }

        Acceptance = new Acceptance(Queue, new FilterPipeline(StageOrder.Standard(), Clock), around);
        Operations = new QueueOperations(Queue, around);
        Usage = new UsageOperations(Queue, around.UserPolicies, around);
        if (start)
        {
            await Queue.StartAsync(default);
        }
    }

    public static MessageSource Inbound => new(MessageOrigin.Inbound) { Client = IPAddress.Parse("192.0.2.7"), Helo = "client.example.test", Protocol = "ESMTP" };

    public static MessageSource Submission(long account) => new(MessageOrigin.Submission) { Client = IPAddress.Loopback, Protocol = "ESMTPSA", Actor = Actor.ForAccount(new AccountId(account), "x", false) };

    public static IncomingMessage Message(string? sender, string text, MessageSource source, params string[] recipients) => new(
        new Envelope(sender is null ? null : EmailAddress.Parse(sender), [.. recipients.Select(r => new Recipient(EmailAddress.Parse(r)))]),
        MessageContent.FromMemory(Encoding.UTF8.GetBytes(text)), source);

    public Task<AcceptanceReceipt> SendAsync(string? sender, string text, MessageSource source, params string[] recipients) =>
        Acceptance.AcceptAsync(Message(sender, text, source, recipients), default);

    public async Task<Page<QueuedMessage>> ListAsync() => await Operations.ListAsync(Actor.System, new QueueQuery(), default);

    /// <summary>Another process on the same PostgreSQL.</summary>
    public async Task<DeliveryRig> JoinAsync(string node)
    {
        var rig = new DeliveryRig(Directory.CreateTempSubdirectory("mailplus-delivery-").FullName, Store) { _postgres = _postgres, _database = _database, Node = node };
        await rig.ReopenAsync();
        return rig;
    }

    /// <summary>Waits until nothing is in hand and the queue holds so many entries.</summary>
    public async Task SettleAsync(int left = 0) =>
        await Eventually.TrueAsync(async () => Queue.InHand == 0 && (await ListAsync()).Total == left, () => $"{left} entries left in the queue ({Queue.InHand} in hand)");

    public async ValueTask DisposeAsync()
    {
        await Queue.DisposeAsync();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _threads.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Addresses from a table.</summary>
public sealed class TableAddressBook : IAddressBook
{
    public ConcurrentDictionary<string, AddressResolution> Table { get; } = new()
    {
        ["ann@here.test"] = new(AddressKind.Account, new AccountId(1)),
        ["ann.alias@here.test"] = new(AddressKind.Account, new AccountId(1)),
        ["postmaster@here.test"] = new(AddressKind.Account, new AccountId(1)),
        ["bob@here.test"] = new(AddressKind.Account, new AccountId(2)),
        ["cho@here.test"] = new(AddressKind.Deactivated, new AccountId(3)),
    };

    public long? Quota { get; set; }

    public long? MessageQuota { get; set; }

    public AddressResolution Resolve(EmailAddress address) =>
        !IsLocal(address.Domain) ? default : Table.GetValueOrDefault(address.Key, new AddressResolution(AddressKind.Unknown));

    public DomainLimits Limits { get; set; } = DomainLimits.None;

    public DomainLimits LimitsOf(DomainName domain) => Limits;

    public AddressResolution ResolvePostmaster() => Table["postmaster@here.test"];

    public bool IsLocal(DomainName domain) => domain.Ascii == "here.test";

    public Account? Find(AccountId account) => new(account, "x", EmailAddress.Parse(account.Value == 1 ? "ann@here.test" : "bob@here.test")) { QuotaOctets = Quota, QuotaMessages = MessageQuota };

    public Account? FindByLogin(string nameOrAddress) => null;
}
