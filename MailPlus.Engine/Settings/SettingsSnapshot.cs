using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>All settings at one version: immutable and swapped whole; a session keeps the one it began with (design 1).</summary>
public sealed record SettingsSnapshot
{
    /// <summary>Version number; grows by one with every save; 0 are the defaults.</summary>
    public long Version { get; init; }

    /// <summary>True once the setup wizard or the <c>setup</c> verb has been applied.</summary>
    public bool IsSetUp => Smtp.Hostname.Length > 0;

    /// <summary>Settings that go back by themselves unless somebody keeps them; null when there are none.</summary>
    public SettingsTrial? Trial { get; init; }

    /// <summary>Protocols and ports.</summary>
    public ServiceSettings Service { get; init; } = new();

    /// <summary>SMTP server.</summary>
    public SmtpSettings Smtp { get; init; } = new();

    /// <summary>IMAP server.</summary>
    public ImapSettings Imap { get; init; } = new();

    /// <summary>POP3 server.</summary>
    public Pop3Settings Pop3 { get; init; } = new();

    /// <summary>Queue and outbound delivery.</summary>
    public DeliverySettings Delivery { get; init; } = new();

    /// <summary>DNS.</summary>
    public ResolverSettings Resolver { get; init; } = new();

    /// <summary>Sign-in rules.</summary>
    public SecuritySettings Security { get; init; } = new();

    /// <summary>Mail authentication.</summary>
    public MailAuthSettings MailAuth { get; init; } = new();

    /// <summary>Local networks.</summary>
    public NetworkSettings Network { get; init; } = new();

    /// <summary>Trusted servers and inbound relay domains.</summary>
    public RelayControlSettings RelayControl { get; init; } = new();

    /// <summary>Black and white lists.</summary>
    public AccessSettings Access { get; init; } = new();

    /// <summary>Sender policy, connection policy, advanced checks.</summary>
    public SmtpPolicySettings SmtpPolicy { get; init; } = new();

    /// <summary>Storage quota.</summary>
    public QuotaSettings Quota { get; init; } = new();

    /// <summary>Scripts, answers and forwards of users.</summary>
    public SieveSettings Sieve { get; init; } = new();

    /// <summary>Full-text search.</summary>
    public SearchSettings Search { get; init; } = new();

    /// <summary>Automatic certificates.</summary>
    public AcmeSettings Acme { get; init; } = new();
}
