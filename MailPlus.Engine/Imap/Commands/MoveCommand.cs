using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

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

        selected.Require(Rights.Delete | Rights.Expunge); // RFC 6851 4.1
        if (await CopyCommand.FindTargetAsync(session, name, cancellationToken) is not { } target)
        {
            return Completion.No("No such mailbox", "TRYCREATE");
        }

        if (positions.Count == 0)
        {
            return Completion.Ok("No matching messages");
        }

        var lowest = MessageLimits.Keep(session, positions);
        if (target.Store.Account != selected.Store.Account)
        {
            await CopyCommand.RequireRoomAsync(session, target, positions, cancellationToken);
        }

        var outcome = await new Transfer(selected, target, session.With.Scanner).MoveAsync(selected.UidsOf(positions), cancellationToken);
        if (outcome.Sources.Count == 0)
        {
            return Completion.No("The messages are gone", "EXPUNGEISSUED");
        }

        session.Watch?.NoteOwn(target, outcome.Targets);
        session.Untagged($"OK [{CopyUid.Of(outcome)}] Moved");
        return Completion.Ok("Move completed", MessageLimits.Code(session, lowest));
    }
}
