using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sqlite;
using MailPlus.Tests.Support;
using MailPlus.Web.Mail;
using MailPlus.Web.Mail.Compose;
using MailPlus.Web.Mail.Settings;
using MailPlus.Web.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Localization;
using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Web.Mail;

/// <summary>One account's real mail on disk, and everything the webmail needs beside it. What is sent is kept instead of being delivered.</summary>
public sealed class MailFixture : IAsyncLifetime, IAddressBook, IAcceptance
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("mailplus-webmail-").FullName;
    private readonly SqliteThreads _threads = new(NullLogger<SqliteThreads>.Instance, 4);
    private readonly SqliteMailStore _store;
    private readonly ServiceProvider _services;

    public MailFixture()
    {
        Run = new RunOptions { DataFolder = _folder };
        _store = new SqliteMailStore(Path.Combine(_folder, "accounts"), _threads, TimeProvider.System);
        var primary = EmailAddress.Parse("kim@example.test");
        Owner = new Account(new AccountId(1), "kim", primary) { DisplayName = "김하나", Addresses = [primary, EmailAddress.Parse("hana@example.test")] };
        Actor = Actor.ForAccount(Owner.Id, Owner.Name, isAdministrator: false);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddLocalization();
        _services = services.BuildServiceProvider();
        Settings = new SettableSettings();
        Access = new MailboxAccess(_store, Settings);
        Spool = new ComposeSpool(Run, Settings, TimeProvider.System);
        Preferences = new PreferenceFile(Run);
        Start = new ComposeStart(Spool, Preferences, _services.GetRequiredService<IStringLocalizer<ComposeWindow>>());
        Delivery = new ComposeDelivery(Spool, new ComposeEngine(this, new MessageScanner().Scan, Settings, TimeProvider.System), Preferences);
        Writer = new Writer(Actor, Owner, new Viewer("Asia/Seoul"));
    }

    internal RunOptions Run { get; }

    internal Account Owner { get; }

    internal Actor Actor { get; }

    internal MailboxAccess Access { get; }

    internal SettableSettings Settings { get; }

    internal ComposeSpool Spool { get; }

    internal PreferenceFile Preferences { get; }

    internal ComposeStart Start { get; }

    internal ComposeDelivery Delivery { get; }

    internal Writer Writer { get; }

    /// <summary>What went into the queue: envelope and message.</summary>
    internal List<(Envelope Envelope, MimeMessage Message)> Accepted { get; } = [];

    /// <summary>What the queue refuses next.</summary>
    internal Refusal? RefuseWith { get; set; }

    public async Task InitializeAsync() => await _store.CreateAsync(Owner.Id, CancellationToken.None);

    public async Task DisposeAsync()
    {
        Preferences.Dispose();
        await _store.DisposeAsync();
        await _threads.DisposeAsync();
        await _services.DisposeAsync();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    internal async Task<IAccountStore> OpenAsync() => await Access.OpenAsync(Actor, CancellationToken.None);

    /// <summary>Puts a message into the inbox, received that many minutes after a fixed day.</summary>
    internal async Task<Uid> ReceiveAsync(MimeMessage message, int minute = 0, MessageFlags flags = MessageFlags.None)
    {
        using var octets = new MemoryStream();
        await message.WriteToAsync(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, octets);
        var content = MessageContent.FromMemory(octets.ToArray());
        await using var store = await OpenAsync();
        var inbox = (await store.FindAsync("INBOX", CancellationToken.None))!;
        var date = Instant.From(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)).Plus(TimeSpan.FromMinutes(minute));
        var added = await store.AppendAsync(inbox.Id, [new NewMessage(content, new MessageScanner().Scan(content), date) { Flags = new FlagSet(flags, []) }], CancellationToken.None);
        return added.Uids[0];
    }

    internal static MimeMessage Message(string subject, string text = "hello", string from = "lee@other.test", string to = "kim@example.test")
    {
        var message = new MimeMessage { Subject = subject, Body = new TextPart("plain") { Text = text }, MessageId = $"{Guid.NewGuid():N}@other.test" };
        message.From.Add(MailboxAddress.Parse(from));
        message.To.AddRange(InternetAddressList.Parse(to));
        return message;
    }

    /// <summary>The messages of a folder, oldest first, parsed.</summary>
    internal async Task<IReadOnlyList<(MimeMessage Message, MessageState State)>> ReadAsync(SpecialUse use)
    {
        await using var store = await OpenAsync();
        var mailbox = use == SpecialUse.None ? await store.FindAsync("INBOX", CancellationToken.None) : await store.FindAsync(use, CancellationToken.None);
        var state = await store.StateAsync(mailbox!.Id, CancellationToken.None);
        var messages = new List<(MimeMessage, MessageState)>();
        foreach (var message in state.Range(0, state.Count))
        {
            await using var content = (await store.OpenAsync(mailbox.Id, message.Uid, CancellationToken.None))!;
            await using var stream = content.OpenRead();
            messages.Add((await MimeMessage.LoadAsync(stream), message));
        }

        return messages;
    }

    AddressResolution IAddressBook.Resolve(EmailAddress address) =>
        Owner.Addresses.Contains(address) ? new AddressResolution(AddressKind.Account, Owner.Id) : new AddressResolution(AddressKind.NotLocal);

    AddressResolution IAddressBook.ResolvePostmaster() => new(AddressKind.Account, Owner.Id);

    bool IAddressBook.IsLocal(DomainName domain) => domain == Owner.PrimaryAddress.Domain;

    Account? IAddressBook.Find(AccountId account) => account == Owner.Id ? Owner : null;

    Account? IAddressBook.FindByLogin(string nameOrAddress) => null;

    ValueTask<Refusal?> IAcceptance.CheckRecipientAsync(Recipient recipient, MessageSource source, CancellationToken cancellationToken) =>
        new(recipient.Address.LocalPart == "nobody" ? new Refusal(RefusalKind.UnknownRecipient, "UnknownRecipient") : null);

    ValueTask<Refusal?> IAcceptance.CheckSenderAsync(EmailAddress? reversePath, MessageSource source, CancellationToken cancellationToken) => new((Refusal?)null);

    async Task<AcceptanceReceipt> IAcceptance.AcceptAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        if (RefuseWith is { } refusal)
        {
            throw new RefusedException(refusal);
        }

        await using var stream = message.Content.OpenRead();
        Accepted.Add((message.Envelope, await MimeMessage.LoadAsync(stream, cancellationToken)));
        return new AcceptanceReceipt(new EntryId(Accepted.Count));
    }

    Task IAcceptance.ReplyLostAsync(IncomingMessage message, AcceptanceReceipt receipt, CancellationToken cancellationToken) => Task.CompletedTask;
}
