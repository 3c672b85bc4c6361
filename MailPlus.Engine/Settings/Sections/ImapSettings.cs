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
}
