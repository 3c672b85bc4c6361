namespace MailPlus.Engine.Primitives;

/// <summary>What a delivery status notification should return (RFC 3461 4.3).</summary>
public enum DsnReturn
{
    /// <summary>Nothing was said: headers only, to keep bounces small.</summary>
    Unspecified,

    /// <summary>RET=FULL.</summary>
    Full,

    /// <summary>RET=HDRS.</summary>
    Headers,
}

/// <summary>When to notify (RFC 3461 4.1). <see cref="Unspecified"/> means failure and, at our discretion, delay.</summary>
[Flags]
public enum DsnNotify
{
    /// <summary>No NOTIFY parameter.</summary>
    Unspecified = 0,

    /// <summary>NOTIFY=NEVER.</summary>
    Never = 1,

    /// <summary>NOTIFY includes SUCCESS.</summary>
    Success = 2,

    /// <summary>NOTIFY includes FAILURE.</summary>
    Failure = 4,

    /// <summary>NOTIFY includes DELAY.</summary>
    Delay = 8,
}

/// <summary>One RCPT TO of an envelope with its DSN parameters.</summary>
/// <param name="Address">The forward-path.</param>
/// <param name="Notify">NOTIFY of RFC 3461.</param>
/// <param name="OriginalRecipient">ORCPT as given (type;xtext-decoded address), null when absent.</param>
public sealed record Recipient(EmailAddress Address, DsnNotify Notify = DsnNotify.Unspecified, string? OriginalRecipient = null)
{
    /// <summary>Why it is there.</summary>
    public RecipientRole Role { get; init; }
}

/// <summary>Why somebody is a recipient of a message.</summary>
public enum RecipientRole
{
    /// <summary>The sender named it.</summary>
    Named,

    /// <summary>It stands for an address the sender named: the message is sent on.</summary>
    Forwarded,

    /// <summary>It gets a blind copy by a rule of a domain.</summary>
    Copy,
}

/// <summary>The envelope of a message (RFC 5321 2.3.1), apart from its content.</summary>
/// <param name="ReversePath">MAIL FROM; null is the null reverse-path <c>&lt;&gt;</c>.</param>
/// <param name="Recipients">RCPT TO, in order, at least one.</param>
public sealed record Envelope(EmailAddress? ReversePath, IReadOnlyList<Recipient> Recipients)
{
    /// <summary>RET of RFC 3461.</summary>
    public DsnReturn Return { get; init; }

    /// <summary>ENVID of RFC 3461, xtext-decoded, null when absent.</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>SMTPUTF8 was asked for (RFC 6531): the next hop must offer it too when content or addresses need it.</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>BODY=8BITMIME was said.</summary>
    public bool EightBitMime { get; init; }

    /// <summary>BODY=BINARYMIME was said (RFC 3030 3): parts of the content may hold any octets.</summary>
    public bool BinaryMime { get; init; }

    /// <summary>When, by when and how urgently.</summary>
    public DeliveryTerms Terms { get; init; } = DeliveryTerms.None;
}
