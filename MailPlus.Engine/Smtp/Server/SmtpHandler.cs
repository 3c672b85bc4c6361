using MailPlus.Engine.Net.Connections;

namespace MailPlus.Engine.Smtp.Server;

/// <summary>SMTP for one listener.</summary>
public sealed class SmtpHandler(SmtpRole role, SmtpDoor door) : IConnectionHandler
{
    /// <inheritdoc/>
    public Task ServeAsync(NetConnection connection, CancellationToken cancellationToken) => new SmtpSession(connection, role, door).RunAsync(cancellationToken);
}
