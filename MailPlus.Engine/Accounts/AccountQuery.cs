using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>What to make an account from.</summary>
/// <param name="Address">Its primary address; the domain must be hosted here.</param>
/// <param name="Password">Its first password in clear text; only a hash and a SCRAM verifier are kept.</param>
public sealed record NewAccount(EmailAddress Address, string Password)
{
    /// <summary>Log-in name; "" takes the local part, or the whole address when that name is taken by another domain's account.</summary>
    public string Name { get; init; } = "";

    /// <summary>Name for people, at most 200 characters.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>A member of Administrators (ACC-96).</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Octets it may store; null follows the default, 0 is unlimited.</summary>
    public long? QuotaOctets { get; init; }

    /// <summary>Messages it may store; null follows the default, 0 is unlimited.</summary>
    public long? QuotaMessages { get; init; }

    /// <summary>"en", "ko" or "" for the browser's.</summary>
    public string Language { get; init; } = "";

    /// <summary>Whether it may use mail from the start.</summary>
    public AccountState State { get; init; } = AccountState.Active;
}

/// <summary>An account's own quota, wrapped so that a change can say "follow the default" (null) apart from "leave as it is".</summary>
/// <param name="Octets">Octets, 0 unlimited, null follows the default.</param>
public sealed record AccountQuota(long? Octets);

/// <summary>An account's own limit of messages, wrapped for the same reason.</summary>
/// <param name="Messages">Messages, 0 unlimited, null follows the default.</param>
public sealed record AccountMessageQuota(long? Messages);

/// <summary>What to change of an account; null leaves a property as it is.</summary>
public sealed record AccountChange
{
    /// <summary>Name for people.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Membership of Administrators. The last active administrator cannot be taken out.</summary>
    public bool? IsAdministrator { get; init; }

    /// <summary>Whether the account is disabled: its mail stays, it uses no licence (ACC-24).</summary>
    public bool? IsDisabled { get; init; }

    /// <summary>UI language.</summary>
    public string? Language { get; init; }

    /// <summary>Own quota.</summary>
    public AccountQuota? Quota { get; init; }

    /// <summary>Own limit of messages.</summary>
    public AccountMessageQuota? MessageQuota { get; init; }

    /// <summary>The address it sends from; must already be one of its addresses.</summary>
    public EmailAddress? PrimaryAddress { get; init; }
}

/// <summary>Columns the account list sorts by.</summary>
public enum AccountSort
{
    /// <summary>Log-in name.</summary>
    Name,

    /// <summary>Name for people.</summary>
    DisplayName,

    /// <summary>Primary address.</summary>
    Address,

    /// <summary>State, active first.</summary>
    State,

    /// <summary>When it was created.</summary>
    Created,

    /// <summary>Last sign-in, never first.</summary>
    LastSignIn,
}

/// <summary>What to list of the accounts (ACC-35).</summary>
public sealed record AccountQuery
{
    /// <summary>Part of log-in name, display name or an address; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Only accounts in this state.</summary>
    public AccountState? State { get; init; }

    /// <summary>Only accounts that are or are not activated for this reason.</summary>
    public ActivationReason? Reason { get; init; }

    /// <summary>Only members of this group.</summary>
    public GroupId? Group { get; init; }

    /// <summary>Only members of this domain.</summary>
    public DomainId? Domain { get; init; }

    /// <summary>Only administrators.</summary>
    public bool AdministratorsOnly { get; init; }

    /// <summary>Order.</summary>
    public AccountSort Sort { get; init; }

    /// <summary>Reversed order.</summary>
    public bool Descending { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}
