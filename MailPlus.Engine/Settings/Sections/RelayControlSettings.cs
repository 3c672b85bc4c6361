namespace MailPlus.Engine.Settings.Sections;

/// <summary>Mail Delivery &gt; Relay Control: other mail servers for which this one sends and receives.</summary>
public sealed record RelayControlSettings
{
    /// <summary>Servers that may send through this one without signing in (DEL-151, DEL-152).</summary>
    [Setting]
    public IReadOnlyList<TrustedHost> TrustedList { get; init; } = [];

    /// <summary>Domains of other servers for which mail is taken and passed on (DEL-154, DEL-155).</summary>
    [Setting]
    public IReadOnlyList<RelayDomain> InboundDomains { get; init; } = [];
}
