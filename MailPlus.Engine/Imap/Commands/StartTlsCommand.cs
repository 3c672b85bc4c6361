using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>STARTTLS (RFC 3501 6.2.1).</summary>
internal sealed class StartTlsCommand() : ImapCommand("STARTTLS", SessionStates.NotAuthenticated, NewsKind.Nothing)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        if (session.Connection.IsTls)
        {
            return new(Completion.Bad("TLS is already on"));
        }

        session.StartTlsAfterReply();
        return new(Completion.Ok("Begin TLS negotiation now"));
    }
}
