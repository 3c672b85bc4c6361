using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Resolver;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>What the checks of one look share.</summary>
/// <param name="Hostname">Name of the server.</param>
/// <param name="Addresses">Its addresses.</param>
internal sealed record DnsSurvey(string Hostname, DnsAnswer<IPAddress> Addresses)
{
    /// <summary>Addresses the world can reach it at.</summary>
    public IReadOnlyList<IPAddress> Public { get; } = [.. Addresses.Records.Where(address => !AddressRanges.IsPrivate(address))];
}

/// <summary>Exact records.</summary>
internal static class DnsAdvice
{
    private const string SpfStart = "v=spf1";

    private static readonly (string Issuer, string Name)[] Issuers =
    [
        ("Let's Encrypt", "letsencrypt.org"), ("ZeroSSL", "sectigo.com"), ("Sectigo", "sectigo.com"), ("DigiCert", "digicert.com"), ("Google Trust", "pki.goog"), ("GlobalSign", "globalsign.com"), ("Buypass", "buypass.com"),
    ];

    internal static DnsCheck Unanswered<T>(DnsSubject subject, string type, string name, DnsAnswer<T> answer) => new(subject, type, name, Health.Warning, "Unanswered")
    {
        Arguments = [type, name, answer.Detail], IsAnswered = false,
    };

    internal static string Text(TlsaRecord record) => string.Create(CultureInfo.InvariantCulture, $"{record.Usage} {record.Selector} {record.Matching} {Convert.ToHexStringLower(record.Data.Span)}");

    internal static string Text(CaaRecord record) => string.Create(CultureInfo.InvariantCulture, $"{record.Flags} {record.Tag} \"{record.Value}\"");

    internal static string Text(ServiceRecord record) => string.Create(CultureInfo.InvariantCulture, $"{record.Priority} {record.Weight} {record.Port} {record.Target}");

    internal static string Text(MailExchanger record) => string.Create(CultureInfo.InvariantCulture, $"{record.Preference} {record.Exchange}");

    /// <summary>DANE-EE, public key, SHA-256 (RFC 7672 3.1.1): stays when a certificate is renewed with its key.</summary>
    internal static string TlsaOf(X509Certificate2 certificate) => $"3 1 1 {Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()))}";

    internal static bool IsSpf(string text) => text.Equals(SpfStart, StringComparison.OrdinalIgnoreCase) || text.StartsWith(SpfStart + " ", StringComparison.OrdinalIgnoreCase);

    /// <summary>One policy with what several say (RFC 7208 4.5 allows only one).</summary>
    internal static string MergedSpf(IEnumerable<string> policies)
    {
        var terms = policies.SelectMany(policy => policy.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var ends = terms.FindAll(IsEnd);
        return string.Join(' ', terms.Where(term => !IsEnd(term)).Prepend(SpfStart).Append(ends.Find(term => term[0] == '-') ?? "~all"));
    }

    /// <summary>A policy that also lets this server send.</summary>
    internal static string WithHost(string policy, string hostname) => string.Join(' ', policy.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Prepend($"a:{hostname}").Prepend(SpfStart));

    internal static bool LetsEverybodySend(string policy) => policy.Split(' ').Any(term => term.Equals("+all", StringComparison.OrdinalIgnoreCase) || term.Equals("all", StringComparison.OrdinalIgnoreCase));

    /// <summary>The CAA name of who issued a certificate, null when it is not known.</summary>
    internal static string? CaaNameOf(string issuer) => Issuers.FirstOrDefault(known => issuer.Contains(known.Issuer, StringComparison.OrdinalIgnoreCase)).Name;

    private static bool IsEnd(string term) => term.TrimStart('+', '-', '~', '?').Equals("all", StringComparison.OrdinalIgnoreCase);
}
