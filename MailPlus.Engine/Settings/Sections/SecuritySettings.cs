namespace MailPlus.Engine.Settings.Sections;

/// <summary>Sign-in rules of web and protocols.</summary>
public sealed record SecuritySettings
{
    /// <summary>Failures from one address or for one account before log-ins wait.</summary>
    [Setting(Minimum = 3, Maximum = 100, LocksOut = true)]
    public int LockoutFailures { get; init; } = 10;

    /// <summary>Minutes log-ins are refused once the limit is reached; doubled by each failure after that, up to a day.</summary>
    [Setting(Unit = "minutes", Minimum = 1, Maximum = 1440)]
    public int LockoutMinutes { get; init; } = 15;

    /// <summary>Shortest password in characters.</summary>
    [Setting(Minimum = 4, Maximum = 128)]
    public int MinimumPasswordLength { get; init; } = 8;

    /// <summary>Kinds of characters a new password must hold at least: small letters, capitals, digits, others.</summary>
    [Setting(Minimum = 1, Maximum = 4)]
    public int PasswordKinds { get; init; } = 1;

    /// <summary>Web sessions end after so many idle minutes.</summary>
    [Setting(Unit = "minutes", Minimum = 5, Maximum = 43200)]
    public int WebIdleMinutes { get; init; } = 720;

    /// <summary>Proxies that are believed who their client is (X-Forwarded headers, XCLIENT, PROXY headers), as addresses or networks; empty believes none.</summary>
    [Setting(LocksOut = true)]
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Listeners where connections from trusted proxies begin with a PROXY header (version 1 or 2): smtp, submission, smtps, imap, imaps, pop3, pop3s.</summary>
    [Setting(LocksOut = true)]
    public IReadOnlyList<string> ProxyListeners { get; init; } = [];

    /// <summary>Certificates of authorities whose client certificates sign in (SASL EXTERNAL) as the account of their e-mail address: DER in base64, each one item; empty switches it off.</summary>
    [Setting(MaximumLength = 8192)]
    public IReadOnlyList<string> ClientAuthorities { get; init; } = [];

    /// <summary>OAuth 2.0 introspection end point (RFC 7662) that tokens of OAUTHBEARER and XOAUTH2 are checked at, https only; empty switches both off.</summary>
    [Setting(MaximumLength = 2000)]
    public string TokenIntrospectionUrl { get; init; } = "";

    /// <summary>Name this server shows to the introspection end point.</summary>
    [Setting(MaximumLength = 500)]
    public string TokenClientId { get; init; } = "";

    /// <summary>Secret this server shows to the introspection end point.</summary>
    [Setting(MaximumLength = 500, Secret = true)]
    public string TokenClientSecret { get; init; } = "";

    /// <summary>Scope a token must have to sign in; empty asks for none.</summary>
    [Setting(MaximumLength = 200)]
    public string TokenScope { get; init; } = "";
}
