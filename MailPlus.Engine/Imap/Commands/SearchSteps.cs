using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>What SEARCH and SORT do alike once their arguments are read: find, order, answer, keep as "$" (RFC 5182).</summary>
/// <param name="session">For whom.</param>
/// <param name="tag">Tag of the command.</param>
/// <param name="byUid">UIDs instead of sequence numbers.</param>
internal sealed class SearchSteps(ImapSession session, string tag, bool byUid)
{
    /// <summary>Runs it.</summary>
    /// <param name="read">Reads the arguments; tells what is returned as soon as that is known.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask<Completion> RunAsync(Func<Action<SearchReturn>, SortArguments> read, CancellationToken cancellationToken)
    {
        var saves = false;
        try
        {
            return await AnswerAsync(read(result => saves = result.Has(ReturnItems.Save)), cancellationToken);
        }
        catch (RefusedException) when (saves)
        {
            session.Selected!.Saved = UidSet.Empty; // RFC 5182 2.1
            throw;
        }
    }

    private async ValueTask<Completion> AnswerAsync(SortArguments arguments, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var isSort = arguments.Criteria.Count > 0;
        var usesModSeq = arguments.Key.Uses(k => k.Subject == SearchSubject.ModSeq);
        session.IsCondStore |= usesModSeq;
        var matcher = new SearchMatcher(selected, arguments.Key, session.With.Clock.GetUtcNow());
        var run = new SearchRun(session, selected, tag) { Limit = session.Settings.Imap.MessageLimit };
        var found = await run.FindAsync(matcher, cancellationToken);
        if (isSort && run.LowestSeen is not null)
        {
            return MessageLimits.Refuse(session); // half a mailbox in order is no order (RFC 9738 5)
        }

        var ordered = isSort ? await new SortKeys(session, selected, arguments.Criteria).SortAsync(found, cancellationToken) : found;
        var answer = new SearchAnswer(ordered, arguments.Return) { ByUid = byUid, IsSorted = isSort, WithModSeq = usesModSeq };
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

        return Completion.Ok(isSort ? "Sort completed" : "Search completed", MessageLimits.Code(session, run.LowestSeen));
    }
}
