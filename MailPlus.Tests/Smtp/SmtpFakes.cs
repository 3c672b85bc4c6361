using System.Collections.Concurrent;
using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Smtp;

/// <summary>A message as acceptance saw it.</summary>
internal sealed record AcceptedMessage(Envelope Envelope, MessageSource Source, string Text, bool WasFile);

/// <summary>Acceptance for dialogues: example.test is hosted, alice and bob exist there, full is full; X-Refuse and X-Temp in a message refuse it.</summary>
internal sealed class FakeAcceptance : IAcceptance
{
    public ConcurrentQueue<AcceptedMessage> Accepted { get; } = new();

    /// <summary>The newest of <see cref="Accepted"/>, whether taken out or not.</summary>
    public AcceptedMessage? Last { get; private set; }

    public ConcurrentQueue<AcceptanceReceipt> Lost { get; } = new();

    /// <summary>Runs inside AcceptAsync.</summary>
    public Func<CancellationToken, Task> Meanwhile { get; set; } = _ => Task.CompletedTask;

    public ValueTask<Refusal?> CheckRecipientAsync(Recipient recipient, MessageSource source, CancellationToken cancellationToken)
    {
        var (local, domain) = (recipient.Address.LocalPart.ToLowerInvariant(), recipient.Address.Domain.Ascii);
        Refusal? refusal = domain is not ("example.test" or "mail.example.test")
            ? source.Actor is null ? new Refusal(RefusalKind.RelayDenied, "RelayDenied") : null
            : local switch
            {
                "alice" or "bob" or "postmaster" or "한글" => null,
                "full" => new Refusal(RefusalKind.OverQuota, "OverQuota") { Temporary = true },
                _ => new Refusal(RefusalKind.UnknownRecipient, "UnknownRecipient"),
            };
        return new ValueTask<Refusal?>(refusal);
    }

    public ValueTask<Refusal?> CheckSenderAsync(EmailAddress? reversePath, MessageSource source, CancellationToken cancellationToken) => new(
        source.Actor is not null && reversePath is not null && reversePath.LocalPart != source.Actor.Name ? new Refusal(RefusalKind.NotAllowed, "SenderNotOwn") : null);

    public async Task<AcceptanceReceipt> AcceptAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        await Meanwhile(cancellationToken);
        using var copy = new MemoryStream();
        await using (var stream = message.Content.OpenRead())
        {
            await stream.CopyToAsync(copy, cancellationToken);
        }

        var text = Encoding.Latin1.GetString(copy.ToArray());
        if (text.Contains("X-Refuse"))
        {
            throw new RefusedException(new Refusal(RefusalKind.MessageRefused, "TooManyHops") { EnhancedStatus = "5.4.6" });
        }

        if (text.Contains("X-Temp"))
        {
            throw new RefusedException(new Refusal(RefusalKind.Unavailable, "QueueUnavailable") { Temporary = true });
        }

        Last = new AcceptedMessage(message.Envelope with { Recipients = [.. message.Envelope.Recipients] }, message.Source, text, message.Content.FileName is not null);
        Accepted.Enqueue(Last);
        return new AcceptanceReceipt(new EntryId(0xA0 + Accepted.Count));
    }

    public Task ReplyLostAsync(IncomingMessage message, AcceptanceReceipt receipt, CancellationToken cancellationToken)
    {
        Lost.Enqueue(receipt);
        return Task.CompletedTask;
    }
}

/// <summary>alice signs in with "secret".</summary>
internal sealed class FakeAuthenticator : IAuthenticator
{
    public ValueTask<Actor> AuthenticateAsync(PasswordCredential credential, CancellationToken cancellationToken) => credential switch
    {
        { Name: "alice", Password: "secret" } => new ValueTask<Actor>(Actor.ForAccount(new AccountId(1), "alice", isAdministrator: false)),
        { Name: "root", Password: "secret" } => new ValueTask<Actor>(Actor.ForAccount(new AccountId(9), "root", isAdministrator: true)),
        { Name: "locked" } => throw new RefusedException(new Refusal(RefusalKind.Throttled, "Throttled") { Temporary = true }),
        _ => throw new RefusedException(new Refusal(RefusalKind.AuthenticationFailed, "AuthenticationFailed")),
    };
}

/// <summary>alice@example.test, also sales@, and bob@ with a name beyond ASCII; gone@ is deactivated.</summary>
internal sealed class FakeAddressBook : IAddressBook
{
    public AddressResolution Resolve(EmailAddress address) => !IsLocal(address.Domain) ? default : address.LocalPart switch
    {
        "alice" or "sales" => new AddressResolution(AddressKind.Account, new AccountId(1)),
        "bob" => new AddressResolution(AddressKind.Account, new AccountId(2)),
        "gone" => new AddressResolution(AddressKind.Deactivated, new AccountId(3)),
        _ => new AddressResolution(AddressKind.Unknown),
    };

    public AddressResolution ResolvePostmaster() => new(AddressKind.Account, new AccountId(1));

    public bool IsLocal(DomainName domain) => domain.Ascii == "example.test";

    public Account? Find(AccountId account) => account.Value == 1
        ? new Account(account, "alice", EmailAddress.Parse("alice@example.test")) { DisplayName = "Alice \"Al\" Lee" }
        : new Account(account, "bob", EmailAddress.Parse("bob@example.test")) { DisplayName = "밥" };

    public Account? FindByLogin(string nameOrAddress) => null;
}

/// <summary>Two messages wait for far.test, one more below it.</summary>
internal sealed class FakeQueue : IQueueOperations
{
    public Task<Page<QueuedMessage>> ListAsync(Actor actor, QueueQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<int> RetryAsync(Actor actor, IReadOnlyList<EntryId>? entries, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<int> RetryDomainAsync(Actor actor, DomainName domain, bool withSubdomains, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageQueue);
        return Task.FromResult(domain.Ascii != "far.test" ? 0 : withSubdomains ? 3 : 2);
    }

    public Task<int> RemoveAsync(Actor actor, IReadOnlyList<EntryId> entries, CancellationToken cancellationToken) => throw new NotSupportedException();
}

/// <summary>An SMTP server's inside for one test.</summary>
internal sealed class SmtpBench : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("mailplus-smtp-").FullName;

    public SmtpBench(bool lab = false, Func<SmtpSettings, SmtpSettings>? change = null, TimeProvider? clock = null)
    {
        var smtp = new SmtpSettings { Hostname = "mail.example.test", MaximumMessageSize = 100_000, MaximumRecipients = 100 };
        Settings = new SettableSettings(new SettingsSnapshot { Smtp = change?.Invoke(smtp) ?? smtp });
        Door = new SmtpDoor
        {
            Settings = Settings,
            Run = new RunOptions { DataFolder = _folder, LoopbackLab = lab },
            Acceptance = Acceptance,
            Authenticator = new FakeAuthenticator(),
            SignInVouched = (name, _, _) => name == "alice"
                ? new ValueTask<Actor>(Actor.ForAccount(new AccountId(1), "alice", isAdministrator: false))
                : throw new RefusedException(new Refusal(RefusalKind.AuthenticationFailed, "AuthenticationFailed")),
            Addresses = new FakeAddressBook(),
            Queue = new FakeQueue(),
            Events = Events,
            Spool = new SpoolFolder(_folder),
            Clock = clock ?? TimeProvider.System,
        };
    }

    public SettableSettings Settings { get; }

    public FakeAcceptance Acceptance { get; } = new();

    public EventStream Events { get; } = new();

    public SmtpDoor Door { get; }

    /// <summary>Files left in the spool.</summary>
    public int SpoolFiles => System.IO.Directory.GetFiles(Path.Combine(_folder, "spool")).Length;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);
}
