namespace MailPlus.Engine.Settings.Sections;

/// <summary>How a relay host is reached.</summary>
public enum RelaySecurity
{
    /// <summary>STARTTLS when offered; no password without it.</summary>
    StartTls,

    /// <summary>STARTTLS, or the mail waits (DEL-133).</summary>
    StartTlsRequired,

    /// <summary>TLS from the first octet.</summary>
    ImplicitTls,

    /// <summary>No TLS; never with a password.</summary>
    None,
}

/// <summary>Mail Delivery &gt; Delivery: the queue and the way out.</summary>
public sealed record DeliverySettings
{
    /// <summary>Relay host (smart host) that takes all outbound mail; empty delivers by MX.</summary>
    [Setting(MaximumLength = 255)]
    public string RelayHost { get; init; } = "";

    /// <summary>Port of the relay host.</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535)]
    public int RelayPort { get; init; } = 587;

    /// <summary>TLS towards the relay host.</summary>
    [Setting]
    public RelaySecurity RelaySecurity { get; init; } = RelaySecurity.StartTls;

    /// <summary>The relay's certificate must verify; a password is never sent otherwise (mail-rules 20).</summary>
    [Setting]
    public bool RelayVerifyCertificate { get; init; } = true;

    /// <summary>User name at the relay host; empty for none.</summary>
    [Setting(MaximumLength = 255)]
    public string RelayUser { get; init; } = "";

    /// <summary>Password at the relay host.</summary>
    [Setting(Secret = true)]
    public string RelayPassword { get; init; } = "";

    /// <summary>Mail of certain addresses or domains that goes through other relay hosts; rules by recipient go before those by sender, both before the relay host of all mail (DEL-140 to DEL-146).</summary>
    [Setting]
    public IReadOnlyList<RelayRule> RelayRules { get; init; } = [];

    /// <summary>System mails that other servers send to postmaster and mailer-daemon go to the external postmasters (DEL-021).</summary>
    [Setting]
    public bool ExternalPostmasterEnabled { get; init; }

    /// <summary>Addresses of the external postmasters (DEL-022).</summary>
    [Setting(MaximumLength = 320)]
    public IReadOnlyList<string> ExternalPostmasters { get; init; } = [];

    /// <summary>TCP port of remote mail servers; other than 25 only for laboratories.</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535)]
    public int RemotePort { get; init; } = 25;

    /// <summary>Days before an undeliverable message bounces (RFC 5321 4.5.4.1: 4 to 5).</summary>
    [Setting(Unit = "days", Minimum = 0.001, Maximum = 30)]
    public double GiveUpAfterDays { get; init; } = 5;

    /// <summary>Seconds before each retry, the last one repeating.</summary>
    [Setting(Unit = "seconds")]
    public IReadOnlyList<int> RetrySeconds { get; init; } = [300, 600, 1200, 1800, 3600, 7200, 14400];

    /// <summary>Hours after which the sender is told once that delivery is delayed; 0 never.</summary>
    [Setting(Unit = "hours", Minimum = 0, Maximum = 240)]
    public double DelayNoticeAfterHours { get; init; } = 4;

    /// <summary>Outbound connections at once.</summary>
    [Setting(Minimum = 1, Maximum = 10000)]
    public int MaximumConnections { get; init; } = 100;

    /// <summary>Connections at once to one destination.</summary>
    [Setting(Minimum = 1, Maximum = 1000)]
    public int MaximumConnectionsPerDestination { get; init; } = 10;
}
