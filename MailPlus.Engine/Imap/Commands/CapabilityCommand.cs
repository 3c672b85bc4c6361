using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>CAPABILITY (RFC 3501 6.1.1).</summary>
internal sealed class CapabilityCommand() : ImapCommand("CAPABILITY", SessionStates.Any)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        session.Untagged("CAPABILITY " + Capabilities.Of(session));
        return new(Completion.Ok("Capability completed"));
    }
}
