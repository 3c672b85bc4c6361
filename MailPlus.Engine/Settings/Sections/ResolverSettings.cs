namespace MailPlus.Engine.Settings.Sections;

/// <summary>DNS.</summary>
public sealed record ResolverSettings
{
    /// <summary>Resolvers as ADDRESS or ADDRESS:PORT; empty uses the system's.</summary>
    [Setting]
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Seconds to wait for one answer.</summary>
    [Setting(Unit = "seconds", Minimum = 1, Maximum = 60)]
    public int TimeoutSeconds { get; init; } = 5;
}
