namespace MailPlus.Engine.Settings.Sections;

/// <summary>Whose word is taken for it that an answer of DNS is signed and right. DANE needs such answers.</summary>
public enum DnssecTrust
{
    /// <summary>Resolvers on this machine, where nobody can change the answer on its way.</summary>
    Loopback,

    /// <summary>Every resolver in use: it validates, and the way to it is safe.</summary>
    Always,

    /// <summary>None.</summary>
    Never,
}

/// <summary>DNS.</summary>
public sealed record ResolverSettings
{
    /// <summary>Resolvers as ADDRESS or ADDRESS:PORT; empty uses the system's.</summary>
    [Setting]
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Seconds to wait for one answer.</summary>
    [Setting(Unit = "seconds", Minimum = 1, Maximum = 60)]
    public int TimeoutSeconds { get; init; } = 5;

    /// <summary>Which resolvers are believed when they say that they validated an answer (DNSSEC).</summary>
    [Setting]
    public DnssecTrust DnssecTrust { get; init; } = DnssecTrust.Loopback;
}
