using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>DELETE (RFC 3501 6.3.4).</summary>
internal sealed class DeleteCommand() : ImapCommand("DELETE", SessionStates.SignedIn, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var place = await session.Places.RequireAsync(MailboxArgument.Single(command), Rights.Remove, cancellationToken);
        if (!place.Mailbox.Selectable && (await place.Store.ListAsync(cancellationToken)).Any(m => m.Name.StartsWith(place.Mailbox.Name + "/", StringComparison.Ordinal)))
        {
            return Completion.No("Only a name for the mailboxes under it", "HASCHILDREN"); // RFC 9051 6.3.5
        }

        await session.Places.DeleteAsync(place, cancellationToken);
        session.Watch?.NoteOwn(place.Name);
        if (session.Selected is { } selected && (selected.Store.Account, selected.Id) == (place.Store.Account, place.Id))
        {
            session.Selected = null;
        }

        return Completion.Ok("Delete completed");
    }
}
