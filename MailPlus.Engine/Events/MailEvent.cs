using System.Net;
using System.Text.Json.Serialization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Events;

/// <summary>Something that happened and that logs, counters, alerts and the message timeline are fed by; never by parsing text (design rule 10).</summary>
[JsonDerivedType(typeof(MessageAccepted), "accepted")]
[JsonDerivedType(typeof(MessageRefused), "refused")]
[JsonDerivedType(typeof(RecipientAttempted), "attempted")]
[JsonDerivedType(typeof(SignInAttempted), "signin")]
[JsonDerivedType(typeof(AdminActed), "admin")]
public abstract record MailEvent
{
    /// <summary>When, UTC.</summary>
    public required Instant Time { get; init; }
}

/// <summary>How a message came in.</summary>
public enum MessageOrigin
{
    /// <summary>From another server on port 25.</summary>
    Inbound,

    /// <summary>From an authenticated client.</summary>
    Submission,

    /// <summary>From the webmail.</summary>
    Webmail,

    /// <summary>Made by this server (DSN, notice).</summary>
    Generated,
}

/// <summary>A message was accepted: its entry is durable.</summary>
public sealed record MessageAccepted(EntryId Entry, MessageOrigin Origin, string Sender, IReadOnlyList<string> Recipients) : MailEvent
{
    /// <summary>Octets.</summary>
    public long Size { get; init; }

    /// <summary>Message-ID header, "" when absent.</summary>
    public string MessageId { get; init; } = "";

    /// <summary>Decoded subject.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The peer.</summary>
    public IPAddress? Client { get; init; }

    /// <summary>Who was signed in, null when nobody.</summary>
    public AccountId? Account { get; init; }

    /// <summary>What mail authentication found, e.g. "spf=pass dkim=pass dmarc=pass"; "" when nobody was asked.</summary>
    public string Authentication { get; init; } = "";
}

/// <summary>A recipient was refused at RCPT or a message at DATA.</summary>
public sealed record MessageRefused(string Sender, string Recipient, string Reply) : MailEvent
{
    /// <summary>The peer.</summary>
    public IPAddress? Client { get; init; }
}

/// <summary>What became of one recipient in one attempt.</summary>
public enum DeliveryResult
{
    /// <summary>In the mailbox.</summary>
    Delivered,

    /// <summary>Taken by another server.</summary>
    Relayed,

    /// <summary>Will be tried again.</summary>
    Deferred,

    /// <summary>Given up.</summary>
    Failed,

    /// <summary>Removed by an administrator.</summary>
    Removed,
}

/// <summary>An attempt to deliver to one recipient ended.</summary>
public sealed record RecipientAttempted(EntryId Entry, string Sender, string Recipient, DeliveryResult Result) : MailEvent
{
    /// <summary>Peer's reply or reason, with enhanced code where there is one.</summary>
    public string Reply { get; init; } = "";

    /// <summary>Next hop as host[address]:port, "" for local.</summary>
    public string NextHop { get; init; } = "";

    /// <summary>How the way to the next hop was protected and by whose word, e.g. "TLS 1.3 TLS_AES_256_GCM_SHA384, DANE"; "" for local.</summary>
    public string Protection { get; init; } = "";

    /// <summary>Message-ID header.</summary>
    public string MessageId { get; init; } = "";

    /// <summary>Decoded subject.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Octets.</summary>
    public long Size { get; init; }
}

/// <summary>Somebody signed in, or failed to.</summary>
public sealed record SignInAttempted(string Name, string Protocol, bool Succeeded) : MailEvent
{
    /// <summary>The account when it is known.</summary>
    public AccountId? Account { get; init; }

    /// <summary>The peer.</summary>
    public IPAddress? Client { get; init; }

    /// <summary>Why it failed, for the log.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Name of the app password it was made with, "" for the account's own.</summary>
    public string Credential { get; init; } = "";

    /// <summary>Id of that app password, 0 for none.</summary>
    public long AppPassword { get; init; }
}

/// <summary>An administrative act, for the admin log.</summary>
/// <param name="Actor">Who.</param>
/// <param name="Action">What, as a key of <c>AdminActions.resx</c>, e.g. "AccountCreated".</param>
/// <param name="Target">On what, e.g. an address.</param>
public sealed record AdminActed(string Actor, string Action, string Target) : MailEvent
{
    /// <summary>Detail such as a settings diff; secrets masked.</summary>
    public string Detail { get; init; } = "";

    /// <summary>Where from.</summary>
    public IPAddress? Client { get; init; }
}
