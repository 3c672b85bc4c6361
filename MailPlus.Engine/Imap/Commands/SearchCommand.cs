using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SEARCH and UID SEARCH (RFC 3501 6.4.4, ESEARCH RFC 4731, SEARCHRES RFC 5182, PARTIAL RFC 9394, MODSEQ RFC 7162 3.1.5).</summary>
internal sealed class SearchCommand(bool byUid) : ImapCommand(byUid ? "UID SEARCH" : "SEARCH", SessionStates.Selected, byUid ? NewsKind.All : NewsKind.KeepNumbers)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var saves = false;
        try
        {
            var arguments = SearchArguments.Parse(command, result => saves = result.Has(ReturnItems.Save));
            if (session.Modes.Rev2 && !arguments.Return.IsExtended)
            {
                arguments = arguments with { Return = new SearchReturn(ReturnItems.All) }; // RFC 9051 6.4.4
            }

            await AnswerAsync(session, command.Tag, arguments, cancellationToken);
        }
        catch (RefusedException) when (saves)
        {
            selected.Saved = UidSet.Empty; // RFC 5182 2.1
            throw;
        }

        return Completion.Ok("Search completed");
    }

    private async ValueTask AnswerAsync(ImapSession session, string tag, SearchArguments arguments, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var usesModSeq = arguments.Key.Uses(k => k.Subject == SearchSubject.ModSeq);
        session.IsCondStore |= usesModSeq;
        var matcher = new SearchMatcher(selected, arguments.Key, session.With.Clock.GetUtcNow());
        var found = await new SearchRun(session, selected, tag).FindAsync(matcher, cancellationToken);
        var answer = new SearchAnswer(found, arguments.Return) { ByUid = byUid, WithModSeq = usesModSeq };
        if (!arguments.Return.IsExtended)
        {
            await answer.WritePlainAsync(session.Output, cancellationToken);
        }
        else if (!arguments.Return.IsSilent)
        {
            answer.WriteExtended(session.Output, tag);
        }

        if (arguments.Return.Has(ReturnItems.Save))
        {
            selected.Saved = answer.Saved();
        }
    }
}
