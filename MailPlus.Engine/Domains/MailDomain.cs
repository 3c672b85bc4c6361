using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Domains;

/// <summary>A hosted domain as operations show it.</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">The domain.</param>
public sealed record MailDomain(DomainId Id, DomainName Name)
{
    /// <summary>Free text of the administrator.</summary>
    public string Description { get; init; } = "";

    /// <summary>Where postmaster@ and abuse@ lead when no mailbox has that name; null: the first administrator (mail-rules 15).</summary>
    public AccountId? Postmaster { get; init; }

    /// <summary>Who gets what is sent to addresses of the domain that nobody has, null when it is refused (DOM-050, DOM-051).</summary>
    public AccountId? CatchAll { get; init; }

    /// <summary>Further names: whatever reaches name@domain reaches it under name@additional too (DOM-030).</summary>
    public IReadOnlyList<DomainName> Additional { get; init; } = [];

    /// <summary>What it limits its users to where their policy leaves it to the domain (DOM-092 to DOM-095).</summary>
    public DomainLimits Limits { get; init; } = DomainLimits.None;

    /// <summary>Accounts with an address in it.</summary>
    public int Members { get; init; }

    /// <summary>When it was added.</summary>
    public Instant Created { get; init; }
}

/// <summary>What to make a domain from.</summary>
/// <param name="Name">The domain.</param>
/// <param name="Description">Free text, at most 500 characters.</param>
public sealed record NewDomain(DomainName Name, string Description = "");

/// <summary>What to change of a domain; null leaves a property as it is.</summary>
public sealed record DomainChange
{
    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary>Where postmaster@ leads; Nobody for the first administrator.</summary>
    public ChosenAccount? Postmaster { get; init; }

    /// <summary>Who gets what nobody else gets; Nobody for no catch-all.</summary>
    public ChosenAccount? CatchAll { get; init; }

    /// <summary>All additional domains from now on.</summary>
    public IReadOnlyList<DomainName>? Additional { get; init; }

    /// <summary>All limits from now on.</summary>
    public DomainLimits? Limits { get; init; }
}

/// <summary>An account that was chosen, or none.</summary>
/// <param name="Account">The account, null for none.</param>
public sealed record ChosenAccount(AccountId? Account)
{
    /// <summary>None.</summary>
    public static ChosenAccount Nobody { get; } = new((AccountId?)null);
}

/// <summary>What to list of the domains.</summary>
public sealed record DomainQuery
{
    /// <summary>Part of the name (either form) or the description; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Reversed order of name.</summary>
    public bool Descending { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>What to list of a domain's members.</summary>
public sealed record MemberQuery
{
    /// <summary>Part of log-in name, display name or address; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>An account in a domain, with one of its addresses there.</summary>
/// <param name="Account">The account.</param>
/// <param name="Address">Its address in the domain; an account with two appears twice.</param>
public sealed record DomainMember(Account Account, EmailAddress Address);

/// <summary>An account to join a domain.</summary>
/// <param name="Account">The account.</param>
/// <param name="LocalPart">Its local part there; null takes the local part of its primary address.</param>
public sealed record NewMember(AccountId Account, string? LocalPart = null);
