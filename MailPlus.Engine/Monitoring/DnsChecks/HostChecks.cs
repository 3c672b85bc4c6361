using System.Net;
using System.Security.Cryptography.X509Certificates;
using DnsClient;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Smtp.Client;
using MailPlus.Engine.Tls;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>What DNS says about the server itself: A and AAAA, PTR, TLSA, CAA.</summary>
internal sealed class HostChecks(IDnsResolver resolver, CertificateStore certificates, TimeProvider clock)
{
    private const int MostAddresses = 8;

    internal async Task<IReadOnlyList<DnsCheck>> ExamineAsync(DnsSurvey survey, CancellationToken cancellationToken)
    {
        var pointers = Task.WhenAll(survey.Public.Take(MostAddresses).Select(address => PointerAsync(survey.Hostname, address, cancellationToken)));
        var (tlsa, caa) = (TlsaAsync(survey.Hostname, cancellationToken), CaaAsync(survey.Hostname, cancellationToken));
        return [Address(survey), .. await pointers, await tlsa, await caa];
    }

    private static DnsCheck Address(DnsSurvey survey)
    {
        var (host, answer) = (survey.Hostname, survey.Addresses);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Address, "A", host, answer);
        }

        var key = !answer.IsFound ? "AddressMissing" : survey.Public.Count == 0 ? "AddressPrivate" : "AddressGood";
        return new DnsCheck(DnsSubject.Address, "A", host, key switch { "AddressMissing" => Health.Problem, "AddressPrivate" => Health.Warning, _ => Health.Good }, key)
        {
            Arguments = [host, string.Join(", ", answer.Records)],
            Seen = [.. answer.Records.Select(address => address.ToString()).Order(StringComparer.Ordinal)],
            Publish = key == "AddressGood" ? [] : [new AdvisedRecord("A", host, "")],
        };
    }

    private async Task<DnsCheck> PointerAsync(string host, IPAddress address, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryPtrAsync(address, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Pointer, "PTR", address.ToString(), answer);
        }

        var here = answer.Records.Any(name => name.Equals(host, StringComparison.OrdinalIgnoreCase));
        return new DnsCheck(DnsSubject.Pointer, "PTR", address.ToString(), here ? Health.Good : Health.Warning, here ? "PointerGood" : answer.IsFound ? "PointerOther" : "PointerMissing")
        {
            Arguments = [address.ToString(), host, string.Join(", ", answer.Records)],
            Seen = [.. answer.Records.Order(StringComparer.Ordinal)],
            Publish = here ? [] : [new AdvisedRecord("PTR", address.GetArpaName().TrimEnd('.'), host)],
        };
    }

    private async Task<DnsCheck> TlsaAsync(string host, CancellationToken cancellationToken)
    {
        var name = $"_25._tcp.{host}";
        var answer = await resolver.QueryTlsaAsync(name, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Tlsa, "TLSA", name, answer);
        }

        var options = certificates.OptionsFor(host);
        var leaf = certificates.CertificateFor(host);
        var fits = answer.IsFound && new DaneMatch(DaneMatch.Usable(answer.Records), [host], clock).Check(leaf, [.. options.ServerCertificateContext?.IntermediateCertificates ?? (IReadOnlyList<X509Certificate2>)[]]) == TlsFault.None;
        var (health, key) = (answer.IsFound, fits, answer.IsSecure) switch
        {
            (false, _, _) => (Health.Good, "TlsaMissing"),
            (_, false, _) => (Health.Problem, "TlsaStale"),
            (_, _, false) => (Health.Warning, "TlsaUnsigned"),
            _ => (Health.Good, "TlsaGood"),
        };
        return new DnsCheck(DnsSubject.Tlsa, "TLSA", name, health, key)
        {
            Arguments = [name],
            Seen = [.. answer.Records.Select(DnsAdvice.Text).Order(StringComparer.Ordinal)],
            Publish = fits ? [] : [new AdvisedRecord("TLSA", name, DnsAdvice.TlsaOf(leaf))],
        };
    }

    /// <summary>RFC 8659 3: the records of the name itself, else of the nearest name above that has any.</summary>
    private async Task<DnsCheck> CaaAsync(string host, CancellationToken cancellationToken)
    {
        var ours = certificates.Current.IsSelfSigned ? null : DnsAdvice.CaaNameOf(certificates.Current.Issuer);
        for (var name = host; name.Contains('.', StringComparison.Ordinal); name = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            var answer = await resolver.QueryCaaAsync(name, cancellationToken);
            if (answer.Status == DnsStatus.TemporaryFailure)
            {
                return DnsAdvice.Unanswered(DnsSubject.Caa, "CAA", name, answer);
            }

            if (answer.IsFound)
            {
                var issuers = answer.Records.Where(record => record.Tag.Equals("issue", StringComparison.OrdinalIgnoreCase)).Select(record => record.Value.Split(';')[0].Trim()).ToList();
                var shut = ours is not null && issuers.Count > 0 && !issuers.Contains(ours, StringComparer.OrdinalIgnoreCase);
                return new DnsCheck(DnsSubject.Caa, "CAA", host, shut ? Health.Warning : Health.Good, shut ? "CaaOther" : "CaaGood")
                {
                    Arguments = [name, string.Join(", ", issuers.Where(issuer => issuer.Length > 0)), ours ?? ""],
                    Seen = [.. answer.Records.Select(DnsAdvice.Text).Order(StringComparer.Ordinal)],
                    Publish = shut ? [new AdvisedRecord("CAA", name, $"0 issue \"{ours}\"")] : [],
                };
            }
        }

        return new DnsCheck(DnsSubject.Caa, "CAA", host, Health.Good, "CaaMissing") { Arguments = [host], Publish = [new AdvisedRecord("CAA", host, $"0 issue \"{ours ?? "letsencrypt.org"}\"")] };
    }
}
