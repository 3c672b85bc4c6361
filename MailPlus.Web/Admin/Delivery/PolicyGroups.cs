namespace MailPlus.Web.Admin.Delivery;

/// <summary>Settings that stand together under a heading.</summary>
/// <param name="Key">Key of heading and hint.</param>
/// <param name="Settings">Names in the catalog, in order; one with a leading '>' depends on the switch above it.</param>
public sealed record PolicyGroup(string Key, IReadOnlyList<string> Settings);

/// <summary>What each tab of Mail Delivery shows.</summary>
public static class PolicyGroups
{
    /// <summary>SMTP profile, authentication, external postmaster (DEL-010 to DEL-022, DEL-041 to DEL-048).</summary>
    public static IReadOnlyList<PolicyGroup> General { get; } =
    [
        new("Profile", ["Smtp.Hostname", "Smtp.Banner", "Smtp.MaximumRecipients", "Smtp.MaximumHops", "Smtp.MaximumMessageSize"]),
        new("Authentication", ["Smtp.AuthenticationEnabled", "Smtp.LocalNetworkMayRelay", "Smtp.CheckSender", ">Smtp.TrustedSkipSenderCheck"]),
        new("Postmaster", ["Delivery.ExternalPostmasterEnabled", ">Delivery.ExternalPostmasters"]),
    ];

    /// <summary>The relay host of all mail (DEL-130 to DEL-135).</summary>
    public static IReadOnlyList<PolicyGroup> Delivery { get; } =
    [
        new("Relay", ["Delivery.RelayHost", "Delivery.RelayPort", "Delivery.RelaySecurity", "Delivery.RelayVerifyCertificate", "Delivery.RelayUser", "Delivery.RelayPassword"]),
    ];

    /// <summary>Sender policy, connection policy, advanced (DEL-090 to DEL-115).</summary>
    public static IReadOnlyList<PolicyGroup> Security { get; } =
    [
        new("Senders", ["SmtpPolicy.RejectIncompleteSenders", "SmtpPolicy.RejectUnknownSenderDomains"]),
        new("Connections", ["SmtpPolicy.RejectUnknownClients", "SmtpPolicy.ConnectionsPerAddress", "SmtpPolicy.MessagesPerMinute", "SmtpPolicy.ConnectionsPerMinute"]),
        new("Advanced", ["SmtpPolicy.RejectUnauthorizedPipelining", "SmtpPolicy.RejectIncompleteHelo", "SmtpPolicy.RejectUnknownHelo", "SmtpPolicy.UnknownRecipientsPerDay", "SmtpPolicy.JunkCommandsPerSession"]),
    ];

    /// <summary>The certificate that is got by itself (PRO-049).</summary>
    public static IReadOnlyList<PolicyGroup> Acme { get; } =
    [
        new("Acme", ["Acme.Enabled", ">Acme.Contact", ">Acme.Names", ">Acme.RenewDays", ">Acme.ChallengePort", ">Acme.Directory", ">Acme.DirectoryAuthorities"]),
    ];

    /// <summary>Full-text search (DEL-030 to DEL-036).</summary>
    public static IReadOnlyList<PolicyGroup> Search { get; } = [new("Search", ["Search.Enabled", ">Search.CharacterSearch"])];

    /// <summary>DNS, and what stands in front of this server.</summary>
    public static IReadOnlyList<PolicyGroup> Network { get; } =
    [
        new("Dns", ["Resolver.Servers", "Resolver.TimeoutSeconds", "Resolver.DnssecTrust"]),
        new("Proxies", ["Security.TrustedProxies", "Security.ProxyListeners"]),
    ];

    /// <summary>The one list of local networks.</summary>
    public static IReadOnlyList<PolicyGroup> Local { get; } = [new("LocalNetworks", ["Network.DetectLocalNetworks", "Network.LocalNetworks"])];
}
