using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>LOGOUT (RFC 3501 6.1.3).</summary>
internal sealed class LogoutCommand() : ImapCommand("LOGOUT", SessionStates.Any, NewsKind.Nothing)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        session.Untagged("BYE Logging out");
        session.End();
        return new(Completion.Ok("Logout completed"));
    }
}
