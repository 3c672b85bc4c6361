namespace MailPlus.Engine.Settings.Sections;

/// <summary>Sign-in rules of web and protocols.</summary>
public sealed record SecuritySettings
{
    /// <summary>Failures from one address or for one account before log-ins wait.</summary>
    [Setting(Minimum = 3, Maximum = 100)]
    public int LockoutFailures { get; init; } = 10;

    /// <summary>Minutes failures are remembered and log-ins refused after the last one.</summary>
    [Setting(Unit = "minutes", Minimum = 1, Maximum = 1440)]
    public int LockoutMinutes { get; init; } = 15;

    /// <summary>Shortest password in characters.</summary>
    [Setting(Minimum = 4, Maximum = 128)]
    public int MinimumPasswordLength { get; init; } = 8;

    /// <summary>Web sessions end after so many idle minutes.</summary>
    [Setting(Unit = "minutes", Minimum = 5, Maximum = 43200)]
    public int WebIdleMinutes { get; init; } = 720;

    /// <summary>Proxies whose X-Forwarded headers are believed, as addresses or networks; empty believes none.</summary>
    [Setting]
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];
}
