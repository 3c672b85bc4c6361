using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Credentials;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Accounts.Licensing;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Database;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Events;
using MailPlus.Engine.Hosting;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Tests.Support;

/// <summary>A fresh system database in a folder of its own with everything that works on it; mail is only remembered as made or removed.</summary>
internal sealed class SystemUnderTest : IAsyncDisposable
{
    public const string Password = "Correct-Horse-9-Battery";

    /// <summary>An empty system.db of the present version: made once, as all migrations take longer than most tests.</summary>
    private static readonly Lazy<Task<byte[]>> Empty = new(MigratedAsync);

    private SystemUnderTest(bool lab)
    {
        Folder = System.IO.Directory.CreateTempSubdirectory("mailplus-test-").FullName;
        Run = new RunOptions { DataFolder = Folder, LoopbackLab = lab };
        Database = SystemDatabase.InSqlite(Path.Combine(Folder, "system.db"), Clock);
        Catalog = new SettingsCatalog();
        Settings = new SettingsStore(Database, Catalog, AdminTrail.ForSettings(Clock));
        SettingsOperations = new SettingsOperations(Database, Settings, Catalog);
        Rules = new SignInRules(Settings, Run);
        Throttle = new SignInThrottle(Clock);
        Gate = new SignInGate(AddressBook, Rules, Events, Throttle, Clock);
        AppPasswords = new AppPasswordOperations(Database, AppPasswordBook);
        Authenticator = new Authenticator(Gate, Hashing, Clock) { AppPasswords = AppPasswordBook };
        Locks = new SignInLocks(Throttle, Database);
        Sessions = new WebSessions(Database, AddressBook, Settings);
        Passwords = new AccountPasswords(Hashing, Authenticator, Rules);
        Mail = new AccountMail(
            (id, _) =>
            {
                MailMade.Add(id);
                return Task.CompletedTask;
            },
            (id, _) =>
            {
                MailMade.Remove(id);
                return Task.CompletedTask;
            });
        var licences = new Licences(LicenceAuthority.Open(Issuer.PublicKey), Run);
        var seating = new Seating(AddressBook, Sessions, licences);
        Licences = new LicenceOperations(Database, licences, seating);
        Activation = new ActivationOperations(Database, seating);
        PolicyBook = new PolicyBook(AddressBook);
        Policies = new PolicyOperations(Database, PolicyBook);
        Groups = new GroupOperations(Database, seating) { Policies = PolicyBook };
        Accounts = new AccountOperations(Database, AddressBook, Passwords, Mail, seating);
        Domains = new DomainOperations(Database, AddressBook);
        Aliases = new AliasOperations(Database, AddressBook);
        FirstRun = new FirstRun(Folder);
        Setup = new SetupOperations(new SetupParts(Database, Settings, AddressBook, Passwords, Mail) { Seating = seating }, FirstRun);
    }

    public string Folder { get; }

    public RunOptions Run { get; }

    public CountingClock Clock { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public SystemDatabase Database { get; }

    public SettingsCatalog Catalog { get; }

    public SettingsStore Settings { get; }

    public SettingsOperations SettingsOperations { get; }

    public SignInRules Rules { get; }

    public AddressBook AddressBook { get; } = new();

    public PasswordHashing Hashing { get; } = new();

    public EventStream Events { get; } = new();

    public SignInThrottle Throttle { get; }

    public SignInGate Gate { get; }

    public SignInLocks Locks { get; }

    public Authenticator Authenticator { get; }

    public WebSessions Sessions { get; }

    public AccountPasswords Passwords { get; }

    public AccountMail Mail { get; }

    public HashSet<AccountId> MailMade { get; } = [];

    public AccountOperations Accounts { get; }

    public LicenceIssuer Issuer { get; } = LicenceIssuer.Create();

    public LicenceOperations Licences { get; }

    public ActivationOperations Activation { get; }

    public GroupOperations Groups { get; }

    public AppPasswordBook AppPasswordBook { get; } = new();

    public AppPasswordOperations AppPasswords { get; }

    public PolicyBook PolicyBook { get; }

    public PolicyOperations Policies { get; }

    public DomainOperations Domains { get; }

    public AliasOperations Aliases { get; }

    public FirstRun FirstRun { get; }

    public SetupOperations Setup { get; }

    /// <summary>A new, empty database.</summary>
    public static async Task<SystemUnderTest> StartAsync(bool lab = false)
    {
        var system = new SystemUnderTest(lab);
        await File.WriteAllBytesAsync(Path.Combine(system.Folder, "system.db"), await Empty.Value);
        await system.Database.MigrateAsync(CancellationToken.None);
        await system.Settings.LoadAsync(CancellationToken.None);
        await system.AddressBook.LoadAsync(system.Database, CancellationToken.None);
        return system;
    }

    /// <summary>Set up with example.test and the administrator admin.</summary>
    public static async Task<SystemUnderTest> SetUpAsync(bool lab = false)
    {
        var system = await StartAsync(lab);
        await system.Setup.ApplyAsync(new SetupRequest("mail.example.test", "example.test", "admin", Password), CancellationToken.None);
        return system;
    }

    public Task<Account> AddAsync(string address, bool isAdministrator = false) => Accounts.CreateAsync(
        Actor.Operator, new NewAccount(EmailAddress.Parse(address), Password) { IsAdministrator = isAdministrator }, CancellationToken.None);

    public async Task<IReadOnlyList<MailEvent>> OutboxAsync() => [.. (await new SystemOutbox(Database).ReadAsync(0, 1000, CancellationToken.None)).Select(item => item.Event)];

    /// <summary>
    /// What answers late by the clock, as refused sign-ins do: once it waits, the clock is moved until it has answered. While it still works it is not moved: on a
    /// busy machine hours would pass.
    /// </summary>
    public async Task<T> HeldBackAsync<T>(Func<Task<T>> ask)
    {
        var timers = Clock.Timers;
        var answer = ask();
        while (await Task.WhenAny(answer, Task.Delay(10)) != answer)
        {
            if (Clock.Timers > timers)
            {
                Clock.Advance(TimeSpan.FromSeconds(1));
            }
        }

        return await answer;
    }

    public ValueTask DisposeAsync()
    {
        Database.Dispose();
        Hashing.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        System.IO.Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task<byte[]> MigratedAsync()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("mailplus-test-").FullName;
        var file = Path.Combine(folder, "system.db");
        using (var database = SystemDatabase.InSqlite(file, TimeProvider.System))
        {
            await database.MigrateAsync(CancellationToken.None);
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Xunit.Assert.False(File.Exists(file + "-wal"), "all of it is in the one file");
        var octets = await File.ReadAllBytesAsync(file);
        await ScratchFolder.DeleteAsync(folder);
        return octets;
    }
}
