using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>CLOSE (RFC 3501 6.4.2): expunges without a word, unless the mailbox was examined or the right to is missing (RFC 4314 4).</summary>
internal sealed class CloseCommand() : ImapCommand("CLOSE", SessionStates.Selected, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        command.NoArguments();
        if (session.Selected is { IsReadOnly: false } selected && (selected.Rights & Rights.Expunge) != 0)
        {
            var (_, state) = await selected.Store.ExpungeAsync(selected.Id, null, regardless: false, cancellationToken);
            session.Selected = null;

            // RFC 7162 3.2.11: what the client may take as synchronised.
            return Completion.Ok("Close completed", session.IsCondStore ? $"HIGHESTMODSEQ {state.Mailbox.HighestModSeq.Value}" : null);
        }

        session.Selected = null;
        return Completion.Ok("Close completed");
    }
}
