using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>UNSELECT (RFC 3691).</summary>
internal sealed class UnselectCommand() : ImapCommand("UNSELECT", SessionStates.Selected, NewsKind.Nothing)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        session.Selected = null;
        return new(Completion.Ok("Unselect completed"));
    }
}
