namespace MailPlus.Engine.Settings.Sections;

/// <summary>Mail Delivery &gt; Security: what strangers on port 25 must keep to. Who has signed in, trusted servers, the local network and white-listed clients are not asked (mail-rules 14, 19).</summary>
public sealed record SmtpPolicySettings
{
    /// <summary>Senders whose domain is no full domain name are rejected (DEL-091).</summary>
    [Setting]
    public bool RejectIncompleteSenders { get; init; }

    /// <summary>Senders whose domain has neither MX nor address in DNS are rejected (DEL-092).</summary>
    [Setting]
    public bool RejectUnknownSenderDomains { get; init; }

    /// <summary>Clients whose address has no name in DNS that leads back to it are rejected (DEL-101).</summary>
    [Setting]
    public bool RejectUnknownClients { get; init; }

    /// <summary>Connections one address may have open at once; 0 is no limit (DEL-102).</summary>
    [Setting(Minimum = 0, Maximum = 100000)]
    public int ConnectionsPerAddress { get; init; }

    /// <summary>Messages one address may begin in a minute; 0 is no limit (DEL-103).</summary>
    [Setting(Minimum = 0, Maximum = 1000000)]
    public int MessagesPerMinute { get; init; }

    /// <summary>Connections one address may open in a minute; 0 is no limit (DEL-104).</summary>
    [Setting(Minimum = 0, Maximum = 1000000)]
    public int ConnectionsPerMinute { get; init; }

    /// <summary>Clients that send ahead where they have to wait for a reply are rejected (DEL-111).</summary>
    [Setting]
    public bool RejectUnauthorizedPipelining { get; init; }

    /// <summary>HELO names that are no full domain name are rejected; address literals are names (DEL-112).</summary>
    [Setting]
    public bool RejectIncompleteHelo { get; init; }

    /// <summary>HELO names with neither MX nor address in DNS are rejected (DEL-113).</summary>
    [Setting]
    public bool RejectUnknownHelo { get; init; }

    /// <summary>Recipients that do not exist one address may name in a day before it is put off until the next; 0 is no limit (DEL-114).</summary>
    [Setting(Minimum = 0, Maximum = 1000000)]
    public int UnknownRecipientsPerDay { get; init; }

    /// <summary>NOOP, VRFY, ETRN and RSET of one session before replies are delayed, by a second for each ten more; 0 never delays (DEL-115).</summary>
    [Setting(Minimum = 0, Maximum = 100000)]
    public int JunkCommandsPerSession { get; init; } = 100;
}
