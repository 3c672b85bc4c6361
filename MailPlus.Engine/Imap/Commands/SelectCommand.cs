using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2; CONDSTORE RFC 7162 3.1.8).</summary>
internal sealed class SelectCommand(bool isExamine) : ImapCommand(isExamine ? "EXAMINE" : "SELECT", SessionStates.SignedIn, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var (name, condStore) = Parse(command);
        if (session.Selected is not null)
        {
            // A failed SELECT leaves no mailbox selected either.
            session.Selected = null;
            if (session.IsCondStore)
            {
                session.Untagged("OK [CLOSED] Previous mailbox is no longer selected");
            }
        }

        session.IsCondStore |= condStore;
        var mailbox = await session.FindSelectableAsync(name, cancellationToken);
        var firstRecent = isExamine ? mailbox.FirstRecent : await session.Store.ClaimRecentAsync(mailbox.Id, cancellationToken);
        var state = await session.Store.StateAsync(mailbox.Id, cancellationToken);
        var selected = new SelectedMailbox(state, isExamine, firstRecent);
        var output = session.Output;
        selected.WriteFlagLists(output);
        session.Untagged($"{state.Count} EXISTS");
        session.Untagged($"{selected.RecentCount} RECENT");
        if (FirstUnseen(state) is > 0 and var unseen)
        {
            session.Untagged($"OK [UNSEEN {unseen}] First unseen");
        }

        session.Untagged($"OK [UIDVALIDITY {state.Mailbox.UidValidity}] UIDs valid");
        session.Untagged($"OK [UIDNEXT {state.Mailbox.UidNext}] Predicted next UID");
        session.Untagged($"OK [HIGHESTMODSEQ {Math.Max(1, state.Mailbox.HighestModSeq.Value)}] Highest");
        session.Selected = selected;
        return Completion.Ok(isExamine ? "Examine completed" : "Select completed", isExamine ? "READ-ONLY" : "READ-WRITE");
    }

    private static (string Name, bool CondStore) Parse(CommandText command)
    {
        var reader = command.Read();
        reader.Space();
        var name = reader.Mailbox();
        var condStore = false;
        if (reader.TryTake((byte)' '))
        {
            reader.Take((byte)'(');
            condStore = reader.TryWord("CONDSTORE"u8) ? true : throw new SyntaxException("Unknown SELECT parameter");
            reader.Take((byte)')');
        }

        reader.End();
        return (name, condStore);
    }

    private static int FirstUnseen(MailboxState state)
    {
        if (state.Mailbox.Unseen == 0)
        {
            return 0;
        }

        var number = 0;
        foreach (var message in state.Range(0, state.Count))
        {
            number++;
            if ((message.Flags & MessageFlags.Seen) == 0)
            {
                return number;
            }
        }

        return 0;
    }
}
