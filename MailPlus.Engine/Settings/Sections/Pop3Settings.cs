namespace MailPlus.Engine.Settings.Sections;

/// <summary>POP3 server limits.</summary>
public sealed record Pop3Settings
{
    /// <summary>Idle minutes before the session ends without deleting anything (RFC 1939 3: at least 10).</summary>
    [Setting(Unit = "minutes", Minimum = 10, Maximum = 1440)]
    public int IdleMinutes { get; init; } = 10;
}
