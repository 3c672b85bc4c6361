using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>When a recipient that could not be served is tried again, and when that ends (RFC 5321 4.5.4.1).</summary>
internal static class RetrySchedule
{
    private const int Fallback = 1800;

    /// <summary>Gives a deferred result its next time, or makes it a failure when the message is too old; decides whether the sender is told of the delay now.</summary>
    public static RecipientResult Place(QueueEntry entry, RecipientResult result, DeliverySettings settings, Instant now)
    {
        if (result.Result != DeliveryResult.Deferred)
        {
            return result;
        }

        var end = entry.Accepted.Plus(TimeSpan.FromDays(settings.GiveUpAfterDays));
        if (now.CompareTo(end) >= 0)
        {
            // RFC 3463 4.7: delivery time expired; the last reason stays readable.
            return result with { Result = DeliveryResult.Failed, Status = "4.4.7", Reply = $"delivery time expired; last: {result.Reply}", FromPeer = result.FromPeer };
        }

        var next = now.Plus(Wait(settings.RetrySeconds, result.Recipient.Attempts));
        if (next.CompareTo(end) > 0)
        {
            next = end; // one last try instead of an early end
        }

        return result with { NextAttempt = next, TellsDelay = TellsDelay(entry, result.Recipient, settings, now) };
    }

    private static TimeSpan Wait(IReadOnlyList<int> seconds, int attempts) =>
        TimeSpan.FromSeconds(Math.Max(1, seconds.Count == 0 ? Fallback : seconds[Math.Min(attempts, seconds.Count - 1)]));

    private static bool TellsDelay(QueueEntry entry, QueueRecipient recipient, DeliverySettings settings, Instant now)
    {
        var notify = recipient.Recipient.Notify;
        return settings.DelayNoticeAfterHours > 0 && !recipient.DelayTold && entry.ReversePath is not null
            && (notify == DsnNotify.Unspecified || notify.HasFlag(DsnNotify.Delay))
            && now.CompareTo(entry.Accepted.Plus(TimeSpan.FromHours(settings.DelayNoticeAfterHours))) >= 0;
    }
}
