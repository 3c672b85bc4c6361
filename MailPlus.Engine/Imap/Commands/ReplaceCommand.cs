using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>REPLACE and UID REPLACE (RFC 8508): a new message takes the place of one of the selected mailbox, in one transaction.</summary>
internal sealed class ReplaceCommand(bool byUid) : ImapCommand(byUid ? "UID REPLACE" : "REPLACE", SessionStates.Selected)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var (set, name, position) = Parse(command);
        var positions = selected.Resolve(set, byUid);
        if (selected.IsReadOnly)
        {
            return Completion.No("Mailbox is read-only", "READ-ONLY");
        }

        selected.Require(Rights.Delete | Rights.Expunge);
        if (await CopyCommand.FindTargetAsync(session, name, cancellationToken) is not { } target)
        {
            return Completion.No("No such mailbox", "TRYCREATE");
        }

        if (positions.Count == 0)
        {
            return Completion.No("No such message", "NONEXISTENT");
        }

        var old = selected.View[positions[0].Start];
        var reader = new AppendReader(session, target, command.Arguments[position..], command.Message) { Freed = target.Store.Account == selected.Store.Account ? old.Size : 0 };
        return await ReplaceAsync(session, old.Uid, target, reader, cancellationToken);
    }

    private static async ValueTask<Completion> ReplaceAsync(ImapSession session, Uid old, Place target, AppendReader reader, CancellationToken cancellationToken)
    {
        var message = await reader.ReadAsync(cancellationToken);
        try
        {
            if (!reader.AtEnd)
            {
                throw new SyntaxException("Only one message can replace another");
            }

            if (await Transfer.ReplaceAsync(session.Selected!, old, target, message, cancellationToken) is not { } outcome)
            {
                return Completion.No("The message is gone", "EXPUNGEISSUED");
            }

            session.Watch?.NoteOwn(target, outcome.Uids);
            session.Untagged($"OK [{CopyUid.Of(outcome)}] Replacement is stored");
            return Completion.Ok("Replace completed");
        }
        finally
        {
            await message.Content.DisposeAsync();
        }
    }

    private static (SequenceSet Set, string Mailbox, int Position) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var set = reader.Sequence();
        if (set.Ranges.Count != 1 || set.Ranges[0].First != set.Ranges[0].Last)
        {
            throw new SyntaxException("Expected one message");
        }

        reader.Space();
        return (set, reader.Mailbox(), reader.Position);
    }
}
