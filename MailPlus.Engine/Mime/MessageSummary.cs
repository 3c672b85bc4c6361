using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Mime;

/// <summary>
/// What one MIME pass over a message learned, made once at acceptance and stored with the body, so that lists, FETCH of ENVELOPE and BODYSTRUCTURE
/// and threading never parse again. Offsets count from the first octet of the stored body (without the generated prefix).
/// </summary>
public sealed record MessageSummary
{
    /// <summary>Ready IMAP <c>ENVELOPE</c> value, parentheses included (RFC 3501 7.4.2), ASCII.</summary>
    public required ReadOnlyMemory<byte> Envelope { get; init; }

    /// <summary>Ready IMAP <c>BODYSTRUCTURE</c> value with extension data.</summary>
    public required ReadOnlyMemory<byte> BodyStructure { get; init; }

    /// <summary>Ready IMAP <c>BODY</c> value (no extension data).</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Octets of the header block, the empty line included.</summary>
    public required int HeaderLength { get; init; }

    /// <summary>Decoded subject, controls replaced by spaces, at most 1,000 characters.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Decoded display form of From: name where there is one, else address.</summary>
    public string From { get; init; } = "";

    /// <summary>First From address, "" when there is none.</summary>
    public string FromAddress { get; init; } = "";

    /// <summary>Decoded display form of To, several joined with ", ", at most 1,000 characters.</summary>
    public string To { get; init; } = "";

    /// <summary>The Date header (RFC 5322 3.6.1), null when absent or unreadable.</summary>
    public Instant? Sent { get; init; }

    /// <summary>Message-ID without angle brackets, "" when absent.</summary>
    public string MessageId { get; init; } = "";

    /// <summary>The message's ancestors, oldest first, without brackets, at most 100: References, or else the first of In-Reply-To (RFC 5256 3).</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>First text of the message for lists: one line, whitespace folded, at most 200 characters.</summary>
    public string Preview { get; init; } = "";

    /// <summary>True when a part is an attachment (disposition, or a named non-text part).</summary>
    public bool HasAttachments { get; init; }

    /// <summary>Octets of the largest attachment, as a file once decoded; known when the message was scanned just now, not kept with it.</summary>
    public long LargestAttachment { get; init; }

    /// <summary>Number of Received header fields, for loop detection.</summary>
    public int ReceivedCount { get; init; }

    /// <summary>True when the header block holds octets above 127 or the body does (8BITMIME or SMTPUTF8 needed).</summary>
    public bool HasEightBit { get; init; }

    /// <summary>True when the header block itself holds octets above 127 (RFC 6532: SMTPUTF8 needed).</summary>
    public bool HasEightBitHeader { get; init; }

    /// <summary>True when a header block, be it the message's or one of a part, holds UTF-8 that clients who did not ask for it must not see (RFC 6858).</summary>
    public bool HasUtf8Headers { get; init; }
}
