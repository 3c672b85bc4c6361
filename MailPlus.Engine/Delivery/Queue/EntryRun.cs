using MailPlus.Engine.Events;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// One attempt at an entry: groups of recipients are served side by side and report here. What nobody has to be told about is written at once; results that
/// cause a status notification wait for the end of the attempt, so that one notification names them all.
/// </summary>
internal sealed class EntryRun(QueueEntry entry, int groups, Func<EntryRun, IReadOnlyList<RecipientResult>, bool, Task> write)
{
    private readonly Lock _gate = new();
    private List<RecipientResult>? _held;
    private int _pending = groups;

    /// <summary>The entry.</summary>
    public QueueEntry Entry => entry;

    /// <summary>A group is done.</summary>
    /// <param name="results">One a recipient, already placed on the retry schedule.</param>
    public Task ReportAsync(IReadOnlyList<RecipientResult> results)
    {
        bool last;
        List<RecipientResult>? now = null;
        lock (_gate)
        {
            last = --_pending == 0;
            if (!last || _held is not null)
            {
                foreach (var result in results)
                {
                    if (NeedsNotice(result))
                    {
                        (_held ??= []).Add(result);
                    }
                    else
                    {
                        (now ??= []).Add(result);
                    }
                }

                if (last && _held is not null)
                {
                    (now ??= []).AddRange(_held);
                }
            }
        }

        // The usual case, one group: its list goes on as it is.
        return last ? write(this, now ?? results, true) : now is null ? Task.CompletedTask : write(this, now, false);
    }

    private bool NeedsNotice(RecipientResult result) =>
        entry.Terms.Mode != Primitives.DeliverByMode.None || result.Result == DeliveryResult.Failed || result.TellsDelay || result.Recipient.Recipient.Notify.HasFlag(Primitives.DsnNotify.Success);
}
