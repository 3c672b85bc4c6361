using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

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
        if (mailboxes.Count > session.With.MaxSearchedMailboxes || mailboxes.Sum(m => (long)m.Messages) > session.With.MaxSearchedMessages)
        {
            return Completion.No("Too many mailboxes or messages to search at once", "LIMIT"); // RFC 7377 2.4
        }

        session.IsCondStore |= arguments.Key.Uses(k => k.Subject == SearchSubject.ModSeq);
        if (arguments.WantsSelected && session.SelectedOwn is null)
        {
            // Somebody else's mailbox, which no list of one's own names.
            await SearchAsync(session, new SearchRun(session, session.Selected!, command.Tag), (session.Selected!, arguments, command.Tag), cancellationToken);
        }

        var progress = new SearchRun(session, session.Selected, command.Tag);
        for (var i = 0; i < mailboxes.Count; i++)
        {
            await progress.SayProgressAsync(i, mailboxes.Count, cancellationToken);
            if (await OpenAsync(session, mailboxes[i], cancellationToken) is { } opened)
            {
                await SearchAsync(session, new SearchRun(session, opened, command.Tag) { Counts = (i, mailboxes.Count) }, (opened, arguments, command.Tag), cancellationToken);
            }

            await session.Output.FlushIfFullAsync(cancellationToken);
        }

        return Completion.Ok("Search completed");
    }

    /// <summary>What to search, each once, in order of name.</summary>
    private static async ValueTask<List<Mailbox>> ListAsync(ImapSession session, MultiSearchArguments arguments, CancellationToken cancellationToken) =>
        [.. (await session.Store.ListAsync(cancellationToken)).Where(m => m.Selectable
            && ((arguments.WantsSelected && m.Id == session.SelectedOwn?.Id) || arguments.Sources.Any(s => s.Covers(m.Name, m.Subscribed))))];

    /// <summary>A mailbox as this session sees it; null when it went meanwhile.</summary>
    private static async ValueTask<SelectedMailbox?> OpenAsync(ImapSession session, Mailbox mailbox, CancellationToken cancellationToken)
    {
        if (session.SelectedOwn is { } selected && selected.Id == mailbox.Id)
        {
            return selected;
        }

        try
        {
            return new SelectedMailbox(session, session.Places.Of(session.Store, mailbox), await session.Store.StateAsync(mailbox.Id, cancellationToken), isReadOnly: true, mailbox.FirstRecent);
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
