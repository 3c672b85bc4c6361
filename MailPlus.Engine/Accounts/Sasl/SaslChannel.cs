using System.Net;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Net.Connections;

namespace MailPlus.Engine.Accounts.Sasl;

/// <summary>The connection an exchange runs over, as far as it decides what may be offered and what a proof is bound to.</summary>
/// <param name="Protocol">"smtp", "imap", "pop3", "sieve": for logs and policies.</param>
/// <param name="Client">The peer.</param>
public sealed record SaslChannel(string Protocol, IPAddress? Client)
{
    /// <summary>Secrets may be said here: under TLS, or in the laboratory (mail-rules 20).</summary>
    public bool IsProtected { get; init; }

    /// <summary>Channel binding tls-server-end-point, empty when there is none.</summary>
    public ReadOnlyMemory<byte> EndPointBinding { get; init; }

    /// <summary>The client's certificate, judged by nobody yet.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The channel a connection is now; another one after STARTTLS.</summary>
    public static SaslChannel Of(string protocol, NetConnection connection, bool isLab) => new(protocol, connection.Remote.Address)
    {
        IsProtected = connection.IsTls || isLab,
        EndPointBinding = connection.EndPointBinding,
        ClientCertificate = connection.PeerCertificate,
    };
}
