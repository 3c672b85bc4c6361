namespace MailPlus.Engine.Settings.Sections;

/// <summary>IMAP server limits.</summary>
public sealed record ImapSettings
{
    /// <summary>Idle minutes before BYE (RFC 3501 5.4: at least 30).</summary>
    [Setting(Unit = "minutes", Minimum = 30, Maximum = 1440)]
    public int IdleMinutes { get; init; } = 30;

    /// <summary>Sessions of one account at once.</summary>
    [Setting(Minimum = 1, Maximum = 10000)]
    public int MaximumSessionsPerAccount { get; init; } = 100;

    /// <summary>Remark on this server that clients may show (RFC 5464 3.2.1.1); empty for none.</summary>
    [Setting(MaximumLength = 1000)]
    public string ServerComment { get; init; } = "";

    /// <summary>How clients may reach the administrators: a URI or a mail address; empty for none.</summary>
    [Setting(MaximumLength = 500)]
    public string ServerAdmin { get; init; } = "";

    /// <summary>Messages one command may touch (MESSAGELIMIT, RFC 9738); 0 is no limit, and nothing is announced.</summary>
    [Setting(Minimum = 0, Maximum = 100_000_000)]
    public int MessageLimit { get; init; }

    /// <summary>Messages one APPEND or COPY may store (SAVELIMIT, RFC 9738); 0 is no limit of its own, and nothing is announced.</summary>
    [Setting(Minimum = 0, Maximum = 100_000_000)]
    public int SaveLimit { get; init; }
}
