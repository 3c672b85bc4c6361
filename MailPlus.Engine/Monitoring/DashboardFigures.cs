using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Monitoring;

/// <summary>How a service fares.</summary>
public enum ServiceCondition
{
    /// <summary>Listening.</summary>
    Running,

    /// <summary>Switched off by settings or command line.</summary>
    Stopped,

    /// <summary>Should run and does not; see the reason.</summary>
    Abnormal,
}

/// <summary>State of one listener.</summary>
/// <param name="Name">Its name as on the command line: <c>smtp submission smtps imap imaps web web-tls</c>, or <c>search</c>.</param>
/// <param name="Condition">How it fares.</param>
public sealed record ServiceState(string Name, ServiceCondition Condition)
{
    /// <summary>The bound port, null when none.</summary>
    public int? Port { get; init; }

    /// <summary>Why it is abnormal, for people; "" otherwise.</summary>
    public string Reason { get; init; } = "";

    /// <summary>True when the command line of this run overrides the setting.</summary>
    public bool IsOverridden { get; init; }
}

/// <summary>The numbers on the dashboard.</summary>
public sealed record DashboardFigures
{
    /// <summary>Messages accepted today from other servers and clients, by the caller's day.</summary>
    public long Received { get; init; }

    /// <summary>Recipients today that another server took.</summary>
    public long Sent { get; init; }

    /// <summary>Recipients today delivered into mailboxes here.</summary>
    public long Delivered { get; init; }

    /// <summary>Recipients or messages refused today.</summary>
    public long Rejected { get; init; }

    /// <summary>Attempts deferred today.</summary>
    public long Deferred { get; init; }

    /// <summary>Recipients given up today.</summary>
    public long Failed { get; init; }

    /// <summary>Unfinished entries in the queue.</summary>
    public int QueueLength { get; init; }

    /// <summary>Active accounts.</summary>
    public int ActiveAccounts { get; init; }

    /// <summary>All accounts.</summary>
    public int Accounts { get; init; }

    /// <summary>Hosted domains.</summary>
    public int Domains { get; init; }

    /// <summary>Octets used in the data folder.</summary>
    public long StorageOctets { get; init; }

    /// <summary>Octets free on the data folder's file system.</summary>
    public long FreeOctets { get; init; }

    /// <summary>When the engine started.</summary>
    public Instant Started { get; init; }

    /// <summary>Laboratory mode is on for this run: to be shown in red.</summary>
    public bool LoopbackLab { get; init; }

    /// <summary>Every listener.</summary>
    public IReadOnlyList<ServiceState> Services { get; init; } = [];
}

/// <summary>Counts of one hour.</summary>
/// <param name="Hour">Start of the hour, UTC.</param>
public sealed record TrafficHour(Instant Hour)
{
    /// <summary>Messages accepted.</summary>
    public long Received { get; init; }

    /// <summary>Recipients taken by other servers.</summary>
    public long Sent { get; init; }

    /// <summary>Recipients delivered here.</summary>
    public long Delivered { get; init; }

    /// <summary>Refused.</summary>
    public long Rejected { get; init; }

    /// <summary>Attempts deferred.</summary>
    public long Deferred { get; init; }

    /// <summary>Recipients given up.</summary>
    public long Failed { get; init; }

    /// <summary>Octets accepted.</summary>
    public long Octets { get; init; }
}
