using System.Text.Json.Serialization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Activation;

/// <summary>What an administrator chose for a user or a group (ACC-21, ACC-29).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ActivationChoice>))]
public enum ActivationChoice
{
    /// <summary>Nothing: what stands below decides (group, then default).</summary>
    None,

    /// <summary>Activate.</summary>
    Activate,

    /// <summary>Deactivate.</summary>
    Deactivate,
}

/// <summary>Why an account is activated or not (ACC-23).</summary>
public enum ActivationReason
{
    /// <summary>It is activated.</summary>
    Activated,

    /// <summary>Deactivated by its own setting.</summary>
    Deactivated,

    /// <summary>Deactivated by a group it is in.</summary>
    DeactivatedByGroup,

    /// <summary>Nobody activated it, and the default state does not.</summary>
    NotActivated,

    /// <summary>It would be activated, but every licence is used (LIC-B7).</summary>
    NoLicence,

    /// <summary>The underlying account is disabled (ACC-24).</summary>
    Disabled,

    /// <summary>Its name cannot be the name of a mailbox (ACC-24).</summary>
    NameNotSupported,

    /// <summary>It belongs to an account type that is not in use (ACC-04).</summary>
    OtherAccountType,
}

/// <summary>State of the underlying account (ACC-24).</summary>
public enum AccountStatus
{
    /// <summary>Nothing is wrong with it.</summary>
    Normal,

    /// <summary>Disabled where it is kept.</summary>
    Disabled,

    /// <summary>Its name cannot be the name of a mailbox.</summary>
    NameNotSupported,
}

/// <summary>Where accounts come from; one type at a time (ACC-04).</summary>
public enum AccountType
{
    /// <summary>Kept here.</summary>
    Local,

    /// <summary>Of an LDAP directory.</summary>
    Ldap,

    /// <summary>Of an Active Directory domain.</summary>
    ActiveDirectory,
}

/// <summary>What decides whether an account is activated.</summary>
/// <param name="Own">Its own setting.</param>
/// <param name="IsGroupActivated">A group it is in is set to Activate.</param>
/// <param name="IsGroupDeactivated">A group it is in is set to Deactivate.</param>
/// <param name="Status">Status of the underlying account.</param>
internal readonly record struct ActivationInputs(ActivationChoice Own, bool IsGroupActivated, bool IsGroupDeactivated, AccountStatus Status)
{
    /// <summary>User, then group, then default (ACC-30); in groups that disagree Deactivate wins (ACC-31). Licences are not looked at here.</summary>
    internal ActivationReason Decide(bool byDefault) => Status switch
    {
        AccountStatus.Disabled => ActivationReason.Disabled,
        AccountStatus.NameNotSupported => ActivationReason.NameNotSupported,
        _ => Own switch
        {
            ActivationChoice.Activate => ActivationReason.Activated,
            ActivationChoice.Deactivate => ActivationReason.Deactivated,
            _ when IsGroupDeactivated => ActivationReason.DeactivatedByGroup,
            _ when IsGroupActivated || byDefault => ActivationReason.Activated,
            _ => ActivationReason.NotActivated,
        },
    };

    /// <summary>The status of an account.</summary>
    internal static AccountStatus StatusOf(string name, bool isDisabled) =>
        isDisabled ? AccountStatus.Disabled : IsSupported(name) ? AccountStatus.Normal : AccountStatus.NameNotSupported;

    // A directory may hold names that no address can be made of.
    private static bool IsSupported(string name) =>
        EmailAddress.TryParse(name.Contains('@', StringComparison.Ordinal) ? name : $"{name}@name.invalid", out _) && !name.Contains('"', StringComparison.Ordinal);
}
