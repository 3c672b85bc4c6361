using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>RENAME (RFC 3501 6.3.5).</summary>
internal sealed class RenameCommand() : ImapCommand("RENAME", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (from, to) = MailboxArgument.Two(command);
        var place = await session.Places.RequireAsync(from, Rights.Remove, cancellationToken);
        await session.Places.RenameAsync(place, to.Length > 1 && to.EndsWith('/') ? to[..^1] : to, cancellationToken);
        session.Watch?.NoteOwn(place.Name);
        session.Watch?.NoteOwn(to.TrimEnd('/'));
        if (session.Modes.Rev2 && place.Mailbox.Name != "INBOX" && (await place.Store.ListAsync(cancellationToken)).FirstOrDefault(m => m.Id == place.Id) is { } renamed)
        {
            ListCommand.WriteRenamed(session.Output, place.Name, session.Places.Of(place.Store, renamed).Name); // RFC 9051 6.3.6
        }

        return Completion.Ok("Rename completed");
    }
}
