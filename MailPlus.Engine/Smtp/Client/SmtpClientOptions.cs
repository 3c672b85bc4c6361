using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>How TLS is used towards a server.</summary>
internal enum SmtpClientTls
{
    /// <summary>STARTTLS when offered.</summary>
    Opportunistic,

    /// <summary>STARTTLS or no session.</summary>
    Required,

    /// <summary>TLS from the first octet.</summary>
    Implicit,

    /// <summary>Clear text.</summary>
    None,
}

/// <summary>Name and password for a relay.</summary>
internal sealed record SmtpCredential(string User, string Password)
{
    /// <summary>Hides the password from logs.</summary>
    public override string ToString() => User;
}

/// <summary>One server to talk to.</summary>
/// <param name="Host">Its name: TLS server name and what people read.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Tls">Use of TLS.</param>
internal sealed record SmtpPeer(string Host, IPEndPoint Address, SmtpClientTls Tls)
{
    /// <summary>What its certificate must prove. Between MX hosts without a policy any certificate does (RFC 7435).</summary>
    public PeerProof Proof { get; init; } = PeerProof.None;

    /// <summary>Log-in, sent only under TLS with a verified certificate (mail-rules 20).</summary>
    public SmtpCredential? Credential { get; init; }

    /// <summary>The administrator chose this server; it was not found by MX.</summary>
    public bool IsRelay { get; init; }

    /// <summary>host[address]:port, as logs and the queue show it.</summary>
    public override string ToString() => $"{Host}[{Address.Address}]:{Address.Port}";
}

/// <summary>Waiting times; the defaults are the least that RFC 5321 4.5.3.2 asks for.</summary>
internal sealed record SmtpClientDeadlines
{
    /// <summary>TCP connect.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>TLS handshake.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The 220 greeting, EHLO, MAIL, RCPT.</summary>
    public TimeSpan Command { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>354 after DATA.</summary>
    public TimeSpan DataStart { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>One block of message text.</summary>
    public TimeSpan DataBlock { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The reply after the final dot.</summary>
    public TimeSpan DataEnd { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Goodbye: nobody waits for it long.</summary>
    public TimeSpan Quit { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>What all sessions share.</summary>
/// <param name="Clock">Clock of the deadlines.</param>
/// <param name="HeloName">Our name in EHLO.</param>
internal sealed record SmtpClientOptions(TimeProvider Clock, string HeloName)
{
    /// <summary>Waiting times.</summary>
    public SmtpClientDeadlines Deadlines { get; init; } = new();

    /// <summary>What chains are built by; null trusts the system's roots. No certificate is fetched from an address that a peer names.</summary>
    public X509ChainPolicy? Trust { get; init; }
}
