using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailPlus.Engine.Tls;

/// <summary>The certificate a fresh server makes for itself: ECDSA P-256, naming the host, localhost and the loopback addresses (design 7).</summary>
internal static class SelfSigned
{
    // The longest that today's platforms accept even where the certificate was trusted by hand.
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(825);

    public static TlsCertificate Make(string hostname, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={(IsPlain(hostname) ? hostname : "localhost")}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IsPlain(hostname) && !hostname.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            names.AddDnsName(hostname);
        }

        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        // A day back: the client's clock may be behind.
        return new TlsCertificate(request.CreateSelfSigned(now.AddDays(-1), now + Lifetime), [], isSelfSigned: true);
    }

    private static bool IsPlain(string hostname) => hostname.Length > 0 && hostname.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-');
}
