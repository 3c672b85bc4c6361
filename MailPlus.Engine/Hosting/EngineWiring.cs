using MailPlus.Engine.Accounts;
using MailPlus.Engine.Audit;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Events;
using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Hosting;

/// <summary>
/// The only wiring of the engine: every part made by hand, in the order of the levels. The web registers the properties as singletons; pages take operations,
/// never this class.
/// </summary>
public sealed class EngineWiring
{
    /// <summary>What this run fixes.</summary>
    public required RunOptions Run { get; init; }

    /// <summary>Present settings, for reading.</summary>
    public required ISettingsSource Settings { get; init; }

    /// <summary>All settings there are.</summary>
    public required SettingsCatalog Catalog { get; init; }

    /// <summary>Settings operations.</summary>
    public required SettingsOperations SettingsOperations { get; init; }

    /// <summary>Account operations.</summary>
    public required AccountOperations Accounts { get; init; }

    /// <summary>Domain operations.</summary>
    public required DomainOperations Domains { get; init; }

    /// <summary>Address to account.</summary>
    public required IAddressBook AddressBook { get; init; }

    /// <summary>Password to actor.</summary>
    public required IAuthenticator Authenticator { get; init; }

    /// <summary>Signed-in browsers.</summary>
    public required WebSessions WebSessions { get; init; }

    /// <summary>First set-up.</summary>
    public required SetupOperations Setup { get; init; }

    /// <summary>Mail.</summary>
    public required IMailStore Store { get; init; }

    /// <summary>The way into the queue.</summary>
    public required IAcceptance Acceptance { get; init; }

    /// <summary>The queue.</summary>
    public required IQueueOperations Queue { get; init; }

    /// <summary>What happens.</summary>
    public required EventStream Events { get; init; }

    /// <summary>Mail log.</summary>
    public required MailLog MailLog { get; init; }

    /// <summary>Admin log.</summary>
    public required AdminLog AdminLog { get; init; }

    /// <summary>Dashboard.</summary>
    public required Dashboard Dashboard { get; init; }

    /// <summary>Life cycle.</summary>
    public required EngineHost Host { get; init; }
}
