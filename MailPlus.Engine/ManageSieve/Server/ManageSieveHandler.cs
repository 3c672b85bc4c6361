using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Net.Transcript;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Sieve.Scripts;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.ManageSieve.Server;

/// <summary>What ManageSieve sessions work with.</summary>
public sealed record ManageSieveDoor
{
    /// <summary>Scripts of users.</summary>
    public required ScriptOperations Scripts { get; init; }

    /// <summary>What AUTHENTICATE offers.</summary>
    public required SaslMechanisms Sasl { get; init; }

    /// <summary>Settings; a session keeps the snapshot it began with.</summary>
    public required ISettingsSource Settings { get; init; }

    /// <summary>What this run fixes: laboratory mode.</summary>
    public required RunOptions Run { get; init; }

    /// <summary>Log.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Protocol trace, null for none.</summary>
    public ProtocolTrace? Trace { get; init; }
}

/// <summary>Serves ManageSieve (RFC 5804) on a connection.</summary>
public sealed class ManageSieveHandler(ManageSieveDoor door) : IConnectionHandler
{
    /// <inheritdoc/>
    public Task ServeAsync(NetConnection connection, CancellationToken cancellationToken) => new ManageSieveSession(connection, door).RunAsync(cancellationToken);
}
