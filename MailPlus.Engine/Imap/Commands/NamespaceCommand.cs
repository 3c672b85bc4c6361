using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>NAMESPACE (RFC 2342): one personal namespace, and one of other users' mailboxes that are shared (RFC 4314).</summary>
internal sealed class NamespaceCommand() : ImapCommand("NAMESPACE", SessionStates.SignedIn)
{
    public override ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        session.Untagged($"NAMESPACE ((\"\" \"/\")) ((\"{Places.OthersPrefix}\" \"/\")) NIL");
        return new(Completion.Ok("Namespace completed"));
    }
}
