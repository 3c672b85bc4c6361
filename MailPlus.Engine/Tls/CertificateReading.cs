using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Tls;

/// <summary>Reads what an administrator uploads and says clearly what is wrong with it.</summary>
internal static class CertificateReading
{
    private const int LargestUpload = 256 * 1024;
    private const int SmallestRsaBits = 2048;
    private const int LongestChain = 10;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string AnyUsage = "2.5.29.37.0";

    /// <summary>Reads a PEM chain (leaf first or anywhere) and its key.</summary>
    /// <exception cref="RefusedException">Invalid, with one of the Certificate… texts.</exception>
    public static TlsCertificate FromPem(string certificates, string key, string? keyPassword, DateTimeOffset now)
    {
        if (certificates.Length > LargestUpload || key.Length > LargestUpload)
        {
            throw Refused("CertificateUnreadable", "certificate", "too large");
        }

        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certificates);
        }
        catch (CryptographicException failure)
        {
            throw Refused("CertificateUnreadable", "certificate", failure.Message);
        }

        if (chain.Count == 0)
        {
            throw Refused("CertificateUnreadable", "certificate", "no CERTIFICATE block");
        }

        using var imported = ReadKey(key, keyPassword);
        foreach (var candidate in chain.Where(c => !IsAuthority(c)).Concat(chain.Where(IsAuthority)))
        {
            if (TryJoin(candidate, imported) is { } leaf)
            {
                return Finish(leaf, chain.Where(c => !ReferenceEquals(c, candidate)), now);
            }
        }

        throw Refused("CertificateKeyMismatch", "key", "no certificate of the chain has this key");
    }

    /// <summary>Reads a PKCS #12 file with one key.</summary>
    /// <exception cref="RefusedException">Invalid, with one of the Certificate… texts.</exception>
    public static TlsCertificate FromPfx(ReadOnlyMemory<byte> pfx, string? password, DateTimeOffset now)
    {
        if (pfx.Length > LargestUpload)
        {
            throw Refused("CertificateUnreadable", "certificate", "too large");
        }

        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12Collection(pfx.Span, password, X509KeyStorageFlags.Exportable);
        }
        catch (CryptographicException failure)
        {
            throw Refused("CertificatePasswordWrong", "password", failure.Message);
        }

        var leaf = all.FirstOrDefault(c => c.HasPrivateKey) ?? throw Refused("CertificateKeyMissing", "key", "PKCS #12 without a key");
        return Finish(leaf, all.Where(c => !ReferenceEquals(c, leaf)), now);
    }

    /// <summary>Certificate, chain and key as one PEM text: one file, so that a change is one rename.</summary>
    public static string ToPem(TlsCertificate certificate)
    {
        var text = new StringBuilder();
        text.Append(certificate.Leaf.ExportCertificatePem()).Append('\n');
        foreach (var issuer in certificate.Chain)
        {
            text.Append(issuer.ExportCertificatePem()).Append('\n');
        }

        using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.Leaf.GetECDsaPrivateKey() ?? certificate.Leaf.GetRSAPrivateKey();
        return text.Append(key!.ExportPkcs8PrivateKeyPem()).Append('\n').ToString();
    }

    public static CertificateSummary Summarize(X509Certificate2 certificate, bool isSelfSigned) =>
        new(certificate.Subject, certificate.Issuer, Names(certificate))
        {
            NotBefore = Instant.From(certificate.NotBefore.ToUniversalTime()),
            NotAfter = Instant.From(certificate.NotAfter.ToUniversalTime()),
            Fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256),
            KeyKind = KeyKind(certificate),
            IsSelfSigned = isSelfSigned,
        };

    private static TlsCertificate Finish(X509Certificate2 leaf, IEnumerable<X509Certificate2> others, DateTimeOffset now)
    {
        if (leaf.NotAfter.ToUniversalTime() <= now.UtcDateTime)
        {
            throw Refused("CertificateExpired", "certificate", $"not after {leaf.NotAfter:u}");
        }

        if (leaf.NotBefore.ToUniversalTime() > now.UtcDateTime)
        {
            throw Refused("CertificateNotYetValid", "certificate", $"not before {leaf.NotBefore:u}");
        }

        using var rsa = leaf.GetRSAPublicKey();
        using var ecdsa = leaf.GetECDsaPublicKey();
        if (rsa is null && ecdsa is null || rsa is { KeySize: < SmallestRsaBits })
        {
            throw Refused("CertificateKeyWeak", "key", rsa is null ? "neither RSA nor ECDSA" : $"RSA {rsa.KeySize}");
        }

        var usage = leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault();
        if (usage is not null && !usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value is ServerAuthentication or AnyUsage))
        {
            throw Refused("CertificateNotForServers", "certificate", "extended key usage lacks serverAuth");
        }

        return new TlsCertificate(leaf, OrderChain(leaf, [.. others]), isSelfSigned: false);
    }

    /// <summary>Issuers in the order of the handshake, leaf's issuer first; strangers and the root are left out.</summary>
    private static X509Certificate2Collection OrderChain(X509Certificate2 leaf, List<X509Certificate2> others)
    {
        var chain = new X509Certificate2Collection();
        var last = leaf;
        while (chain.Count < LongestChain && others.Find(c => c.SubjectName.RawData.AsSpan().SequenceEqual(last.IssuerName.RawData)) is { } issuer)
        {
            others.Remove(issuer);
            if (issuer.SubjectName.RawData.AsSpan().SequenceEqual(issuer.IssuerName.RawData))
            {
                break;
            }

            chain.Add(issuer);
            last = issuer;
        }

        return chain;
    }

    private static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraint => constraint.CertificateAuthority);

    private static AsymmetricAlgorithm ReadKey(string pem, string? password)
    {
        foreach (var make in (Func<AsymmetricAlgorithm>[])[ECDsa.Create, RSA.Create])
        {
            var key = make();
            try
            {
                if (pem.Contains("ENCRYPTED", StringComparison.Ordinal))
                {
                    if (string.IsNullOrEmpty(password))
                    {
                        key.Dispose();
                        throw Refused("CertificatePasswordWrong", "password", "the key is encrypted");
                    }

                    key.ImportFromEncryptedPem(pem, password);
                }
                else
                {
                    key.ImportFromPem(pem);
                }

                return key;
            }
            catch (Exception failure) when (failure is CryptographicException or ArgumentException)
            {
                key.Dispose(); // not of this kind; the next is tried
            }
        }

        if (pem.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw Refused("CertificatePasswordWrong", "password", "the key cannot be decrypted");
        }

        throw Refused("CertificateKeyMissing", "key", "no readable private key");
    }

    private static X509Certificate2? TryJoin(X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        try
        {
            return key switch
            {
                ECDsa ecdsa => certificate.CopyWithPrivateKey(ecdsa),
                RSA rsa => certificate.CopyWithPrivateKey(rsa),
                _ => null,
            };
        }
        catch (ArgumentException)
        {
            return null; // another key
        }
    }

    private static List<string> Names(X509Certificate2 certificate)
    {
        var names = new List<string>();
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            names.AddRange(extension.EnumerateDnsNames());
            names.AddRange(extension.EnumerateIPAddresses().Select(address => address.ToString()));
        }

        return names;
    }

    private static string KeyKind(X509Certificate2 certificate)
    {
        using var ecdsa = certificate.GetECDsaPublicKey();
        using var rsa = certificate.GetRSAPublicKey();
        return ecdsa is not null ? $"ECDSA {ecdsa.KeySize}" : rsa is not null ? $"RSA {rsa.KeySize}" : certificate.PublicKey.Oid.FriendlyName ?? "?";
    }

    private static RefusedException Refused(string key, string field, string detail) => new(new Refusal(RefusalKind.Invalid, key) { Field = field, Detail = detail });
}
