using System.Net;
using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>Whether an account may use mail.</summary>
public enum AccountState
{
    /// <summary>May sign in and receives mail.</summary>
    Active,

    /// <summary>Neither; its mail stays.</summary>
    Deactivated,
}

/// <summary>An account as operations show it.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">Log-in name, unique, normalised lower-case.</param>
/// <param name="PrimaryAddress">The address it sends from unless told otherwise.</param>
public sealed record Account(AccountId Id, string Name, EmailAddress PrimaryAddress)
{
    /// <summary>Name for people.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>Every address that reaches it, the primary first.</summary>
    public IReadOnlyList<EmailAddress> Addresses { get; init; } = [];

    /// <summary>State.</summary>
    public AccountState State { get; init; }

    /// <summary>What was chosen for this account itself (ACC-21).</summary>
    public ActivationChoice Activation { get; init; }

    /// <summary>Why it is activated or not (ACC-23).</summary>
    public ActivationReason Reason { get; init; }

    /// <summary>Status of the underlying account (ACC-24).</summary>
    public AccountStatus Status { get; init; }

    /// <summary>A member of Administrators.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Octets it may store; null follows the default, 0 is unlimited.</summary>
    public long? QuotaOctets { get; init; }

    /// <summary>Messages it may store; null follows the default, 0 is unlimited.</summary>
    public long? QuotaMessages { get; init; }

    /// <summary>Preferred UI language ("en", "ko"), "" follows the browser.</summary>
    public string Language { get; init; } = "";

    /// <summary>When it was created.</summary>
    public Instant Created { get; init; }

    /// <summary>Last successful sign-in, null when never.</summary>
    public Instant? LastSignIn { get; init; }
}

/// <summary>Where an address leads.</summary>
public enum AddressKind
{
    /// <summary>The domain is not hosted here.</summary>
    NotLocal,

    /// <summary>Hosted domain, no such mailbox.</summary>
    Unknown,

    /// <summary>An account that may receive.</summary>
    Account,

    /// <summary>An account that is deactivated.</summary>
    Deactivated,

    /// <summary>An alias: it stands for others.</summary>
    Alias,
}

/// <summary>The result of looking an address up.</summary>
/// <param name="Kind">Where it leads.</param>
/// <param name="Account">The account for Account and Deactivated.</param>
/// <param name="Detail">The part after '+' of <c>user+detail@domain</c>, null when there is none.</param>
public readonly record struct AddressResolution(AddressKind Kind, AccountId Account = default, string? Detail = null)
{
    /// <summary>The account is the catch-all of the domain: the address leads to it, but is not its own.</summary>
    public bool IsCatchAll { get; init; }
}

/// <summary>Address to account, in memory, swapped whole when accounts or domains change; no look-up of the hot path touches a database.</summary>
public interface IAddressBook
{
    /// <summary>Where an address leads. postmaster@hosted always resolves (mail-rules 15), to the administrators' mailbox when nothing else is set.</summary>
    AddressResolution Resolve(EmailAddress address);

    /// <summary>Everybody an alias stands for in the end, each once, whatever aliases lie between; the address itself when it is no alias.</summary>
    IReadOnlyList<EmailAddress> Expand(EmailAddress address) => [address];

    /// <summary>The address in the main domain when its domain is an additional one, else the address itself.</summary>
    EmailAddress Canonical(EmailAddress address) => address;

    /// <summary>The account of bare <c>&lt;Postmaster&gt;</c>.</summary>
    AddressResolution ResolvePostmaster();

    /// <summary>Whether the domain is hosted here.</summary>
    bool IsLocal(DomainName domain);

    /// <summary>
    /// Learns what other processes on the database have committed until now. Asked before somebody is told for good that a name does not exist: what one node has
    /// confirmed, no other may deny.
    /// </summary>
    /// <exception cref="RefusedException">Temporary: the database is away.</exception>
    Task CatchUpAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What a domain limits its users to, where their policy leaves it to the domain.</summary>
    DomainLimits LimitsOf(DomainName domain) => DomainLimits.None;

    /// <summary>An account by id, null when it is gone.</summary>
    Account? Find(AccountId account);

    /// <summary>An account by log-in name or any full address of it (design 7), null when there is none.</summary>
    Account? FindByLogin(string nameOrAddress);

    /// <summary>Active accounts with an address in one of these domains, in order of name: whom the webmail suggests to a colleague.</summary>
    IEnumerable<Account> Colleagues(IReadOnlySet<DomainName> domains) => [];
}

/// <summary>What a client shows to authenticate.</summary>
/// <param name="Name">Log-in name or any full address.</param>
/// <param name="Password">Password.</param>
/// <param name="Protocol">"smtp", "imap", "pop3", "web", "sieve": for logs and policies.</param>
/// <param name="Client">The peer, for throttling.</param>
public sealed record PasswordCredential(string Name, string Password, string Protocol, IPAddress? Client);

/// <summary>Checks passwords.</summary>
public interface IAuthenticator
{
    /// <summary>The actor of the account. A verified password is remembered in memory so that a client logging in every minute costs nothing (design 2).</summary>
    /// <exception cref="RefusedException">AuthenticationFailed (also for deactivated accounts, indistinguishably), Throttled.</exception>
    ValueTask<Actor> AuthenticateAsync(PasswordCredential credential, CancellationToken cancellationToken);
}
