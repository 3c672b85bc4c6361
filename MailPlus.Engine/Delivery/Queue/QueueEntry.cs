using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>One unfinished recipient of an entry, as the queue last knew it.</summary>
/// <param name="Position">Place in the envelope, from 0.</param>
/// <param name="Recipient">Address and DSN parameters.</param>
internal sealed record QueueRecipient(int Position, Recipient Recipient)
{
    /// <summary>Attempts made.</summary>
    public int Attempts { get; init; }

    /// <summary>The sender has been told of the delay.</summary>
    public bool DelayTold { get; init; }
}

/// <summary>
/// An entry: one accepted message with the recipients that are still to be served. Built at acceptance or read back from queue.db; the octets may be at hand
/// (<see cref="Body"/>, <see cref="BodyFile"/>) or have to be read.
/// </summary>
internal sealed class QueueEntry
{
    /// <summary>Identity; ascending, never reused.</summary>
    public required EntryId Id { get; init; }

    /// <summary>When it was accepted.</summary>
    public required Instant Accepted { get; init; }

    /// <summary>How it came in.</summary>
    public required MessageOrigin Origin { get; init; }

    /// <summary>Reverse-path, null for <c>&lt;&gt;</c>.</summary>
    public required EmailAddress? ReversePath { get; init; }

    /// <summary>Recipients to serve.</summary>
    public required IReadOnlyList<QueueRecipient> Recipients { get; init; }

    /// <summary>RET of RFC 3461.</summary>
    public DsnReturn Return { get; init; }

    /// <summary>ENVID of RFC 3461.</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>SMTPUTF8 was asked for.</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>Content holds octets above 127.</summary>
    public bool HasEightBit { get; init; }

    /// <summary>The header block holds octets above 127.</summary>
    public bool HasEightBitHeader { get; init; }

    /// <summary>The header has Delivered-To fields: it may be looping.</summary>
    public bool HasDeliveredTo { get; init; }

    /// <summary>When, by when and how urgently.</summary>
    public DeliveryTerms Terms { get; init; } = DeliveryTerms.None;

    /// <summary>When delivery begins; what is counted from acceptance is counted from here.</summary>
    public Instant Begins => Terms.HoldUntil is { } hold && hold.CompareTo(Accepted) > 0 ? hold : Accepted;

    /// <summary>Octets of the content, prefix not counted.</summary>
    public required long Size { get; init; }

    /// <summary>Decoded subject.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Message-ID header, without brackets.</summary>
    public string MessageId { get; init; } = "";

    /// <summary>Generated header fields: Received.</summary>
    public required byte[] Prefix { get; init; }

    /// <summary>The content when it is small and at hand.</summary>
    public byte[]? Body { get; private set; }

    /// <summary>Full name of the file that holds a big content.</summary>
    public string? BodyFile { get; init; }

    /// <summary>Result of the MIME pass when it is at hand.</summary>
    public MessageSummary? Summary { get; set; }

    /// <summary>What it counts for its sender when it is added, null for nothing.</summary>
    public OutboundCharge? Charge { get; init; }

    /// <summary>Sender for logs and lists, "" for the null reverse-path.</summary>
    public string Sender => ReversePath?.ToString() ?? "";

    /// <summary>The octets, null when they have to be read from the database first.</summary>
    public MessageContent? OpenContent() => BodyFile is not null ? MessageContent.FromFile(BodyFile) : Body is null ? null : MessageContent.FromMemory(Body);

    /// <summary>Keeps the octets at hand.</summary>
    public void Hold(byte[] body) => Body = body;

    /// <summary>Lets go of what can be read again.</summary>
    public void Release()
    {
        Body = null;
        Summary = null;
    }
}
