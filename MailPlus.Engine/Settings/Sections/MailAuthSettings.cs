namespace MailPlus.Engine.Settings.Sections;

/// <summary>Who really sent a message from outside: what is asked and recorded. What is off costs nothing.</summary>
public sealed record MailAuthSettings
{
    /// <summary>SPF is checked (RFC 7208).</summary>
    [Setting]
    public bool SpfEnabled { get; init; } = true;

    /// <summary>DKIM signatures are verified (RFC 6376).</summary>
    [Setting]
    public bool DkimEnabled { get; init; } = true;

    /// <summary>Chains of ARC are validated (RFC 8617).</summary>
    [Setting]
    public bool ArcEnabled { get; init; } = true;

    /// <summary>DMARC is evaluated (RFC 7489), from what SPF and DKIM found.</summary>
    [Setting]
    public bool DmarcEnabled { get; init; } = true;

    /// <summary>Seconds all of it may take for one message; what is open then is a temporary error (RFC 7208 4.6.4: at least 20).</summary>
    [Setting(Unit = "seconds", Minimum = 5, Maximum = 60)]
    public int TimeoutSeconds { get; init; } = 20;

    /// <summary>Clients that are not asked who they are, as addresses or networks; loopback by default (mail-rules 19).</summary>
    [Setting]
    public IReadOnlyList<string> ExemptNetworks { get; init; } = ["127.0.0.0/8", "::1"];
}
