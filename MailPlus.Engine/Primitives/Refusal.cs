namespace MailPlus.Engine.Primitives;

/// <summary>Why something expected to be possible is refused; each door maps it to its own reply in one place.</summary>
public enum RefusalKind
{
    /// <summary>Who asks may not do this.</summary>
    NotAllowed,

    /// <summary>Name or password wrong, or the account may not sign in.</summary>
    AuthenticationFailed,

    /// <summary>Too many failures: wait.</summary>
    Throttled,

    /// <summary>The thing named does not exist.</summary>
    NotFound,

    /// <summary>The name is taken.</summary>
    AlreadyExists,

    /// <summary>A value is malformed or outside its range.</summary>
    Invalid,

    /// <summary>A quota is used up (IMAP OVERQUOTA, SMTP 452 4.2.2).</summary>
    OverQuota,

    /// <summary>Something is larger than its limit (SMTP 552 5.3.4, IMAP TOOBIG/LIMIT).</summary>
    TooLarge,

    /// <summary>A count limit is reached.</summary>
    TooMany,

    /// <summary>No mailbox by this address here (SMTP 550 5.1.1).</summary>
    UnknownRecipient,

    /// <summary>Neither the sender nor the recipient is ours (SMTP 554 5.7.1).</summary>
    RelayDenied,

    /// <summary>Somebody else changed it meanwhile.</summary>
    Conflict,

    /// <summary>The message itself is refused (loop, filter verdict).</summary>
    MessageRefused,

    /// <summary>Storage, database or a peer cannot take it now.</summary>
    Unavailable,
}

/// <summary>An expected no: kind, whether trying later helps, the resource key and arguments of the text a person may read, and detail for the log only.</summary>
/// <param name="Kind">The kind each door maps to its reply code.</param>
/// <param name="TextKey">A key of <c>Refusals.resx</c>; the English value is what protocols say.</param>
public sealed record Refusal(RefusalKind Kind, string TextKey)
{
    /// <summary>True when the same request may succeed later.</summary>
    public bool Temporary { get; init; }

    /// <summary>Of <see cref="RefusalKind.Unavailable"/>: storage is there and full (SMTP 452 4.3.1, IMAP OVERQUOTA).</summary>
    public bool IsStorageFull { get; init; }

    /// <summary>Enhanced status code (RFC 3463) where the kind's usual one is not exact, e.g. "5.4.6" for a loop; null follows the kind.</summary>
    public string? EnhancedStatus { get; init; }

    /// <summary>Arguments of the text, in order; safe to show to whoever asked.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The field of a form or REST body that is at fault, null when none is.</summary>
    public string? Field { get; init; }

    /// <summary>Detail for the log; never sent to a peer.</summary>
    public string? Detail { get; init; }
}

/// <summary>Carries a <see cref="Refusal"/> out of an operation to the door that answers it.</summary>
public sealed class RefusedException(Refusal refusal) : Exception(refusal.Detail ?? refusal.TextKey)
{
    /// <summary>The refusal.</summary>
    public Refusal Refusal { get; } = refusal;
}
