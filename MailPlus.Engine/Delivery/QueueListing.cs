using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery;

/// <summary>State of one recipient of an entry.</summary>
public enum RecipientState
{
    /// <summary>Due, or being delivered.</summary>
    Active,

    /// <summary>Waits for its next attempt.</summary>
    Deferred,

    /// <summary>Held by an administrator.</summary>
    Held,

    /// <summary>Done: delivered or relayed.</summary>
    Done,

    /// <summary>Done: failed, sender told where told.</summary>
    Failed,
}

/// <summary>One recipient of an entry as the Queue page shows it.</summary>
public sealed record QueuedRecipient(string Address, RecipientState State)
{
    /// <summary>Attempts made.</summary>
    public int Attempts { get; init; }

    /// <summary>Next attempt.</summary>
    public Instant? NextAttempt { get; init; }

    /// <summary>Last reply or reason, for people.</summary>
    public string LastReply { get; init; } = "";
}

/// <summary>One entry as the Queue page shows it.</summary>
public sealed record QueuedMessage(EntryId Entry, string Sender, IReadOnlyList<QueuedRecipient> Recipients)
{
    /// <summary>When it was accepted.</summary>
    public Instant Accepted { get; init; }

    /// <summary>Octets.</summary>
    public long Size { get; init; }

    /// <summary>Decoded subject.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Message-ID header.</summary>
    public string MessageId { get; init; } = "";

    /// <summary>When its sender wants it sent, null when at once; it may have passed.</summary>
    public Instant? HeldUntil { get; init; }

    /// <summary>By when its sender wants it delivered.</summary>
    public Instant? DeliverBy { get; init; }

    /// <summary>From -9 to 9, higher ones first.</summary>
    public int Priority { get; init; }
}

/// <summary>What to list of the queue.</summary>
public sealed record QueueQuery
{
    /// <summary>Part of sender, recipient, subject, queue id or Message-ID; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Only entries with a recipient in this state; null for all unfinished.</summary>
    public RecipientState? State { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Newest first.</summary>
    public bool Descending { get; init; } = true;
}

/// <summary>Operations on the queue (Queue page, <c>queue</c> verbs, REST): permission ManageQueue.</summary>
public interface IQueueOperations
{
    /// <summary>Lists unfinished entries.</summary>
    Task<Page<QueuedMessage>> ListAsync(Actor actor, QueueQuery query, CancellationToken cancellationToken);

    /// <summary>Makes all unfinished recipients of the entries due now (null: of all entries); returns how many entries.</summary>
    Task<int> RetryAsync(Actor actor, IReadOnlyList<EntryId>? entries, CancellationToken cancellationToken);

    /// <summary>Makes due what waits for a domain, with or without those below it; returns how many messages.</summary>
    Task<int> RetryDomainAsync(Actor actor, DomainName domain, bool withSubdomains, CancellationToken cancellationToken);

    /// <summary>Removes entries without telling the sender; returns how many.</summary>
    Task<int> RemoveAsync(Actor actor, IReadOnlyList<EntryId> entries, CancellationToken cancellationToken);
}
