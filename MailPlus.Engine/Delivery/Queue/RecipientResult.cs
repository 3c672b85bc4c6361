using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>How one attempt ended for one recipient.</summary>
/// <param name="Recipient">Whose.</param>
/// <param name="Result">How.</param>
/// <param name="Status">Enhanced status code (RFC 3463).</param>
/// <param name="Reply">The peer's reply or our reason.</param>
internal sealed record RecipientResult(QueueRecipient Recipient, DeliveryResult Result, string Status, string Reply)
{
    /// <summary>Next hop as host[address]:port, "" for local.</summary>
    public string NextHop { get; init; } = "";

    /// <summary>How the way there was protected and by whose word, "" for local.</summary>
    public string Protection { get; init; } = "";

    /// <summary>Name of the server that answered, "" when none did.</summary>
    public string RemoteMta { get; init; } = "";

    /// <summary><see cref="Reply"/> is an SMTP reply of <see cref="RemoteMta"/>.</summary>
    public bool FromPeer { get; init; }

    /// <summary>The next server has taken over the duty to report success.</summary>
    public bool DsnPassedOn { get; init; }

    /// <summary>The next server counts the time that is left.</summary>
    public bool DeliverByPassedOn { get; init; }

    /// <summary>The account whose delivery keys may be forgotten once the entry is gone.</summary>
    public AccountId? Account { get; init; }

    /// <summary>When it is tried again; set for Deferred.</summary>
    public Instant NextAttempt { get; init; }

    /// <summary>An entry that takes the recipient's place, queued with this result.</summary>
    public (QueueEntry Entry, MessageAccepted Event)? Successor { get; init; }

    /// <summary>Entries that the delivery caused, queued with this result: sent on, answers, notifications.</summary>
    public IReadOnlyList<(QueueEntry Entry, MessageAccepted Event)> FollowUps { get; init; } = [];

    /// <summary>The sender is told of the delay with this result.</summary>
    public bool TellsDelay { get; init; }
}

/// <summary>What an attempt changes in the queue: one transaction (mail-rules 1).</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Results">Results of some of its recipients.</param>
internal sealed record EntryUpdate(QueueEntry Entry, IReadOnlyList<RecipientResult> Results)
{
    /// <summary>The status notifications these results cause: queued in the same transaction, so that they are made exactly once.</summary>
    public IReadOnlyList<QueueEntry> Reports { get; init; } = [];

    /// <summary>What is told of it.</summary>
    public IReadOnlyList<MailEvent> Events { get; init; } = [];

    /// <summary>Nothing of the entry is under way after this.</summary>
    public bool EndsRun { get; init; }

    /// <summary>
    /// Losing this in a power cut does no harm: the attempt is made again and finds its delivery key. So it need not be flushed by itself; the next entry
    /// that is accepted flushes it along, and keys are forgotten only after that (<see cref="ForgottenKeys"/>).
    /// </summary>
    public bool IsRepeatable => Reports.Count == 0 && Results.All(r => r.Result == DeliveryResult.Delivered);
}
