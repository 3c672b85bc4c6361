using System.Net;

namespace MailPlus.Engine.Primitives;

/// <summary>A right that an operation asks for. An account's own mailbox needs none.</summary>
public enum Permission
{
    /// <summary>See dashboards and service states.</summary>
    ViewMonitoring,

    /// <summary>See the mail log and the admin log.</summary>
    ViewLogs,

    /// <summary>See and act on the queue.</summary>
    ManageQueue,

    /// <summary>Add, change and remove domains (a domain administrator: only theirs).</summary>
    ManageDomains,

    /// <summary>Add, change and remove accounts.</summary>
    ManageAccounts,

    /// <summary>Change settings, listeners and certificates.</summary>
    ManageSettings,

    /// <summary>Back up and restore.</summary>
    ManageBackups,
}

/// <summary>
/// Who asks, permissions resolved. Every operation of the engine takes one; a page that hides a button is a courtesy, not a control (design rule 13).
/// </summary>
public sealed record Actor
{
    private Actor(string name) => Name = name;

    /// <summary>The name the admin log shows.</summary>
    public string Name { get; }

    /// <summary>The signed-in account, null for the operator at the command line and for the system itself.</summary>
    public AccountId? Account { get; private init; }

    /// <summary>Where the request came from, null when from this machine's own process or socket.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>A member of Administrators (or the operator): everything is permitted.</summary>
    public bool IsAdministrator { get; private init; }

    /// <summary>Rights beyond one's own mailbox; empty for ordinary users.</summary>
    public IReadOnlySet<Permission> Permissions { get; private init; } = new HashSet<Permission>();

    /// <summary>The engine acting by itself (workers, jobs).</summary>
    public static Actor System { get; } = new("system") { IsAdministrator = true };

    /// <summary>Whoever may run the binary or open its owner-only socket.</summary>
    public static Actor Operator { get; } = new("operator") { IsAdministrator = true };

    /// <summary>A signed-in account.</summary>
    public static Actor ForAccount(AccountId account, string name, bool isAdministrator, IReadOnlySet<Permission>? permissions = null) =>
        new(name) { Account = account, IsAdministrator = isAdministrator, Permissions = permissions ?? new HashSet<Permission>() };

    /// <summary>True when the right is held for everything, or for this domain.</summary>
    public bool Has(Permission permission) => IsAdministrator || Permissions.Contains(permission);

    /// <summary>Ends the operation unless the right is held.</summary>
    /// <exception cref="RefusedException">Kind <see cref="RefusalKind.NotAllowed"/>.</exception>
    public void Require(Permission permission)
    {
        if (!Has(permission))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed") { Detail = $"{Name} lacks {permission}" });
        }
    }

    /// <summary>Ends the operation unless the actor is this account, or the system.</summary>
    /// <exception cref="RefusedException">Kind <see cref="RefusalKind.NotAllowed"/>.</exception>
    public void RequireOwnerOf(AccountId account)
    {
        if (Account != account && !ReferenceEquals(this, System) && !ReferenceEquals(this, Operator))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed") { Detail = $"{Name} does not own account {account}" });
        }
    }
}
