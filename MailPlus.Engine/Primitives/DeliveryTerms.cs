namespace MailPlus.Engine.Primitives;

/// <summary>What happens when a message could not be delivered in the time its sender gave (RFC 2852 4).</summary>
public enum DeliverByMode
{
    /// <summary>No time was given.</summary>
    None,

    /// <summary>The sender is told, and delivery goes on.</summary>
    Notify,

    /// <summary>Delivery ends and the message comes back.</summary>
    Return,
}

/// <summary>What the sender of a message asked of its way beyond status notifications: when to begin, by when to be done, how urgent.</summary>
public sealed record DeliveryTerms
{
    /// <summary>Lowest and highest priority (RFC 6710).</summary>
    public const int LowestPriority = -9, HighestPriority = 9;

    /// <summary>Nothing was asked.</summary>
    public static DeliveryTerms None { get; } = new();

    /// <summary>Nothing leaves the queue before (RFC 4865).</summary>
    public Instant? HoldUntil { get; init; }

    /// <summary>To be delivered by then (RFC 2852).</summary>
    public Instant? DeliverBy { get; init; }

    /// <summary>What happens then.</summary>
    public DeliverByMode Mode { get; init; }

    /// <summary>Every server on the way tells the sender that it passed the message on (RFC 2852 4, by-trace).</summary>
    public bool Traces { get; init; }

    /// <summary>From -9 to 9, higher ones first (RFC 6710).</summary>
    public int Priority { get; init; }

    /// <summary>Only to servers that have proven who they are and keep it so from there on (REQUIRETLS, RFC 8689 4).</summary>
    public bool RequiresTls { get; init; }

    /// <summary>Delivery is worth more than protection: what goes wrong with TLS is passed over (TLS-Required: No, RFC 8689 5).</summary>
    public bool WaivesTls { get; init; }
}
