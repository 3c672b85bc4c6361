using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Accounts.Licensing;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Audit;
using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Domains.AutoBcc;
using MailPlus.Engine.Domains.Disclaimers;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Events;
using MailPlus.Engine.Filtering.Authenticate;
using MailPlus.Engine.Filtering.Pipeline;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.ManageSieve.Server;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Monitoring.DnsChecks;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Listeners;
using MailPlus.Engine.Net.Local;
using MailPlus.Engine.Net.Transcript;
using MailPlus.Engine.Pop3.Server;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Search;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Sieve.Scripts;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Postgres;
using MailPlus.Engine.Store.Sharing;
using MailPlus.Engine.Store.Sqlite;
using MailPlus.Engine.Tls;
using MailPlus.Engine.Tls.Acme;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Hosting;

/// <summary>
/// The only wiring of the engine: every part made by hand, in the order of the levels. The web registers the properties as singletons; pages take operations,
/// never this class. Opening takes the data-folder lock and opens the databases; nothing is delivered and nobody is listened to before <see cref="Host"/> starts.
/// </summary>
public sealed class EngineWiring : IAsyncDisposable
{
    private const int MaildropPurpose = 1;

    private readonly Stack<object> _opened = new();
    private PostgresLocks? _maildropLocks;

    private EngineWiring(RunOptions run)
    {
        Run = run;
        Catalog = new SettingsCatalog();
        Events = new EventStream();
        AddressBook = new AddressBook();
    }

    /// <summary>What this run fixes.</summary>
    public RunOptions Run { get; }

    private SpoolFolder Spool { get; set; } = null!;

    /// <summary>Present settings, for reading.</summary>
    public ISettingsSource Settings { get; private set; } = null!;

    /// <summary>All settings there are.</summary>
    public SettingsCatalog Catalog { get; }

    /// <summary>Settings operations.</summary>
    public SettingsOperations SettingsOperations { get; private set; } = null!;

    /// <summary>Operations on lists of rules.</summary>
    public RuleOperations Rules => field ??= new RuleOperations(SettingsOperations);

    /// <summary>Account operations.</summary>
    public AccountOperations Accounts { get; private set; } = null!;

    /// <summary>Activation of users and groups.</summary>
    public ActivationOperations Activation { get; private set; } = null!;

    /// <summary>Group operations.</summary>
    public GroupOperations Groups { get; private set; } = null!;

    /// <summary>App passwords and sign-in history.</summary>
    public AppPasswordOperations AppPasswords { get; private set; } = null!;

    /// <summary>User policy operations.</summary>
    public PolicyOperations UserPolicies { get; private set; } = null!;

    /// <summary>What accounts sent outside.</summary>
    public UsageOperations Usage { get; private set; } = null!;

    /// <summary>Licence operations.</summary>
    public LicenceOperations Licences { get; private set; } = null!;

    /// <summary>Domain operations.</summary>
    public DomainOperations Domains { get; private set; } = null!;

    /// <summary>Alias operations.</summary>
    public AliasOperations Aliases { get; private set; } = null!;

    /// <summary>What DNS says about the domains.</summary>
    public DnsOperations Dns { get; private set; } = null!;

    /// <summary>Disclaimers.</summary>
    public DisclaimerOperations Disclaimers { get; private set; } = null!;

    /// <summary>Blind copies.</summary>
    public BccOperations Bcc { get; private set; } = null!;

    /// <summary>DKIM operations.</summary>
    public DkimOperations Dkim { get; private set; } = null!;

    /// <summary>Address to account.</summary>
    public IAddressBook AddressBook { get; }

    /// <summary>Password to actor.</summary>
    public IAuthenticator Authenticator { get; private set; } = null!;

    /// <summary>What SMTP, IMAP and POP3 offer to authenticate by.</summary>
    public SaslMechanisms Sasl { get; private set; } = null!;

    /// <summary>Operations on held back log-ins.</summary>
    public SignInLocks SignInLocks { get; private set; } = null!;

    /// <summary>Signed-in browsers.</summary>
    public WebSessions WebSessions { get; private set; } = null!;

    /// <summary>Web keys shared with other processes, null when the data folder has our own.</summary>
    public PostgresWebKeys? WebKeys { get; private set; }

    /// <summary>First set-up.</summary>
    public SetupOperations Setup { get; private set; } = null!;

    /// <summary>Certificates, for mail and web alike.</summary>
    public CertificateStore Certificates { get; private set; } = null!;

    /// <summary>Mail.</summary>
    public IMailStore Store { get; private set; } = null!;

    /// <summary>The full-text index.</summary>
    public SearchIndex Index { get; private set; } = null!;

    /// <summary>Who shares mailboxes with whom.</summary>
    public IShareIndex Shares { get; private set; } = null!;

    /// <summary>The way into the queue.</summary>
    public IAcceptance Acceptance { get; private set; } = null!;

    /// <summary>The queue.</summary>
    public IQueueOperations Queue { get; private set; } = null!;

    /// <summary>How TLS went with other servers.</summary>
    public TlsReportOperations TlsReports { get; private set; } = null!;

    /// <summary>DNS.</summary>
    public IDnsResolver Resolver { get; private set; } = null!;

    /// <summary>The certificate that is got and renewed by itself.</summary>
    public AcmeRenewal Acme { get; private set; } = null!;

    /// <summary>The one list of local networks.</summary>
    public LocalNetworks LocalNetworks { get; private set; } = null!;

    /// <summary>Who is trusted, and what strangers on port 25 must keep to.</summary>
    public SmtpPolicies Policies { get; private set; } = null!;

    /// <summary>What happens.</summary>
    public EventStream Events { get; }

    /// <summary>Scripts of users, answers and forwards.</summary>
    public ScriptOperations Scripts { get; private set; } = null!;

    /// <summary>Mail log.</summary>
    public MailLog MailLog { get; private set; } = null!;

    /// <summary>Admin log.</summary>
    public AdminLog AdminLog { get; private set; } = null!;

    /// <summary>Dashboard.</summary>
    public Dashboard Dashboard { get; private set; } = null!;

    /// <summary>This process: started when, listeners, disk.</summary>
    public ServerState Server { get; private set; } = null!;

    /// <summary>The mail listeners.</summary>
    public ListenerSet Listeners { get; private set; } = null!;

    /// <summary>Looks the server over.</summary>
    public Doctor Doctor { get; private set; } = null!;

    /// <summary>Backup of this data folder.</summary>
    public Backup.BackupOperations Backups { get; private set; } = null!;

    /// <summary>Life cycle.</summary>
    public EngineHost Host { get; private set; } = null!;

    /// <summary>Opens the data folder of a run.</summary>
    /// <exception cref="Primitives.RefusedException">Conflict when another process has the data folder or a newer version wrote it.</exception>
    public static async Task<EngineWiring> OpenAsync(RunOptions run, ILoggerFactory logs, TimeProvider clock, CancellationToken cancellationToken)
    {
        var wiring = new EngineWiring(run);
        try
        {
            await wiring.WireAsync(logs, clock, cancellationToken);
            return wiring;
        }
        catch
        {
            await wiring.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops what runs and closes everything in reverse order.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Host is not null)
        {
            await Host.StopAsync(CancellationToken.None);
        }

        while (_opened.TryPop(out var part))
        {
            if (part is IAsyncDisposable later)
            {
                await later.DisposeAsync();
            }
            else
            {
                ((IDisposable)part).Dispose();
            }
        }
    }

    private async Task WireAsync(ILoggerFactory logs, TimeProvider clock, CancellationToken cancellationToken)
    {
        var folder = Keep(DataFolder.Open(Run.DataFolder));
        var threads = Keep(new SqliteThreads(logs.CreateLogger<SqliteThreads>()));
        var server = Run.Database is { } address ? Keep(new PostgresServer(address, threads, clock, logs.CreateLogger<PostgresServer>())) : null;
        var database = Keep(server is null ? SystemDatabase.InSqlite(folder.SystemFile, clock) : SystemDatabase.InPostgres(server, clock));
        var logDatabase = server is null ? LogDatabase.InSqlite(folder.LogFile) : LogDatabase.InPostgres(server);
        await database.MigrateAsync(cancellationToken);
        await logDatabase.MigrateAsync(cancellationToken);

        var settings = new SettingsStore(database, Catalog, AdminTrail.ForSettings(clock));
        await settings.LoadAsync(cancellationToken);
        Settings = settings;
        SettingsOperations = new SettingsOperations(database, settings, Catalog)
        {
            // A verb on a data folder without a server binds nothing: the next start will tell.
            ListenerProbe = (before, wanted, token) => Host.State == EngineState.Running ? Listeners.CheckChangeAsync(before, wanted, token) : Task.FromResult<IReadOnlyList<Refusal>>([]),
        };

        var addressBook = (AddressBook)AddressBook;
        await addressBook.LoadAsync(database, cancellationToken);
        var hashing = Keep(new PasswordHashing());
        var signInRules = new SignInRules(settings, Run);
        var throttle = new SignInThrottle(clock);
        var userPolicies = new PolicyBook(addressBook);
        await userPolicies.LoadAsync(database, cancellationToken);
        UserPolicies = new PolicyOperations(database, userPolicies);
        var gate = new SignInGate(addressBook, signInRules, Events, throttle, clock) { Policy = new SignInPolicy(userPolicies, address => LocalNetworks.Contains(address)) };
        var appPasswords = new AppPasswordBook();
        await appPasswords.LoadAsync(database, cancellationToken);
        AppPasswords = new AppPasswordOperations(database, appPasswords);
        Authenticator = new Authenticator(gate, hashing, clock) { AppPasswords = appPasswords };
        SignInLocks = new SignInLocks(throttle, database);
        var authorities = new ClientAuthorities(settings, clock);
        Sasl = new SaslMechanisms(Authenticator)
        {
            Gate = gate, ScramSecret = await ScramSecret.LoadAsync(database, cancellationToken), Authorities = authorities, Tokens = Keep(new TokenIntrospection(settings)),
        };
        WebSessions = new WebSessions(database, addressBook, settings);

        var shared = server is null ? null : await PostgresMailStore.OpenAsync(server, folder.Reading, clock, null, cancellationToken);
        Store = Keep<IMailStore>(shared is null ? new SqliteMailStore(folder.Accounts, threads, clock) : shared);
        Scripts = new ScriptOperations(Store, settings) { MayForward = account => userPolicies.Of(account).MayForward };
        var shares = Keep(new ShareIndex(database));
        await shares.LoadAsync(cancellationToken);
        Shares = shares;
        WebKeys = server is null ? null : await PostgresWebKeys.OpenAsync(server, cancellationToken);
        _maildropLocks = server is null ? null : Keep(new PostgresLocks(server, MaildropPurpose));
        database.OnForeignChange(settings.LoadAsync);
        database.OnForeignChange(token => addressBook.LoadAsync(database, token));
        addressBook.Follow = database.FollowAsync;
        database.OnForeignChange(token => userPolicies.LoadAsync(database, token));
        database.OnForeignChange(token => appPasswords.LoadAsync(database, token));
        database.OnForeignChange(shares.LoadAsync);
        database.OnForeignChange(WebSessions.ForgetAllAsync);
        Index = Keep(new SearchIndex(new SearchSurroundings(folder.Index, Store, () => addressBook.Entries.Select(entry => entry.Account.Id), settings, clock)
        {
            Log = logs.CreateLogger<SearchIndex>(), NoteRebuild = new IndexTrail(database, clock).NoteAsync, Includes = account => userPolicies.RulesOf(account).Search,
        }));
        userPolicies.IndexingChanged = Index.Include;
        var mail = new AccountMail(Store.CreateAsync, DeleteMailAsync);
        await AccountIds.FinishDeletionsAsync(database, mail, cancellationToken);
        var passwords = new AccountPasswords(hashing, Authenticator, signInRules);
        var licences = new Licences(LicenceAuthority.Open(Run.LicenceIssuer), Run);
        var seating = new Seating(addressBook, WebSessions, licences);
        Licences = new LicenceOperations(database, licences, seating);
        Activation = new ActivationOperations(database, seating);
        Groups = new GroupOperations(database, seating) { Policies = userPolicies };
        Accounts = new AccountOperations(database, addressBook, passwords, mail, seating);
        var keyring = new DkimKeyring();
        await keyring.LoadAsync(database, cancellationToken);
        Domains = new DomainOperations(database, addressBook) { Keyring = keyring };
        Aliases = new AliasOperations(database, addressBook);
        var copies = new BccBook();
        await copies.LoadAsync(database, cancellationToken);
        database.OnForeignChange(token => copies.LoadAsync(database, token));
        Bcc = new BccOperations(database, addressBook, copies);
        var disclaimers = new DisclaimerBook();
        await disclaimers.LoadAsync(database, cancellationToken);
        database.OnForeignChange(token => disclaimers.LoadAsync(database, token));
        Disclaimers = new DisclaimerOperations(database, disclaimers);

        Certificates = Keep(new CertificateStore(folder.Root, settings.Current.Smtp.Hostname, clock, logs.CreateLogger<CertificateStore>()));
        Acme = Keep(new AcmeRenewal(Certificates, settings, clock, logs.CreateLogger<AcmeRenewal>()));
        settings.OnChange((before, now) =>
        {
            if (before.Smtp.Hostname != now.Smtp.Hostname)
            {
                Certificates.UseHostname(now.Smtp.Hostname);
            }
        });
        Resolver = new DnsResolver(settings, clock);
        Dkim = new DkimOperations(database, keyring, Resolver);
        LocalNetworks = new LocalNetworks(settings, clock);
        Policies = new SmtpPolicies(settings, LocalNetworks, Resolver, addressBook.IsLocal, clock);
        var live = new DnsResolver(settings, clock) { AlwaysAsks = true };
        Dns = new DnsOperations(new DnsSubjects(live, settings, Certificates) { Database = database, Domains = Domains, Dkim = Dkim, Policies = Keep(new StsFetch(live)), Clock = clock });

        var tlsLedger = new TlsLedger(database, clock);
        TlsReports = new TlsReportOperations(database, tlsLedger);
        var stsPolicies = Keep(await StsPolicies.OpenAsync(database, Resolver, new StsFetch(Resolver), clock, logs.CreateLogger<StsPolicies>(), cancellationToken));
        var queue = await WireDeliveryAsync((folder, threads, server), new OutwardParts(stsPolicies, tlsLedger, keyring) { Users = userPolicies, Copies = copies, Disclaimers = disclaimers, Rewriting = await SenderRewriting.OpenAsync(database, clock, cancellationToken) }, logs, clock, cancellationToken);
        var systemOutbox = new SystemOutbox(database);
        var logWriter = Keep(new LogWriter(logDatabase, [queue.Outbox, systemOutbox], Events, clock, logs.CreateLogger<LogWriter>()));
        MailLog = new MailLog(logDatabase);
        AdminLog = new AdminLog(logDatabase);
        Server = Keep(new ServerState(Run, clock));
        Dashboard = new Dashboard(logDatabase, addressBook, Queue, Server);

        WireListeners(queue, name => authorities.IsConfigured ? Certificates.AskingOptionsFor(name) : Certificates.OptionsFor(name), logs, clock);
        var signIns = new SignInJournal(database, Events, clock);
        var loops = new EngineLoops([new EngineLoop("log-writer", logWriter.RunAsync), new EngineLoop("sign-in-journal", signIns.RunAsync), new EngineLoop("settings-trial", new TrialWatch(SettingsOperations, Settings, clock).RunAsync), new EngineLoop("tls-ledger", tlsLedger.RunAsync), new EngineLoop("sts-policies", stsPolicies.RunAsync), new EngineLoop("search-index", Index.RunAsync), new EngineLoop("certificates", Acme.RunAsync), new EngineLoop("licences", token => Licences.RunAsync(clock, token)), new EngineLoop("dkim-keys", new DkimRotation(Dkim, clock, logs.CreateLogger<DkimRotation>()).RunAsync), new EngineLoop("dns-watch", new DnsWatch(Dns, clock, logs.CreateLogger<DnsWatch>()).RunAsync), .. server is null ? (ReadOnlySpan<EngineLoop>)[] : [new EngineLoop("notices", server.RunAsync), new EngineLoop("system-follow", database.RunAsync), new EngineLoop("store-follow", shared!.FollowAsync)]], clock, logs.CreateLogger<EngineHost>());
        Host = Keep(new EngineHost(queue, Listeners, loops, logs.CreateLogger<EngineHost>()));

        var firstRun = new FirstRun(folder.Root);
        Setup = new SetupOperations(new SetupParts(database, settings, addressBook, passwords, mail) { Seating = seating }, firstRun);
        if (Setup.IsNeeded)
        {
            firstRun.Begin();
        }

        Doctor = new Doctor(new DoctorSubjects(Run, settings, addressBook, Store) { Certificates = Certificates, Listeners = Listeners, Dns = Dns, Clock = clock, Index = Index });
        Backups = new Backup.BackupOperations(new Backup.BackupSources(folder.Root, database, logDatabase, queue, Store) { InDatabase = Run.Database is not null }, addressBook, clock);
    }

    private async Task<DeliveryQueue> WireDeliveryAsync((DataFolder Folder, SqliteThreads Threads, PostgresServer? Server) where, OutwardParts outward, ILoggerFactory logs, TimeProvider clock, CancellationToken cancellationToken)
    {
        Spool = new SpoolFolder(Run.DataFolder);
        var around = new DeliverySurroundings
        {
            Settings = Settings,
            Addresses = AddressBook,
            Store = Store,
            Resolver = Resolver,
            Policies = Policies,
            Inquiry = new SenderInquiry(new MessageAuthenticator(Resolver, new Lazy<PublicSuffixList>(() => PublicSuffixList.Load(Run.DataFolder)), clock), Policies),
            StsPolicies = outward.Policies,
            TlsLedger = outward.Ledger,
            DkimKeys = outward.Keys,
            Copies = outward.Copies,
            Disclaimers = outward.Disclaimers,
            Rewriting = outward.Rewriting,
            UserPolicies = outward.Users,
            Scan = content => new MessageScanner().Scan(content),
            Spool = Spool,
            Events = Events,
            Clock = clock,
            Logs = logs,
        };
        var queue = Keep(where.Server is null
            ? await DeliveryQueue.OpenAsync(Run.DataFolder, where.Threads, around, cancellationToken)
            : await DeliveryQueue.OpenAsync(where.Server, where.Folder.Node(), Run.DataFolder, around, cancellationToken));
        Acceptance = new Acceptance(queue, new FilterPipeline(StageOrder.Standard(), clock), around);
        Queue = new QueueOperations(queue, around);
        Usage = new UsageOperations(queue, outward.Users, around);
        return queue;
    }

    private void WireListeners(DeliveryQueue queue, TlsOptionsSource tls, ILoggerFactory logs, TimeProvider clock)
    {
        var table = Keep(new ConnectionTable(Settings, clock, LocalNetworks.Contains));
        var lifetime = Keep(new ConnectionLifetime(table, tls, clock, logs.CreateLogger<ConnectionLifetime>()));
        Listeners = Keep(new ListenerSet(Protocols(logs, clock), Settings, Run, new ConnectionRuntime(table, lifetime, clock), logs.CreateLogger<ListenerSet>()));
        Keep(new MailMetrics(Events, queue, table));
        Server.Add(() => Listeners.States.Select(ServiceStates.Of));
        Server.Add(() => [ServiceStates.Of(Index.Status, Settings.Current.Search)]);
    }

    private IReadOnlyList<ProtocolListener> Protocols(ILoggerFactory logs, TimeProvider clock)
    {
        var smtp = new SmtpDoor
        {
            Settings = Settings, Run = Run, Acceptance = Acceptance, Authenticator = Authenticator, Sasl = Sasl, Events = Events, Spool = Spool, Clock = clock,
            Addresses = AddressBook, Queue = Queue, Policies = Policies,
            SignInVouched = async (name, client, token) => await Sasl.Gate!.EndAsync(await Sasl.Gate.BeginAsync(name, "smtp", client, token), isProven: true, token),
            Trace = new ProtocolTrace(logs.CreateLogger<ProtocolTrace>()),
        };
        var imap = new ImapHandler(new ImapDependencies(Store, Authenticator, AddressBook, Settings, Run)
        {
            Shares = Shares, Sasl = Sasl, Clock = clock, Index = Index, Quotas = Accounts, SetServerComment = SettingsOperations.SetServerCommentAsync, Log = logs.CreateLogger<ImapHandler>(),
        });
        var pop3 = new Pop3Handler(new Pop3Door
        {
            Store = Store, Authenticator = Authenticator, Sasl = Sasl, Settings = Settings, Run = Run, Clock = clock, Log = logs.CreateLogger<Pop3Handler>(),
            Trace = new ProtocolTrace(logs.CreateLogger<ProtocolTrace>()), LockElsewhere = _maildropLocks is { } locks ? (account, token) => locks.TryTakeAsync(account.Value, token) : null,
        });
        return
        [
            new ProtocolListener("smtp", service => service.Smtp, new SmtpHandler(SmtpRole.Mx, smtp)) { BusyLine = ProtocolListener.SmtpBusyLine },
            new ProtocolListener("submission", service => service.Submission, new SmtpHandler(SmtpRole.Submission, smtp)) { BusyLine = ProtocolListener.SmtpBusyLine },
            new ProtocolListener("smtps", service => service.Smtps, new SmtpHandler(SmtpRole.Smtps, smtp)) { ImplicitTls = true },
            new ProtocolListener("imap", service => service.Imap, imap) { BusyLine = ProtocolListener.ImapBusyLine },
            new ProtocolListener("imaps", service => service.Imaps, imap) { ImplicitTls = true },
            new ProtocolListener("pop3", service => service.Pop3, pop3) { BusyLine = ProtocolListener.Pop3BusyLine },
            new ProtocolListener("pop3s", service => service.Pop3s, pop3) { ImplicitTls = true },
            new ProtocolListener("sieve", service => service.Sieve, new ManageSieveHandler(new ManageSieveDoor { Scripts = Scripts, Sasl = Sasl, Settings = Settings, Run = Run, Log = logs.CreateLogger<ManageSieveHandler>(), Trace = new ProtocolTrace(logs.CreateLogger<ProtocolTrace>()) })) { BusyLine = ProtocolListener.SieveBusyLine },
        ];
    }

    private async Task DeleteMailAsync(AccountId account, CancellationToken cancellationToken)
    {
        await Store.DeleteAsync(account, cancellationToken);
        Index.Forget(account);
    }

    private T Keep<T>(T part)
        where T : notnull
    {
        _opened.Push(part);
        return part;
    }

    /// <summary>What delivery needs of its own towards other servers.</summary>
    private sealed record OutwardParts(StsPolicies Policies, TlsLedger Ledger, DkimKeyring Keys)
    {
        /// <summary>Rules of blind copies.</summary>
        public required BccBook Copies { get; init; }

        /// <summary>Disclaimers.</summary>
        public required DisclaimerBook Disclaimers { get; init; }

        /// <summary>Rewrites senders.</summary>
        public required SenderRewriting Rewriting { get; init; }

        /// <summary>What users may send.</summary>
        public required PolicyBook Users { get; init; }
    }
}
