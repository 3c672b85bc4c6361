using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>CHECK (RFC 3501 6.4.1): everything acknowledged is stored already.</summary>
internal sealed class CheckCommand() : ImapCommand("CHECK", SessionStates.Selected)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        return new(Completion.Ok("Check completed"));
    }
}
