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

        if (IsLate(entry, now))
        {
            return Late(result, $"last: {result.Reply}");
        }

        var end = entry.Begins.Plus(TimeSpan.FromDays(settings.GiveUpAfterDays));
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

        if (entry.Terms.DeliverBy is { } by && now.CompareTo(by) < 0 && next.CompareTo(by) > 0)
        {
            next = by; // the sender is told, or gets the message back, when that time comes and not at some later attempt
        }

        return result with { NextAttempt = next, TellsDelay = TellsDelay(entry, result.Recipient, settings, now) };
    }

    /// <summary>The time the sender gave is over and the message is to come back (RFC 2852 4).</summary>
    public static bool IsLate(QueueEntry entry, Instant now) => entry.Terms is { Mode: DeliverByMode.Return, DeliverBy: { } by } && now.CompareTo(by) >= 0;

    /// <summary>The failure of a recipient whose time is over.</summary>
    public static RecipientResult Late(RecipientResult result, string why) =>
        result with { Result = DeliveryResult.Failed, Status = "5.4.7", Reply = $"not delivered by the time the sender set; {why}" };

    /// <summary>The longest a recipient is made to wait for the next attempt.</summary>
    public static TimeSpan LongestWait(DeliverySettings settings) => TimeSpan.FromSeconds(settings.RetrySeconds.DefaultIfEmpty(Fallback).Max());

    private static TimeSpan Wait(IReadOnlyList<int> seconds, int attempts) =>
        TimeSpan.FromSeconds(Math.Max(1, seconds.Count == 0 ? Fallback : seconds[Math.Min(attempts, seconds.Count - 1)]));

    private static bool TellsDelay(QueueEntry entry, QueueRecipient recipient, DeliverySettings settings, Instant now)
    {
        var notify = recipient.Recipient.Notify;
        if (entry.Terms is { Mode: DeliverByMode.Notify, DeliverBy: { } by })
        {
            // Asked for with BY, so only NEVER speaks against it; the usual notice would come twice.
            return !recipient.DelayTold && entry.ReversePath is not null && !notify.HasFlag(DsnNotify.Never) && now.CompareTo(by) >= 0;
        }

        return settings.DelayNoticeAfterHours > 0 && !recipient.DelayTold && entry.ReversePath is not null
            && (notify == DsnNotify.Unspecified || notify.HasFlag(DsnNotify.Delay))
            && now.CompareTo(entry.Begins.Plus(TimeSpan.FromHours(settings.DelayNoticeAfterHours))) >= 0;
    }
}
