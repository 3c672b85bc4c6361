using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>RENAME (RFC 3501 6.3.5).</summary>
internal sealed class RenameCommand() : ImapCommand("RENAME", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (from, to) = MailboxArgument.Two(command);
        var mailbox = await session.FindAsync(from, cancellationToken);
        await session.Store.RenameMailboxAsync(mailbox.Id, to.Length > 1 && to.EndsWith('/') ? to[..^1] : to, cancellationToken);
        if (session.Modes.Rev2 && mailbox.Name != "INBOX" && (await session.Store.ListAsync(cancellationToken)).FirstOrDefault(m => m.Id == mailbox.Id) is { } renamed)
        {
            ListCommand.WriteRenamed(session.Output, mailbox.Name, renamed.Name); // RFC 9051 6.3.6
        }

        return Completion.Ok("Rename completed");
    }
}
