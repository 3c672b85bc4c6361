using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>One message for one server.</summary>
/// <param name="Envelope">Reverse-path, DSN parameters and the recipients to name.</param>
/// <param name="Prefix">Generated header fields that go before the content.</param>
/// <param name="Content">The message.</param>
internal sealed record SmtpTransaction(Envelope Envelope, ReadOnlyMemory<byte> Prefix, MessageContent Content)
{
    /// <summary>The content holds octets above 127.</summary>
    public bool HasEightBit { get; init; }

    /// <summary>The header block holds octets above 127.</summary>
    public bool HasEightBitHeader { get; init; }

    /// <summary>The present, from which the time that is left is counted.</summary>
    public Instant Now { get; init; }
}

/// <summary>How it ended for one recipient.</summary>
internal enum SmtpOutcomeKind
{
    /// <summary>The server has taken responsibility.</summary>
    Accepted,

    /// <summary>Another try may succeed.</summary>
    Transient,

    /// <summary>It never will.</summary>
    Permanent,
}

/// <summary>How it ended for one recipient.</summary>
/// <param name="Kind">How.</param>
/// <param name="Status">Enhanced status code (RFC 3463).</param>
/// <param name="Text">The reply, or our own reason.</param>
internal sealed record SmtpOutcome(SmtpOutcomeKind Kind, string Status, string Text)
{
    /// <summary>True when <see cref="Text"/> is what the peer said (DSN: diagnostic-code smtp).</summary>
    public bool FromPeer { get; init; }

    /// <summary>The server knows how to report success itself (DSN was offered and the parameters were passed on).</summary>
    public bool DsnPassedOn { get; init; }

    /// <summary>The server counts the time that is left (RFC 2852).</summary>
    public bool DeliverByPassedOn { get; init; }

    public static SmtpOutcome Of(SmtpReply reply) =>
        new(reply.IsPositive ? SmtpOutcomeKind.Accepted : reply.IsPermanent ? SmtpOutcomeKind.Permanent : SmtpOutcomeKind.Transient, reply.Status, reply.ToString()) { FromPeer = true };
}
