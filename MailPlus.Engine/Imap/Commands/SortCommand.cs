using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>SORT and UID SORT (RFC 5256 3, ESORT RFC 5267 3, SORT=DISPLAY RFC 5957).</summary>
internal sealed class SortCommand(bool byUid) : ImapCommand(byUid ? "UID SORT" : "SORT", SessionStates.Selected, byUid ? NewsKind.All : NewsKind.KeepNumbers)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var saves = false;
        try
        {
            var arguments = SortArguments.Parse(command, result => saves = result.Has(ReturnItems.Save));
            await AnswerAsync(session, command.Tag, arguments, cancellationToken);
        }
        catch (RefusedException) when (saves)
        {
            selected.Saved = UidSet.Empty; // RFC 5182 2.1
            throw;
        }

        return Completion.Ok("Sort completed");
    }

    private async ValueTask AnswerAsync(ImapSession session, string tag, SortArguments arguments, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var usesModSeq = arguments.Key.Uses(k => k.Subject == SearchSubject.ModSeq);
        session.IsCondStore |= usesModSeq;
        var matcher = new SearchMatcher(selected, arguments.Key, session.With.Clock.GetUtcNow());
        var found = await new SearchRun(session, selected, tag).FindAsync(matcher, cancellationToken);
        var sorted = await new SortKeys(session, selected.Id, arguments.Criteria).SortAsync(found, cancellationToken);
        var answer = new SearchAnswer(sorted, arguments.Return) { ByUid = byUid, IsSorted = true, WithModSeq = usesModSeq };
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
