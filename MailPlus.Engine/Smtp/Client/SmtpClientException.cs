namespace MailPlus.Engine.Smtp.Client;

/// <summary>Why a session with another server could not go on.</summary>
internal enum SmtpClientFailure
{
    /// <summary>No TCP connection.</summary>
    Connect,

    /// <summary>TLS could not be started or its certificate was not accepted.</summary>
    Tls,

    /// <summary>A deadline of RFC 5321 4.5.3.2 passed.</summary>
    Timeout,

    /// <summary>The peer closed, or said what no SMTP server says.</summary>
    Protocol,

    /// <summary>The peer does not want this session (greeting, EHLO, 421).</summary>
    Refused,

    /// <summary>Our password was not accepted, or must not be sent.</summary>
    Authentication,
}

/// <summary>A session with another server ended; the message is a reason an administrator can read.</summary>
internal sealed class SmtpClientException(SmtpClientFailure failure, string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>What failed.</summary>
    public SmtpClientFailure Failure { get; } = failure;

    /// <summary>The reply that ended it, null when there was none.</summary>
    public SmtpReply? Reply { get; init; }

    /// <summary>What was wrong with TLS, when that is why.</summary>
    public TlsFault Fault { get; init; }
}
