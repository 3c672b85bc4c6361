using MailPlus.Engine.Resolver;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>Against what a server's certificate is held.</summary>
internal enum PeerAuthority
{
    /// <summary>Nothing: any certificate does (RFC 7435).</summary>
    None,

    /// <summary>It chains to a trusted root and names the server.</summary>
    WebPki,

    /// <summary>TLSA records (RFC 7672 3).</summary>
    Dane,
}

/// <summary>By whose word TLS is used as it is.</summary>
internal enum TlsPolicyKind
{
    /// <summary>Nobody's: TLS when both sides can.</summary>
    Opportunistic,

    /// <summary>The administrator's, for the relay host; or the message's, when it asks for a way that is proven throughout.</summary>
    Configured,

    /// <summary>DANE, the recipient domain's word in signed DNS.</summary>
    Dane,

    /// <summary>MTA-STS, the recipient domain's word on its policy host.</summary>
    MtaSts,
}

/// <summary>What a server has to prove, and by whose word.</summary>
internal sealed record PeerProof(TlsPolicyKind Policy, PeerAuthority Authority)
{
    /// <summary>Nothing.</summary>
    public static PeerProof None { get; } = new(TlsPolicyKind.Opportunistic, PeerAuthority.None);

    /// <summary>A certificate of the Web's authorities for the host's name.</summary>
    public static PeerProof WebPki { get; } = new(TlsPolicyKind.Configured, PeerAuthority.WebPki);

    /// <summary>Name sent in SNI, "" for the peer's host (RFC 7672 8.1: the TLSA base domain).</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Usable TLSA records.</summary>
    public IReadOnlyList<TlsaRecord> Records { get; init; } = [];

    /// <summary>Names of which the certificate must have one when its issuer is pinned (DANE-TA).</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>False when a failure is noted and changes nothing (MTA-STS mode testing).</summary>
    public bool IsEnforced { get; init; } = true;
}
