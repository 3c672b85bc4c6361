using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>DELETE (RFC 3501 6.3.4).</summary>
internal sealed class DeleteCommand() : ImapCommand("DELETE", SessionStates.SignedIn, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(MailboxArgument.Single(command), cancellationToken);
        await session.Store.DeleteMailboxAsync(mailbox.Id, cancellationToken);
        if (session.Selected?.Id == mailbox.Id)
        {
            session.Selected = null;
        }

        return Completion.Ok("Delete completed");
    }
}
