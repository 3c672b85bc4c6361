using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>UNAUTHENTICATE (RFC 8437): back to where somebody may sign in; TLS and compression stay.</summary>
internal sealed class UnauthenticateCommand() : ImapCommand("UNAUTHENTICATE", SessionStates.SignedIn, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        await session.SignOutAsync();
        return Completion.Ok("Signed out", "CAPABILITY " + Capabilities.Of(session));
    }
}
