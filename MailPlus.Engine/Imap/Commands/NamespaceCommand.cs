using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>NAMESPACE (RFC 2342): one personal namespace.</summary>
internal sealed class NamespaceCommand() : ImapCommand("NAMESPACE", SessionStates.SignedIn)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        session.Untagged("NAMESPACE ((\"\" \"/\")) NIL NIL");
        return new(Completion.Ok("Namespace completed"));
    }
}
