using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Resolver;

namespace MailPlus.Engine.Smtp.Client;

/// <summary>Holds a certificate against TLSA records (RFC 6698 2.1, RFC 7671 5, RFC 7672 3).</summary>
internal sealed class DaneMatch(IReadOnlyList<TlsaRecord> records, IReadOnlyList<string> names, TimeProvider clock)
{
    private const int TrustAnchor = 2;
    private const int EndEntity = 3;
    private const int Certificate = 0;
    private const int PublicKey = 1;
    private const int Whole = 0;
    private const int Sha256 = 1;
    private const int Sha512 = 2;
    private const int MostSent = 20;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>
    /// The records that count: usages 2 and 3 (RFC 7672 3.1.3: 0 and 1 are unusable), known selectors, data of the right form, and of the digests of one usage
    /// and selector only the strongest (RFC 7671 9).
    /// </summary>
    public static IReadOnlyList<TlsaRecord> Usable(IReadOnlyList<TlsaRecord> published)
    {
        var sound = published.Where(IsSound).ToList();
        return [.. sound.Where(r => r.Matching != Sha256 || !sound.Exists(other => other.Matching == Sha512 && other.Usage == r.Usage && other.Selector == r.Selector))];
    }

    /// <summary>Looks at what the server showed.</summary>
    /// <param name="leaf">Its certificate.</param>
    /// <param name="sent">What it sent along.</param>
    public TlsFault Check(X509Certificate2 leaf, IReadOnlyList<X509Certificate2> sent)
    {
        // RFC 7672 3.1.1: the record binds the key; neither names nor dates of the certificate matter.
        if (records.Any(r => r.Usage == EndEntity && Matches(r, leaf)))
        {
            return TlsFault.None;
        }

        return records.Any(r => r.Usage == TrustAnchor) ? Anchored(leaf, sent) : TlsFault.ValidationFailure;
    }

    private static bool IsSound(TlsaRecord record)
    {
        if (record.Usage is not (TrustAnchor or EndEntity) || record.Selector is not (Certificate or PublicKey))
        {
            return false;
        }

        return record.Matching switch
        {
            Whole when record.Selector == PublicKey => IsPublicKey(record.Data),
            Whole => TryRead(record) is { } certificate && Dispose(certificate),
            Sha256 => record.Data.Length == SHA256.HashSizeInBytes,
            Sha512 => record.Data.Length == SHA512.HashSizeInBytes,
            _ => false,
        };
    }

    private static bool Dispose(X509Certificate2 certificate)
    {
        certificate.Dispose();
        return true;
    }

    private static bool IsPublicKey(ReadOnlyMemory<byte> data)
    {
        try
        {
            System.Security.Cryptography.X509Certificates.PublicKey.CreateFromSubjectPublicKeyInfo(data.Span, out var read);
            return read == data.Length;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static X509Certificate2? TryRead(TlsaRecord record)
    {
        try
        {
            return record is { Selector: Certificate, Matching: Whole } ? X509CertificateLoader.LoadCertificate(record.Data.Span) : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static bool Matches(TlsaRecord record, X509Certificate2 certificate)
    {
        var selected = record.Selector == Certificate ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        var shown = record.Matching switch
        {
            Sha256 => SHA256.HashData(selected),
            Sha512 => SHA512.HashData(selected),
            _ => selected,
        };
        return record.Data.Span.SequenceEqual(shown);
    }

    /// <summary>DANE-TA: a chain up to a certificate that a record names, valid now, and one of our names in the server's (RFC 7672 3.1.2).</summary>
    private TlsFault Anchored(X509Certificate2 leaf, IReadOnlyList<X509Certificate2> sent)
    {
        using var chain = new X509Chain();
        var published = records.Where(r => r.Usage == TrustAnchor).Select(TryRead).OfType<X509Certificate2>().ToList();
        try
        {
            var policy = chain.ChainPolicy;
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.RevocationMode = X509RevocationMode.NoCheck;
            policy.DisableCertificateDownloads = true;
            policy.VerificationTime = clock.GetUtcNow().UtcDateTime;
            policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
            foreach (var certificate in published.Concat(sent.Take(MostSent)))
            {
                policy.ExtraStore.Add(certificate);
                if (IsAnchor(certificate))
                {
                    policy.CustomTrustStore.Add(certificate);
                }
            }

            chain.Build(leaf);
            var fault = Walk(chain.ChainElements);
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }

            return fault != TlsFault.None ? fault : names.Any(name => leaf.MatchesHostname(name)) ? TlsFault.None : TlsFault.CertificateHostMismatch;
        }
        finally
        {
            published.ForEach(certificate => certificate.Dispose());
        }
    }

    /// <summary>From the leaf to the first anchor; what lies above it needs no trust.</summary>
    private TlsFault Walk(X509ChainElementCollection elements)
    {
        var worst = X509ChainStatusFlags.NoError;
        for (var i = 0; i < elements.Count; i++)
        {
            foreach (var status in elements[i].ChainElementStatus)
            {
                worst |= status.Status;
            }

            // The leaf itself is an anchor only if nobody else issued it.
            if (IsAnchor(elements[i].Certificate) && (i > 0 || elements[i].Certificate.SubjectName.RawData.AsSpan().SequenceEqual(elements[i].Certificate.IssuerName.RawData)))
            {
                const X509ChainStatusFlags Unimportant = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;
                return CertificateFaults.Of(worst & ~Unimportant);
            }
        }

        return TlsFault.CertificateNotTrusted;
    }

    private bool IsAnchor(X509Certificate2 certificate) => records.Any(r => r.Usage == TrustAnchor && Matches(r, certificate));
}
