using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Tls;

/// <summary>
/// The authorities whose client certificates may sign in (setting <c>Security.ClientAuthorities</c>). None is trusted unless an administrator named it; the system's
/// own authorities count for nothing here. Revocation is not looked up: an authority that signs people in for a server is a company's own, and short-lived
/// certificates or a changed e-mail address take a right away.
/// </summary>
public sealed class ClientAuthorities(ISettingsSource settings, TimeProvider clock)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string SubjectAlternativeName = "2.5.29.17";
    private const int MostAddresses = 100;

    private Known _known = new([], []);

    /// <summary>Whether a client may be asked for a certificate at all.</summary>
    public bool IsConfigured => settings.Current.Security.ClientAuthorities.Count > 0;

    /// <summary>E-mail addresses (rfc822Name, RFC 5280 4.2.1.6) of a certificate that one of the authorities vouches for; empty for any other certificate.</summary>
    public IReadOnlyList<string> AddressesOf(X509Certificate2 certificate)
    {
        if (!IsConfigured || !IsTrusted(certificate))
        {
            return [];
        }

        foreach (var extension in certificate.Extensions)
        {
            if (extension.Oid?.Value == SubjectAlternativeName)
            {
                return ReadAddresses(extension.RawData);
            }
        }

        return [];
    }

    private static List<string> ReadAddresses(byte[] names)
    {
        const int Rfc822Name = 1;
        var addresses = new List<string>();
        try
        {
            var sequence = new System.Formats.Asn1.AsnReader(names, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData && addresses.Count < MostAddresses)
            {
                var tag = sequence.PeekTag();
                if (tag.TagClass == System.Formats.Asn1.TagClass.ContextSpecific && tag.TagValue == Rfc822Name)
                {
                    addresses.Add(sequence.ReadCharacterString(System.Formats.Asn1.UniversalTagNumber.IA5String, tag));
                }
                else
                {
                    sequence.ReadEncodedValue();
                }
            }
        }
        catch (System.Formats.Asn1.AsnContentException)
        {
            return []; // malformed names name nobody
        }

        return addresses;
    }

    private bool IsTrusted(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true; // a stranger's certificate must not make this server fetch anything
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = clock.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities());
        return chain.Build(certificate);
    }

    private X509Certificate2Collection Authorities()
    {
        var wanted = settings.Current.Security.ClientAuthorities;
        var known = Volatile.Read(ref _known);
        if (!ReferenceEquals(known.Texts, wanted))
        {
            known = new Known(wanted, [.. wanted.Select(text => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text)))]);
            Volatile.Write(ref _known, known);
        }

        return known.Certificates;
    }

    private sealed record Known(IReadOnlyList<string> Texts, X509Certificate2Collection Certificates);
}
