using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>NOOP (RFC 3501 6.1.2): news comes with every command.</summary>
internal sealed class NoopCommand() : ImapCommand("NOOP", SessionStates.Any)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        return new(Completion.Ok("Done"));
    }
}
