using System.Net;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery;

/// <summary>What a door knows about where a message comes from: facts for the filter stages and for Received.</summary>
public sealed record MessageSource(MessageOrigin Origin)
{
    /// <summary>The peer, null for generated messages and webmail.</summary>
    public IPAddress? Client { get; init; }

    /// <summary>The peer's name in DNS as a trusted proxy found it, "" when nobody asked.</summary>
    public string ClientName { get; init; } = "";

    /// <summary>What the peer called itself in EHLO/HELO.</summary>
    public string Helo { get; init; } = "";

    /// <summary>The sender of the envelope as far as RCPT asks; AcceptAsync has it from the envelope.</summary>
    public EmailAddress? Sender { get; init; }

    /// <summary>"ESMTPSA", "ESMTPS", "ESMTP", "SMTP", "HTTP"… (RFC 3848).</summary>
    public string Protocol { get; init; } = "";

    /// <summary>TLS version and cipher suite for Received, null in clear text.</summary>
    public string? Tls { get; init; }

    /// <summary>Who is signed in, null when nobody.</summary>
    public Actor? Actor { get; init; }

    /// <summary>The connection's id.</summary>
    public string ConnectionId { get; init; } = "";
}

/// <summary>A message at the door: envelope, octets, where from. Whoever makes it disposes the content after acceptance.</summary>
public sealed record IncomingMessage(Envelope Envelope, MessageContent Content, MessageSource Source);

/// <summary>The entry an accepted message became.</summary>
/// <param name="Entry">Its queue id.</param>
public sealed record AcceptanceReceipt(EntryId Entry);

/// <summary>
/// The only way into the queue (design 4). Accepted means durable: when <see cref="AcceptAsync"/> returns, the entry is on stable storage.
/// </summary>
public interface IAcceptance
{
    /// <summary>Asked at RCPT: null when the recipient may be accepted from this source; else UnknownRecipient, RelayDenied, OverQuota…</summary>
    ValueTask<Refusal?> CheckRecipientAsync(Recipient recipient, MessageSource source, CancellationToken cancellationToken);

    /// <summary>Asked at MAIL: null when the sender may send; else a refusal.</summary>
    ValueTask<Refusal?> CheckSenderAsync(EmailAddress? reversePath, MessageSource source, CancellationToken cancellationToken);

    /// <summary>Scans once, filters, makes the entry durable. An identical resend after a lost reply gets the first receipt (mail-rules 5).</summary>
    /// <exception cref="RefusedException">MessageRefused (loop, verdict), TooLarge, Unavailable (try later).</exception>
    Task<AcceptanceReceipt> AcceptAsync(IncomingMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// Told by a door that could not write the 250 of an accepted message: an identical resend within the hour gets the same receipt (mail-rules 5). To be
    /// called before the message's content is disposed.
    /// </summary>
    Task ReplyLostAsync(IncomingMessage message, AcceptanceReceipt receipt, CancellationToken cancellationToken);
}
