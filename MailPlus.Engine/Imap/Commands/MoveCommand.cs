using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>MOVE and UID MOVE (RFC 6851): COPYUID untagged, then the expunges.</summary>
internal sealed class MoveCommand(bool byUid) : ImapCommand(byUid ? "UID MOVE" : "MOVE", SessionStates.Selected)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var (set, name) = CopyCommand.Parse(command);
        var positions = selected.Resolve(set, byUid);
        if (selected.IsReadOnly)
        {
            return Completion.No("Mailbox is read-only", "READ-ONLY");
        }

        if (await session.Store.FindAsync(name, cancellationToken) is not { Selectable: true } target)
        {
            return Completion.No("No such mailbox", "TRYCREATE");
        }

        if (positions.Count == 0)
        {
            return Completion.Ok("No matching messages");
        }

        var lowest = MessageLimits.Keep(session, positions);
        var outcome = await session.Store.MoveAsync(selected.Id, selected.UidsOf(positions), target.Id, cancellationToken);
        if (outcome.Sources.Count == 0)
        {
            return Completion.No("The messages are gone", "EXPUNGEISSUED");
        }

        session.Untagged($"OK [{CopyUid.Of(outcome)}] Moved");
        return Completion.Ok("Move completed", MessageLimits.Code(session, lowest));
    }
}
