using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Tls;

/// <summary>A certificate as the console shows it.</summary>
/// <param name="Subject">Distinguished name of the subject.</param>
/// <param name="Issuer">Distinguished name of the issuer.</param>
/// <param name="Names">DNS names and IP addresses it is valid for.</param>
public sealed record CertificateSummary(string Subject, string Issuer, IReadOnlyList<string> Names)
{
    /// <summary>Start of validity.</summary>
    public required Instant NotBefore { get; init; }

    /// <summary>End of validity.</summary>
    public required Instant NotAfter { get; init; }

    /// <summary>SHA-256 of the certificate, upper-case hexadecimal digits.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>"ECDSA 256", "RSA 2048".</summary>
    public required string KeyKind { get; init; }

    /// <summary>Made by this server, trusted by nobody.</summary>
    public required bool IsSelfSigned { get; init; }

    /// <summary>Brought and renewed by ACME.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>True when the certificate is valid for the host name; a wildcard covers one label.</summary>
    public bool Covers(string hostname) => Names.Any(name => TlsCertificate.Matches(name, hostname));
}

/// <summary>A certificate with key and chain, ready for handshakes. Immutable; handshakes in progress keep the one they began with.</summary>
internal sealed class TlsCertificate
{
    private readonly SslServerAuthenticationOptions _options;
    private readonly SslServerAuthenticationOptions _asking;

    public TlsCertificate(X509Certificate2 leaf, X509Certificate2Collection chain, bool isSelfSigned, bool isAutomatic = false)
    {
        Leaf = leaf;
        Chain = chain;
        Summary = CertificateReading.Summarize(leaf, isSelfSigned) with { IsAutomatic = isAutomatic };
        // Offline: making the context must not fetch anything from the network.
        var context = SslStreamCertificateContext.Create(leaf, chain, offline: true);
        _options = MakeOptions(context);
        _asking = MakeOptions(context);
        _asking.ClientCertificateRequired = true;
#pragma warning disable CA5359 // The handshake only asks: a client without a certificate, or with a stranger's, signs in otherwise. SASL EXTERNAL judges the chain.
        _asking.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
    }

    public X509Certificate2 Leaf { get; }

    public X509Certificate2Collection Chain { get; }

    public CertificateSummary Summary { get; }

    /// <summary>Shared by all handshakes; SslStream copies it.</summary>
    public SslServerAuthenticationOptions Options => _options;

    /// <summary>As <see cref="Options"/>, asking the client for a certificate without insisting on one.</summary>
    public SslServerAuthenticationOptions AskingOptions => _asking;

    public static bool Matches(string pattern, string hostname)
    {
        if (pattern.StartsWith("*.", StringComparison.Ordinal))
        {
            var dot = hostname.IndexOf('.', StringComparison.Ordinal);
            return dot > 0 && hostname.AsSpan(dot + 1).Equals(pattern.AsSpan(2), StringComparison.OrdinalIgnoreCase);
        }

        return string.Equals(pattern, hostname, StringComparison.OrdinalIgnoreCase);
    }

    private static SslServerAuthenticationOptions MakeOptions(SslStreamCertificateContext context) => new()
    {
        ServerCertificateContext = context,
        EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12 | System.Security.Authentication.SslProtocols.Tls13, // PRO-049
        ClientCertificateRequired = false,
        AllowRenegotiation = false,
    };
}
