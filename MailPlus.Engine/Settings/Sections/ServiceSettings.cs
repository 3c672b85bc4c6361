namespace MailPlus.Engine.Settings.Sections;

/// <summary>One listener of a protocol.</summary>
/// <param name="Enabled">Listening.</param>
/// <param name="Port">TCP port, 1 to 65535.</param>
public sealed record ListenerSetting(bool Enabled, int Port);

/// <summary>Service &gt; Protocol: which protocols listen where (PRO-003 to PRO-050). Applied live.</summary>
public sealed record ServiceSettings
{
    /// <summary>Addresses all listeners bind to; empty means every address of the host (PRO-047).</summary>
    [Setting(LocksOut = true)]
    public IReadOnlyList<string> ListenAddresses { get; init; } = [];

    /// <summary>Addresses of the SMTP listeners; empty means those of all listeners.</summary>
    [Setting(LocksOut = true)]
    public IReadOnlyList<string> SmtpAddresses { get; init; } = [];

    /// <summary>Addresses of the IMAP listeners; empty means those of all listeners.</summary>
    [Setting(LocksOut = true)]
    public IReadOnlyList<string> ImapAddresses { get; init; } = [];

    /// <summary>Addresses of the POP3 listeners; empty means those of all listeners.</summary>
    [Setting(LocksOut = true)]
    public IReadOnlyList<string> Pop3Addresses { get; init; } = [];

    /// <summary>SMTP (MX role).</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535, LocksOut = true)]
    public ListenerSetting Smtp { get; init; } = new(true, 25);

    /// <summary>SMTP-SSL: submission under implicit TLS.</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535, LocksOut = true)]
    public ListenerSetting Smtps { get; init; } = new(true, 465);

    /// <summary>SMTP-TLS: submission with STARTTLS.</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535, LocksOut = true)]
    public ListenerSetting Submission { get; init; } = new(true, 587);

    /// <summary>IMAP with STARTTLS.</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535, LocksOut = true)]
    public ListenerSetting Imap { get; init; } = new(true, 143);

    /// <summary>IMAP under implicit TLS.</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535, LocksOut = true)]
    public ListenerSetting Imaps { get; init; } = new(true, 993);

    /// <summary>POP3 with STLS (PRO-024).</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535, LocksOut = true)]
    public ListenerSetting Pop3 { get; init; } = new(true, 110);

    /// <summary>POP3 under implicit TLS (PRO-025).</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535, LocksOut = true)]
    public ListenerSetting Pop3s { get; init; } = new(true, 995);

    /// <summary>ManageSieve with STARTTLS (RFC 5804): mail programs keep filters on the server.</summary>
    [Setting(Unit = "port", Minimum = 1, Maximum = 65535, LocksOut = true)]
    public ListenerSetting Sieve { get; init; } = new(false, 4190);

    /// <summary>Connections from one address at once, all protocols together, loopback and private networks excepted where it would shut out an office behind one address.</summary>
    [Setting(Minimum = 1, Maximum = 100000, LocksOut = true)]
    public int MaximumConnectionsPerAddress { get; init; } = 100;

    /// <summary>Connections at once, all protocols together.</summary>
    [Setting(Minimum = 10, Maximum = 1000000, LocksOut = true)]
    public int MaximumConnections { get; init; } = 10000;

    /// <summary>Webmail can be reached.</summary>
    [Setting(LocksOut = true)]
    public bool WebmailEnabled { get; init; } = true;
}
