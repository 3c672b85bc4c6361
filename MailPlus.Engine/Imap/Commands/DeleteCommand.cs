using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>DELETE (RFC 3501 6.3.4).</summary>
internal sealed class DeleteCommand() : ImapCommand("DELETE", SessionStates.SignedIn, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var mailbox = await session.FindAsync(MailboxArgument.Single(command), cancellationToken);
        if (!mailbox.Selectable && (await session.Store.ListAsync(cancellationToken)).Any(m => m.Name.StartsWith(mailbox.Name + "/", StringComparison.Ordinal)))
        {
            return Completion.No("Only a name for the mailboxes under it", "HASCHILDREN"); // RFC 9051 6.3.5
        }

        await session.Store.DeleteMailboxAsync(mailbox.Id, cancellationToken);
        if (session.Selected?.Id == mailbox.Id)
        {
            session.Selected = null;
        }

        return Completion.Ok("Delete completed");
    }
}
