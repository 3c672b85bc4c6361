namespace MailPlus.Engine.Settings.Sections;

/// <summary>A certificate that this server gets and renews by itself (ACME, RFC 8555).</summary>
public sealed record AcmeSettings
{
    /// <summary>Gets a certificate for the host name and renews it in time. Who switches it on agrees to the terms of service of the authority.</summary>
    [Setting]
    public bool Enabled { get; init; }

    /// <summary>Directory of the certificate authority, https only.</summary>
    [Setting(MaximumLength = 500)]
    public string Directory { get; init; } = "https://acme-v02.api.letsencrypt.org/directory";

    /// <summary>Address that the authority writes to; empty for none.</summary>
    [Setting(MaximumLength = 254)]
    public string Contact { get; init; } = "";

    /// <summary>Host names in the certificate besides the server's own; each must lead to this server in DNS.</summary>
    [Setting]
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Days before its end at which a certificate is renewed; one of a short life is renewed when a third of it is left.</summary>
    [Setting(Unit = "days", Minimum = 1, Maximum = 60)]
    public int RenewDays { get; init; } = 30;

    /// <summary>Port on which this server answers the authority while it looks (HTTP-01), unless somebody else listens there; 0 leaves that to the web's own listener.</summary>
    [Setting(Unit = "port", Minimum = 0, Maximum = 65535)]
    public int ChallengePort { get; init; } = 80;

    /// <summary>Certificates that the directory's own certificate is checked against: DER in base64, each one item; empty trusts what the system trusts.</summary>
    [Setting(MaximumLength = 8192)]
    public IReadOnlyList<string> DirectoryAuthorities { get; init; } = [];
}
