using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>COPY and UID COPY (RFC 3501 6.4.7, COPYUID RFC 4315): all or nothing, bodies shared.</summary>
internal sealed class CopyCommand(bool byUid) : ImapCommand(byUid ? "UID COPY" : "COPY", SessionStates.Selected)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var (set, name) = Parse(command);
        var positions = selected.Resolve(set, byUid);
        if (await session.Store.FindAsync(name, cancellationToken) is not { Selectable: true } target)
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

        if (!session.Quota.IsUnlimited)
        {
            await session.RequireRoomAsync(positions.Sum(p => selected.View.Range(p.Start, p.Count).Sum(m => (long)m.Size)), positions.Sum(p => p.Count), cancellationToken);
        }

        var outcome = await session.Store.CopyAsync(selected.Id, selected.UidsOf(positions), target.Id, cancellationToken);
        return outcome.Sources.Count == 0
            ? Completion.No("The messages are gone", "EXPUNGEISSUED")
            : Completion.Ok("Copy completed", CopyUid.Of(outcome));
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
