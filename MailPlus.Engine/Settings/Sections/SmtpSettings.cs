namespace MailPlus.Engine.Settings.Sections;

/// <summary>Whom VRFY and EXPN tell about addresses.</summary>
public enum VerifyPolicy
{
    /// <summary>Nobody: 252 to every question (RFC 5321 7.3).</summary>
    Nobody,

    /// <summary>Who has signed in.</summary>
    SignedIn,

    /// <summary>Everybody.</summary>
    Everybody,
}

/// <summary>Mail Delivery &gt; General: the SMTP server's profile (DEL).</summary>
public sealed record SmtpSettings
{
    /// <summary>Host name (FQDN) said in the banner, EHLO and Received; must match the A record (SET-22). Empty until set up.</summary>
    [Setting(MaximumLength = 255)]
    public string Hostname { get; init; } = "";

    /// <summary>What the greeting says after the host name (DEL-011).</summary>
    [Setting(MaximumLength = 200)]
    public string Banner { get; init; } = "ESMTP MailPlus";

    /// <summary>AUTH is offered on port 25; without it only trusted servers relay there. 465, 587 and the webmail always authenticate (DEL-041, mail-rules 17).</summary>
    [Setting]
    public bool AuthenticationEnabled { get; init; } = true;

    /// <summary>Clients of the local network relay through port 25 without signing in (DEL-045).</summary>
    [Setting]
    public bool LocalNetworkMayRelay { get; init; }

    /// <summary>Who has signed in sends under own addresses only, in the envelope and in From and Sender (DEL-046, mail-rules 21).</summary>
    [Setting]
    public bool CheckSender { get; init; } = true;

    /// <summary>Servers of the trusted list may send under addresses of this server (DEL-048).</summary>
    [Setting]
    public bool TrustedSkipSenderCheck { get; init; }

    /// <summary>Largest message in octets.</summary>
    [Setting(Unit = "octets", Minimum = 65536, Maximum = 1073741824)]
    public long MaximumMessageSize { get; init; } = 50 * 1024 * 1024;

    /// <summary>Recipients of one message; at least 100 (mail-rules 14).</summary>
    [Setting(Minimum = 100, Maximum = 50000)]
    public int MaximumRecipients { get; init; } = 1000;

    /// <summary>Received fields a message may have before it counts as looping (RFC 5321 6.3).</summary>
    [Setting(Minimum = 10, Maximum = 500)]
    public int MaximumHops { get; init; } = 50;

    /// <summary>Messages one connection may send; 0 is unlimited.</summary>
    [Setting(Minimum = 0, Maximum = 1000000)]
    public int MaximumMessagesPerConnection { get; init; }

    /// <summary>Whom VRFY tells whether an address exists; others hear 252 whatever they ask.</summary>
    [Setting]
    public VerifyPolicy Verify { get; init; } = VerifyPolicy.Nobody;

    /// <summary>Whom EXPN tells for whom an address stands; to others it is not there.</summary>
    [Setting]
    public VerifyPolicy Expand { get; init; } = VerifyPolicy.Nobody;

    /// <summary>Addresses and networks that may start the queue of a domain (ETRN, RFC 1985) without signing in as an administrator.</summary>
    [Setting]
    public IReadOnlyList<string> QueueStartNetworks { get; init; } = [];

    /// <summary>Days ahead for which a signed-in sender may have a message held back (FUTURERELEASE, RFC 4865); 0 offers it to nobody.</summary>
    [Setting(Unit = "days", Minimum = 0, Maximum = 366)]
    public int MaximumHoldDays { get; init; } = 30;

    /// <summary>Idle seconds before 421 (RFC 5321 4.5.3.2: at least 5 minutes).</summary>
    [Setting(Unit = "seconds", Minimum = 60, Maximum = 3600)]
    public int IdleSeconds { get; init; } = 300;
}
