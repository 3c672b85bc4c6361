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

    /// <summary>Updates are bounded in number and size; what is beyond is answered with NOUPDATE (RFC 5267 4.3.1).</summary>
    private void KeepUpdated(SearchContext context, bool isWhole)
    {
        var contexts = session.Selected!.Contexts;
        if (isWhole && contexts.Count < session.With.MaxUpdatedResults && context.Count <= session.With.MaxUpdatedMessages)
        {
            contexts.Add(context);
        }
        else
        {
            session.Untagged($"NO [NOUPDATE \"{tag}\"] Too much to keep up to date");
        }
    }

    private async ValueTask<Completion> AnswerAsync(SortArguments arguments, CancellationToken cancellationToken)
    {
        var selected = session.Selected!;
        var isSort = arguments.Criteria.Count > 0;
        if (arguments.Return.Has(ReturnItems.Update) && selected.Contexts.Exists(c => c.Tag == tag))
        {
            throw new SyntaxException("This tag names a result that is being updated"); // RFC 5267 4.3
        }

        var usesModSeq = arguments.Key.Uses(k => k.Subject == SearchSubject.ModSeq);
        session.IsCondStore |= usesModSeq;
        var matcher = new SearchMatcher(selected, arguments.Key, session.With.Clock.GetUtcNow());
        var run = new SearchRun(session, selected, tag) { Limit = session.Settings.Imap.MessageLimit };
        var found = await run.FindAsync(matcher, cancellationToken);
        if (isSort && run.LowestSeen is not null)
        {
            return MessageLimits.Refuse(session); // half a mailbox in order is no order (RFC 9738 5)
        }

        var keys = isSort ? new SortKeys(selected, arguments.Criteria) : null;
        var ordered = keys is null ? found : await keys.SortAsync(found, cancellationToken);
        if (arguments.Return.Has(ReturnItems.Update))
        {
            KeepUpdated(new SearchContext(tag, byUid, matcher, ordered, keys), isWhole: run.LowestSeen is null);
        }

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
