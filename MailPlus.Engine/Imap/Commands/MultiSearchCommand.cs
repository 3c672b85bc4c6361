using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>ESEARCH (MULTISEARCH, RFC 7377): searches mailboxes that need not be selected; each one with matches is told by itself, in UIDs.</summary>
internal sealed class MultiSearchCommand() : ImapCommand("ESEARCH", SessionStates.SignedIn)
{
    public override async ValueTask<Completion> RunAsync(ImapSession session, CommandText command, CancellationToken cancellationToken)
    {
        var arguments = MultiSearchArguments.Parse(command);
        if (arguments.WantsSelected && session.Selected is null)
        {
            throw new SyntaxException("Select a mailbox first");
        }

        var mailboxes = await ListAsync(session, arguments, cancellationToken);
        if (mailboxes.Count > session.With.MaxSearchedMailboxes || mailboxes.Sum(place => (long)place.Mailbox.Messages) > session.With.MaxSearchedMessages)
        {
            return Completion.No("Too many mailboxes or messages to search at once", "LIMIT"); // RFC 7377 2.4
        }

        if (arguments.Return.Has(ReturnItems.Update))
        {
            session.Untagged($"NO [NOUPDATE \"{command.Tag}\"] Only SEARCH and SORT are kept up to date"); // RFC 5267 4.3.1
        }

        session.IsCondStore |= arguments.Key.Uses(k => k.Subject == SearchSubject.ModSeq);
        var isForeign = arguments.WantsSelected && session.SelectedOwn is null; // somebody else's mailbox, which no list of one's own names
        var count = mailboxes.Count + (isForeign ? 1 : 0);
        var limit = session.Settings.Imap.MessageLimit;
        var looked = 0;
        var progress = new SearchRun(session, session.Selected, command.Tag);
        for (var i = 0; i < count; i++)
        {
            await progress.SayProgressAsync(i, count, cancellationToken);
            if ((isForeign && i == 0 ? session.Selected : await OpenAsync(session, mailboxes[isForeign ? i - 1 : i], cancellationToken)) is not { View.Count: > 0 } opened)
            {
                continue;
            }

            if (limit > 0 && looked == limit)
            {
                return MessageLimits.Refuse(session); // the limit is the command's, not a mailbox's (RFC 9738 3)
            }

            var run = new SearchRun(session, opened, command.Tag) { Counts = (i, count), Limit = limit == 0 ? 0 : limit - looked };
            await SearchAsync(session, run, (opened, arguments, command.Tag), cancellationToken);
            looked += run.Looked;
            if (run.LowestSeen is not null)
            {
                // A UID tells where to go on only when there is one mailbox it can be of.
                return count == 1 ? Completion.Ok("Search completed", MessageLimits.Code(session, run.LowestSeen)) : MessageLimits.Refuse(session);
            }

            await session.Output.FlushIfFullAsync(cancellationToken);
        }

        return Completion.Ok("Search completed");
    }

    /// <summary>What to search, each once, in order of name; what may not be read is passed over (RFC 7377 2.2). Others' mail is looked at only when it is named.</summary>
    private static async ValueTask<List<Place>> ListAsync(ImapSession session, MultiSearchArguments arguments, CancellationToken cancellationToken)
    {
        var subscribed = await session.Store.SubscriptionsAsync(cancellationToken);
        var withOthers = arguments.Sources.Any(s => (s.Kind == MailboxFilterKind.Subscribed ? subscribed : s.Names).Any(Places.IsOthers));
        return [.. (await session.Places.ListAsync(withOthers, cancellationToken)).Where(place => place.Mailbox.Selectable && place.Has(Rights.Read) && IsWanted(place))];

        bool IsWanted(Place place) => arguments.WantsSelected && IsSelected(session, place) ? place.IsOwn
            : arguments.Sources.Any(s => s.Covers(place.Name, subscribed.Contains(place.Name), place.IsOwn));
    }

    private static bool IsSelected(ImapSession session, Place place) => session.Selected is { } selected && selected.Id == place.Id && selected.Store.Account == place.Store.Account;

    /// <summary>A mailbox as this session sees it; null when it went meanwhile.</summary>
    private static async ValueTask<SelectedMailbox?> OpenAsync(ImapSession session, Place place, CancellationToken cancellationToken)
    {
        if (IsSelected(session, place))
        {
            return session.Selected;
        }

        try
        {
            return new SelectedMailbox(session, place, await place.Store.StateAsync(place.Id, cancellationToken), isReadOnly: true, place.Mailbox.FirstRecent);
        }
        catch (RefusedException gone) when (gone.Refusal.Kind == RefusalKind.NotFound)
        {
            return null;
        }
    }

    private static async ValueTask SearchAsync(
        ImapSession session, SearchRun run, (SelectedMailbox Mailbox, MultiSearchArguments Arguments, string Tag) search, CancellationToken cancellationToken)
    {
        var (mailbox, arguments, tag) = search;
        var found = await run.FindAsync(new SearchMatcher(mailbox, arguments.Key, session.With.Clock.GetUtcNow()), cancellationToken);
        var answer = new SearchAnswer(found, arguments.Return) { ByUid = true, WithModSeq = arguments.Key.Uses(k => k.Subject == SearchSubject.ModSeq) };
        if (found.Count > 0 && !arguments.Return.IsSilent)
        {
            answer.WriteExtended(session.Output, tag, mailbox.View.Mailbox with { Name = session.Places.Of(mailbox.Store, mailbox.View.Mailbox).Name });
        }

        if (arguments.Return.Has(ReturnItems.Save))
        {
            mailbox.Saved = answer.Saved();
        }
    }
}
