using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Bounces;

/// <summary>Action of a recipient in a status notification (RFC 3464 2.3.3).</summary>
internal enum ReportAction
{
    /// <summary>Nobody is told.</summary>
    None,

    /// <summary>Not delivered, given up.</summary>
    Failed,

    /// <summary>Not delivered yet.</summary>
    Delayed,

    /// <summary>In the mailbox.</summary>
    Delivered,

    /// <summary>Handed to a server that does not report.</summary>
    Relayed,
}

/// <summary>Decides who is told what (RFC 3461 5.2, mail-rules 26).</summary>
internal static class ReportRules
{
    /// <summary>What the notification says of a recipient; None when there is to be none.</summary>
    public static ReportAction ActionFor(QueueEntry entry, RecipientResult result)
    {
        var notify = result.Recipient.Recipient.Notify;
        if (result.Result == DeliveryResult.Failed)
        {
            // mail-rules 25: the postmaster learns of a copy that fails.
            return notify == DsnNotify.Unspecified || notify.HasFlag(DsnNotify.Failure) || result.Recipient.Recipient.Role == RecipientRole.Copy ? ReportAction.Failed : ReportAction.None;
        }

        if (entry.ReversePath is null)
        {
            return ReportAction.None;
        }

        return result.Result switch
        {
            DeliveryResult.Deferred when result.TellsDelay => ReportAction.Delayed,
            DeliveryResult.Delivered when notify.HasFlag(DsnNotify.Success) => ReportAction.Delivered,
            DeliveryResult.Relayed when notify.HasFlag(DsnNotify.Success) && !result.DsnPassedOn => ReportAction.Relayed,
            // RFC 2852 4: the sender learns where its time stops being counted, and of each hop when it asked for a trace.
            DeliveryResult.Relayed when IsTraced(entry, result) && !notify.HasFlag(DsnNotify.Never) => ReportAction.Relayed,
            _ => ReportAction.None,
        };
    }

    private static bool IsTraced(QueueEntry entry, RecipientResult result) => entry.Terms.Mode != DeliverByMode.None && (entry.Terms.Traces || !result.DeliverByPassedOn);
}
