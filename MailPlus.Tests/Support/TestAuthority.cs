using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MailPlus.Tests.Support;

/// <summary>A certificate authority with a root and an intermediate, that issues what a test wants.</summary>
public sealed class TestAuthority : IDisposable
{
    public static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Until = new(2060, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<X509Certificate2> _made = [];

    public TestAuthority(string name = "Test")
    {
        Root = Make($"CN={name} Root", null, From, Until, null);
        Intermediate = Make($"CN={name} Intermediate", Root, From, Until.AddDays(-1), null);
    }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Intermediate { get; }

    /// <summary>A server's certificate with its key, issued by the intermediate.</summary>
    public X509Certificate2 Issue(params string[] names) => Make($"CN={names[0]}", Intermediate, From, Until.AddDays(-2), names);

    /// <summary>One that was valid once.</summary>
    public X509Certificate2 IssueExpired(string name) => Make($"CN={name}", Intermediate, From, From.AddDays(30), [name]);

    /// <summary>One that names our intermediate as its issuer, signed with another key.</summary>
    public X509Certificate2 Forge(string name)
    {
        using var impostor = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Intermediate.SubjectName, impostor, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var issuer = request.CreateSelfSigned(From, Until);
        return Make($"CN={name}", issuer, From, Until.AddDays(-2), [name]);
    }

    /// <summary>What a client that trusts the root and nothing else builds chains by.</summary>
    public X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.Add(Root);
        return policy;
    }

    public static byte[] KeyOf(X509Certificate2 certificate) => certificate.PublicKey.ExportSubjectPublicKeyInfo();

    public void Dispose() => _made.ForEach(certificate => certificate.Dispose());

    private X509Certificate2 Make(string subject, X509Certificate2? issuer, DateTimeOffset from, DateTimeOffset until, string[]? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (names is null)
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        }
        else
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (var name in names)
            {
                if (IPAddress.TryParse(name, out var address))
                {
                    alternatives.AddIpAddress(address);
                }
                else
                {
                    alternatives.AddDnsName(name);
                }
            }

            request.CertificateExtensions.Add(alternatives.Build());
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        }

        X509Certificate2 made;
        if (issuer is null)
        {
            made = request.CreateSelfSigned(from, until);
        }
        else
        {
            using var issued = request.Create(issuer, from, until, RandomNumberGenerator.GetBytes(12));
            made = issued.CopyWithPrivateKey(key);
        }

        using (made)
        {
            // Kept with a key that TLS can use on every platform.
            var kept = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
            _made.Add(kept);
            return kept;
        }
    }
}
