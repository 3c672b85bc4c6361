using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2; CONDSTORE and QRESYNC RFC 7162; MAILBOXID RFC 8474; the changed answers of RFC 9051 6.3.2).</summary>
internal sealed class SelectCommand(bool isExamine) : ImapCommand(isExamine ? "EXAMINE" : "SELECT", SessionStates.SignedIn, NewsKind.Nothing)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var arguments = SelectArguments.Parse(command);
        if (arguments.Resync is { } resync)
        {
            RequireResync(session.Modes, resync);
        }

        if (session.Selected is not null)
        {
            // A failed SELECT leaves no mailbox selected either.
            session.Selected = null;
            if (session.IsCondStore || session.Modes.Rev2)
            {
                session.Untagged("OK [CLOSED] Previous mailbox is no longer selected");
            }
        }

        session.IsCondStore |= arguments.CondStore;
        var place = await session.Places.RequireSelectableAsync(arguments.Name, Rights.Read, cancellationToken);
        var isReadOnly = isExamine || (place.Rights & (Rights.Insert | Rights.Expunge | Rights.Seen | Rights.Delete | Rights.Write)) == 0; // RFC 4314 5.2
        var firstRecent = isReadOnly ? place.Mailbox.FirstRecent : await place.Store.ClaimRecentAsync(place.Id, cancellationToken);
        var state = await place.Store.StateAsync(place.Id, cancellationToken);
        var selected = new SelectedMailbox(session, place, state, isReadOnly, firstRecent);
        WriteState(session, selected);
        if (session.Modes.Rev2)
        {
            ListCommand.WriteSelected(session.Output, arguments.Name, place.Name);
        }

        session.Selected = selected;
        if (arguments.Resync is { } point)
        {
            await Resync.TellAsync(session, selected, point, cancellationToken);
        }

        // \Seen in another's mailbox is the reader's own: the right to keep it is no right to change the mailbox (RFC 4314 5.2, "shared flag rights").
        var saysReadOnly = isReadOnly || (!place.IsOwn && (place.Rights & (Rights.Insert | Rights.Expunge | Rights.Delete | Rights.Write)) == 0);
        return Completion.Ok(isExamine ? "Examine completed" : "Select completed", saysReadOnly ? "READ-ONLY" : "READ-WRITE");
    }

    private static void RequireResync(SessionModes modes, ResyncPoint resync)
    {
        if (!modes.QResync)
        {
            throw new SyntaxException("QRESYNC is not enabled");
        }

        if (modes.UidOnly && resync.Matches.Count > 0)
        {
            throw new SyntaxException("No sequence numbers under UIDONLY") { Code = "UIDREQUIRED" };
        }
    }

    private static void WriteState(ImapSession session, SelectedMailbox selected)
    {
        var state = selected.View;
        selected.WriteFlagLists(session.Output);
        session.Untagged($"{state.Count} EXISTS");
        if (!session.Modes.Rev2)
        {
            session.Untagged($"{selected.RecentCount} RECENT");
            if (!session.Modes.UidOnly && FirstUnseen(state) is > 0 and var unseen)
            {
                session.Untagged($"OK [UNSEEN {unseen}] First unseen");
            }
        }

        session.Untagged($"OK [UIDVALIDITY {state.Mailbox.UidValidity}] UIDs valid");
        session.Untagged($"OK [UIDNEXT {state.Mailbox.UidNext}] Predicted next UID");
        session.Untagged($"OK [HIGHESTMODSEQ {Math.Max(1, state.Mailbox.HighestModSeq.Value)}] Highest");
        if (session.Connection.IsTls)
        {
            session.Untagged("OK [URLMECH INTERNAL] Ways to sign URLs"); // RFC 4467 8: not where others may listen
        }

        session.Untagged($"OK [MAILBOXID ({ObjectIds.Of(selected.Store.Account, state.Mailbox.Id)})] Mailbox id");
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
