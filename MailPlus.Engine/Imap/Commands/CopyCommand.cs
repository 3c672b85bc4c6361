using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>COPY and UID COPY (RFC 3501 6.4.7, COPYUID RFC 4315): all or nothing.</summary>
internal sealed class CopyCommand(bool byUid) : ImapCommand(byUid ? "UID COPY" : "COPY", SessionStates.Selected)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var (set, name) = Parse(command);
        var positions = selected.Resolve(set, byUid);
        if (await FindTargetAsync(session, name, cancellationToken) is not { } target)
        {
            return Completion.No("No such mailbox", "TRYCREATE");
        }

        if (positions.Count == 0)
        {
            return Completion.Ok("No matching messages");
        }

        if (MessageLimits.RefuseSaves(session, positions.Sum(p => (long)p.Count)) is { } refused)
        {
            return refused;
        }

        await RequireRoomAsync(session, target, positions, cancellationToken);
        var outcome = await new Transfer(selected, target, session.With.Scanner).CopyAsync(selected.UidsOf(positions), cancellationToken);
        session.Watch?.NoteOwn(target, outcome.Targets);
        return outcome.Sources.Count == 0
            ? Completion.No("The messages are gone", "EXPUNGEISSUED")
            : Completion.Ok("Copy completed", CopyUid.Of(outcome));
    }

    /// <summary>Where messages are to go; null when there is no such mailbox for the reader.</summary>
    /// <exception cref="RefusedException">NotAllowed.</exception>
    public static async ValueTask<Place?> FindTargetAsync(ImapSession session, string name, CancellationToken cancellationToken)
    {
        if (await session.Places.FindAsync(name, cancellationToken) is not { Mailbox.Selectable: true } target || (target.Rights & (Rights.Lookup | Rights.Insert)) == 0)
        {
            return null;
        }

        target.Require(Rights.Insert);
        return target;
    }

    /// <summary>Refuses what does not fit into the quota of the target's owner.</summary>
    /// <exception cref="RefusedException">OverQuota.</exception>
    public static async ValueTask RequireRoomAsync(ImapSession session, Place target, List<(int Start, int Count)> positions, CancellationToken cancellationToken)
    {
        if (!session.QuotaOf(target.Store).IsUnlimited)
        {
            var view = session.Selected!.View;
            await session.RequireRoomAsync(target.Store, positions.Sum(p => view.Range(p.Start, p.Count).Sum(m => (long)m.Size)), positions.Sum(p => p.Count), cancellationToken);
        }
    }

    public static (SequenceSet Set, string Mailbox) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var set = reader.Sequence();
        reader.Space();
        var name = reader.Mailbox();
        reader.End();
        return (set, name);
    }
}
