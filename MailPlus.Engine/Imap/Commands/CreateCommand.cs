using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>CREATE (RFC 3501 6.3.3).</summary>
internal sealed class CreateCommand() : ImapCommand("CREATE", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        // A trailing delimiter only says that inferiors will follow; every mailbox may have them.
        var name = MailboxArgument.Single(command);
        await session.Store.CreateMailboxAsync(name.Length > 1 && name.EndsWith('/') ? name[..^1] : name, SpecialUse.None, cancellationToken);
        return Completion.Ok("Create completed");
    }
}
