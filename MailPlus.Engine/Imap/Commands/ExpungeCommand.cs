using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>EXPUNGE (RFC 3501 6.4.3) and UID EXPUNGE (RFC 4315).</summary>
internal sealed class ExpungeCommand(bool byUid) : ImapCommand(byUid ? "UID EXPUNGE" : "EXPUNGE", SessionStates.Selected, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var (uids, lowest) = Parse(command, session, selected);
        if (selected.IsReadOnly)
        {
            return Completion.No("Mailbox is read-only", "READ-ONLY");
        }

        selected.Require(Rights.Expunge);
        var (_, state) = await selected.Store.ExpungeAsync(selected.Id, uids, regardless: false, cancellationToken);
        await selected.TellAsync(session, state, new News(NewsKind.All), cancellationToken);
        var highest = session.IsCondStore ? $"HIGHESTMODSEQ {state.Mailbox.HighestModSeq.Value}" : null;
        if (highest is not null && lowest is not null)
        {
            session.Untagged($"OK [{highest}] Highest"); // the tagged answer has room for one code
        }

        return Completion.Ok("Expunge completed", MessageLimits.Code(session, lowest) ?? highest);
    }

    /// <summary>What to remove; of UID EXPUNGE the newest of those marked as deleted that one command may touch (RFC 9738).</summary>
    private (UidSet? Uids, Uid? Lowest) Parse(CommandText command, ImapSession session, SelectedMailbox selected)
    {
        if (!byUid)
        {
            command.NoArguments();

            // Only what the client knows of: a message it has not seen is not its to remove.
            return (selected.View.Count == 0 ? UidSet.Empty : selected.UidsOf([(0, selected.View.Count)]), null);
        }

        var reader = command.Read();
        reader.Space();
        var set = reader.Sequence();
        reader.End();
        var positions = selected.Resolve(set, byUid: true);
        if (session.Settings.Imap.MessageLimit > 0)
        {
            positions = [.. positions.SelectMany(p => Enumerable.Range(p.Start, p.Count)).Where(at => (selected.Current(selected.View[at]).Flags & MessageFlags.Deleted) != 0).Select(at => (at, 1))];
        }

        var lowest = MessageLimits.Keep(session, positions);
        return (selected.UidsOf(positions), lowest);
    }
}
