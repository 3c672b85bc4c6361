using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Audit;

/// <summary>What a mail log row tells.</summary>
public enum MailLogKind
{
    /// <summary>A message was accepted.</summary>
    Accepted,

    /// <summary>Delivered into a mailbox here.</summary>
    Delivered,

    /// <summary>Taken by another server.</summary>
    Relayed,

    /// <summary>Will be tried again.</summary>
    Deferred,

    /// <summary>Given up.</summary>
    Failed,

    /// <summary>Removed from the queue by an administrator.</summary>
    Removed,

    /// <summary>Refused at the door.</summary>
    Rejected,
}

/// <summary>One row of the mail log.</summary>
/// <param name="Id">Ascending number.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Kind">What happened.</param>
public sealed record MailLogRow(long Id, Instant Time, MailLogKind Kind)
{
    /// <summary>The queue entry, null for refusals at the door.</summary>
    public EntryId? Entry { get; init; }

    /// <summary>Reverse-path, "" for the null one.</summary>
    public string Sender { get; init; } = "";

    /// <summary>Recipient; of an accepted message all, joined by ", " and cut at 1,000 characters.</summary>
    public string Recipient { get; init; } = "";

    /// <summary>Decoded subject.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Message-ID header.</summary>
    public string MessageId { get; init; } = "";

    /// <summary>Octets, 0 when unknown.</summary>
    public long Size { get; init; }

    /// <summary>Peer's address, "" when there is none.</summary>
    public string Client { get; init; } = "";

    /// <summary>Where an accepted message came from.</summary>
    public MessageOrigin? Origin { get; init; }

    /// <summary>Reply or reason.</summary>
    public string Reply { get; init; } = "";

    /// <summary>Next hop, "" for local.</summary>
    public string NextHop { get; init; } = "";

    /// <summary>How the way to the next hop was protected and by whose word, e.g. "TLS 1.3 TLS_AES_256_GCM_SHA384, DANE"; "" for local.</summary>
    public string Protection { get; init; } = "";
}

/// <summary>What to show of the mail log. Newest first unless told otherwise.</summary>
public sealed record MailLogQuery
{
    /// <summary>Part of sender, recipient, subject, Message-ID, reply or client address, or a whole queue id; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Only these kinds; empty for all.</summary>
    public IReadOnlyList<MailLogKind> Kinds { get; init; } = [];

    /// <summary>From this moment on.</summary>
    public Instant? From { get; init; }

    /// <summary>Before this moment.</summary>
    public Instant? Until { get; init; }

    /// <summary>Oldest first.</summary>
    public bool Ascending { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>One row of the admin log.</summary>
/// <param name="Id">Ascending number.</param>
/// <param name="Time">When.</param>
/// <param name="Actor">Who.</param>
/// <param name="Action">What, a key of AdminActions.resx.</param>
/// <param name="Target">On what.</param>
public sealed record AdminLogRow(long Id, Instant Time, string Actor, string Action, string Target)
{
    /// <summary>Detail, secrets masked.</summary>
    public string Detail { get; init; } = "";

    /// <summary>Where from, "" for this machine.</summary>
    public string Client { get; init; } = "";
}

/// <summary>What to show of the admin log.</summary>
public sealed record AdminLogQuery
{
    /// <summary>Part of actor, action, target or detail; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>From this moment on.</summary>
    public Instant? From { get; init; }

    /// <summary>Before this moment.</summary>
    public Instant? Until { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}
