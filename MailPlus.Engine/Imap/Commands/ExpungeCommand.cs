using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>EXPUNGE (RFC 3501 6.4.3) and UID EXPUNGE (RFC 4315).</summary>
internal sealed class ExpungeCommand(bool byUid) : ImapCommand(byUid ? "UID EXPUNGE" : "EXPUNGE", SessionStates.Selected, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var uids = Parse(command, selected);
        if (selected.IsReadOnly)
        {
            return Completion.No("Mailbox is read-only", "READ-ONLY");
        }

        var (_, state) = await session.Store.ExpungeAsync(selected.Id, uids, regardless: false, cancellationToken);
        await selected.TellAsync(session, state, new News(NewsKind.All), cancellationToken);
        return Completion.Ok("Expunge completed", session.IsCondStore ? $"HIGHESTMODSEQ {state.Mailbox.HighestModSeq.Value}" : null);
    }

    private UidSet? Parse(CommandText command, SelectedMailbox selected)
    {
        if (!byUid)
        {
            command.NoArguments();

            // Only what the client knows of: a message it has not seen is not its to remove.
            return selected.View.Count == 0 ? UidSet.Empty : selected.UidsOf([(0, selected.View.Count)]);
        }

        var reader = command.Read();
        reader.Space();
        var set = reader.Sequence();
        reader.End();
        return selected.UidsOf(selected.Resolve(set, byUid: true));
    }
}
