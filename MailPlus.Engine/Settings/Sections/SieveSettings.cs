namespace MailPlus.Engine.Settings.Sections;

/// <summary>What users may do with scripts of Sieve, and with the answers and forwards that are built of them.</summary>
public sealed record SieveSettings
{
    /// <summary>Scripts one user may keep.</summary>
    [Setting(Minimum = 1, Maximum = 1000)]
    public int MaximumScripts { get; init; } = 50;

    /// <summary>Largest script.</summary>
    [Setting(Unit = "octets", Minimum = 1024, Maximum = 1048576)]
    public int MaximumScriptSize { get; init; } = 256 * 1024;

    /// <summary>Addresses one message is sent on to by a user's script and automatic forwarding together; 0 forbids sending on, and the message stays in the mailbox.</summary>
    [Setting(Minimum = 0, Maximum = 32)]
    public int MaximumRedirects { get; init; } = 4;
}
