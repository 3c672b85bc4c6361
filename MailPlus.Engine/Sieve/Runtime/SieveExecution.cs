using MailPlus.Engine.Primitives;
using MailPlus.Engine.Sieve.Language;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>
/// Does what a script decided. Mail is never lost for a script's sake: when a store fails, the message goes into the inbox instead (RFC 5228 2.10.6), and what fails
/// otherwise is told and does not hinder the rest.
/// </summary>
internal sealed class SieveExecution(SieveRun run, ISieveOutlet outlet)
{
    private readonly List<SieveProblem> _problems = [];
    private bool _isInInbox;
    private bool _isStored;

    /// <summary>Runs the actions.</summary>
    /// <returns>What failed; empty when all was done.</returns>
    /// <exception cref="RefusedException">A mailbox takes nothing now; all of it may be done again.</exception>
    public async ValueTask<IReadOnlyList<SieveProblem>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var (keeps, kept) = (run.Result.KeepsImplicitly, run.Message);
        foreach (var action in run.Result.Actions)
        {
            try
            {
                await PerformAsync(action, cancellationToken);
            }
            catch (RefusedException refused) when (!refused.Refusal.Temporary)
            {
                var text = refused.Refusal.Kind == RefusalKind.NotFound ? "it does not exist" : RefusalText.English(refused.Refusal);
                _problems.Add(new SieveProblem(action.Line, action is StoreAction store ? $"failed to store into mailbox '{store.Mailbox ?? "INBOX"}': {text}" : $"the {action.Name} action failed: {text}"));
                if (action is StoreAction or RejectAction || (action is RedirectAction && !_isStored))
                {
                    (keeps, kept) = (true, run.Original);
                }
            }
        }

        if (keeps && !_isInInbox)
        {
            await outlet.StoreAsync(new StoreAction(null, [.. run.Flags], kept, 0) { IsImplicit = true }, kept.ToContent(), cancellationToken);
        }

        return _problems;
    }

    private async ValueTask PerformAsync(SieveAction action, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case StoreAction store:
                await outlet.StoreAsync(store, store.Content.ToContent(), cancellationToken);
                _isStored = true;
                _isInInbox |= store is { Mailbox: null, SpecialUse: null, MailboxId: null };
                break;
            case RedirectAction redirect:
                await outlet.RedirectAsync(redirect.Address, redirect.Content.ToContent(), cancellationToken);
                break;
            case RejectAction reject:
                await RejectAsync(reject, cancellationToken);
                break;
            case VacationAction vacation:
                await AnswerAsync(vacation, cancellationToken);
                break;
            case NotifyAction notify:
                await NotifyAsync(notify, cancellationToken);
                break;
            default:
                break; // discard: nothing is what it does
        }
    }

    private async ValueTask RejectAsync(RejectAction reject, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(run.Envelope.From))
        {
            return; // RFC 5429 2.1: a report about a report would go round
        }

        if (!outlet.MayReject)
        {
            await outlet.StoreAsync(new StoreAction(outlet.SpamMailbox, [], run.Message, reject.Line) { SpecialUse = "\\Junk", Create = true }, run.Message.ToContent(), cancellationToken);
            return;
        }

        await outlet.SendAsync("", [run.Envelope.From], await GeneratedMail.RejectAsync(run, outlet, reject.Reason, cancellationToken), cancellationToken);
    }

    private async ValueTask AnswerAsync(VacationAction vacation, CancellationToken cancellationToken)
    {
        if (!VacationRules.MayAnswer(run, vacation, outlet) || await outlet.WasAnsweredAsync(run.Envelope.From!, vacation.Handle, vacation.Seconds, cancellationToken))
        {
            return;
        }

        var answer = GeneratedMail.Vacation(run, outlet, vacation);
        await outlet.SendAsync("", [run.Envelope.From!], answer, cancellationToken);
        await CopyAsync(vacation.Fcc, answer, vacation.Line, cancellationToken);
    }

    private async ValueTask NotifyAsync(NotifyAction notify, CancellationToken cancellationToken)
    {
        // RFC 5436 2.7.1: never about what a machine sent.
        if (run.Message.Named("Auto-Submitted").Any(field => !field.Value.StartsWith("no", StringComparison.OrdinalIgnoreCase)))
        {
            return;
        }

        var mail = GeneratedMail.Notification(run, outlet, notify);
        await outlet.SendAsync(string.IsNullOrEmpty(run.Envelope.From) ? "" : outlet.NotificationSender(run.Envelope, notify.From), [.. notify.Method.Recipients.Select(to => to.Address.All)], mail, cancellationToken);
        await CopyAsync(notify.Fcc, mail, notify.Line, cancellationToken);
    }

    private async ValueTask CopyAsync(FileCarbonCopy? copy, Mime.MessageContent content, int line, CancellationToken cancellationToken)
    {
        if (copy is not null)
        {
            await using var message = await SieveMessage.ReadAsync(content, cancellationToken);
            await outlet.StoreAsync(new StoreAction(copy.Mailbox, copy.Flags, message, line) { Create = copy.Create, SpecialUse = copy.SpecialUse, MailboxId = copy.MailboxId }, content, cancellationToken);
        }
    }
}
