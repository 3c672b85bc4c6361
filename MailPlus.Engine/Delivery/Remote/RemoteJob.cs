using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Delivery.Remote;

/// <summary>Recipients of one entry in one foreign domain.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Domain">Domain in A-labels.</param>
/// <param name="Recipients">Its recipients there.</param>
/// <param name="Open">Opens the content; null when the entry is gone.</param>
/// <param name="Report">Takes the results, once.</param>
internal sealed record RemoteJob(
    QueueEntry Entry, string Domain, IReadOnlyList<QueueRecipient> Recipients, Func<CancellationToken, Task<MessageContent?>> Open, Func<IReadOnlyList<RecipientResult>, Task> Report)
{
    /// <summary>The server chosen for these recipients; null follows DNS.</summary>
    public NextHop? Hop { get; init; }

    /// <summary>What the message asks of the way.</summary>
    public TlsDemand Demand { get; init; }
}
