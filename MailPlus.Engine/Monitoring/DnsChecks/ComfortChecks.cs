using System.Globalization;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>What makes mail of a domain safer or easier, and wrong records of which do harm: MTA-STS, names for mail programs, SRV.</summary>
internal sealed class ComfortChecks(IDnsResolver resolver, StsFetch policies, ServiceSettings services, TimeProvider clock)
{
    private static readonly TimeSpan FetchPatience = TimeSpan.FromSeconds(20);

    internal async Task<IReadOnlyList<DnsCheck>> ExamineAsync(string name, DnsSurvey survey, CancellationToken cancellationToken)
    {
        var sts = StsAsync(name, survey.Hostname, cancellationToken);
        var clients = Task.WhenAll(new[] { $"autoconfig.{name}", $"autodiscover.{name}" }.Select(one => ClientNameAsync(one, survey, cancellationToken)));
        var located = Task.WhenAll(Expected().Select(one => ServiceAsync($"{one.Label}._tcp.{name}", one.Port, survey.Hostname, cancellationToken)));
        return [await sts, .. await clients, .. await located];
    }

    private async Task<DnsCheck> StsAsync(string domain, string host, CancellationToken cancellationToken)
    {
        var name = $"_mta-sts.{domain}";
        var answer = await resolver.QueryTxtAsync(name, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.MtaSts, "TXT", name, answer);
        }

        var texts = answer.Records.Where(text => text.StartsWith("v=STSv1", StringComparison.Ordinal)).ToList();
        var record = new AdvisedRecord("TXT", name, $"v=STSv1; id={clock.GetUtcNow().UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}");
        var document = new AdvisedRecord("HTTPS", $"https://mta-sts.{domain}/.well-known/mta-sts.txt", $"version: STSv1\nmode: testing\nmx: {host}\nmax_age: 604800\n");
        if (texts.Count == 0)
        {
            return new DnsCheck(DnsSubject.MtaSts, "TXT", name, Health.Good, "StsMissing") { Arguments = [domain], Publish = [record, document] };
        }

        if (StsRecord.Id(answer.Records) is null)
        {
            return new DnsCheck(DnsSubject.MtaSts, "TXT", name, Health.Problem, "StsBroken") { Arguments = [name], Seen = texts, Publish = [record] };
        }

        var (policy, reason) = await FetchAsync(domain, cancellationToken);
        var (health, key) = policy is null ? (Health.Problem, "StsUnreachable")
            : policy.Mode != StsMode.None && !policy.Names(host) ? (Health.Problem, "StsOther")
            : policy.Mode == StsMode.Enforce ? (Health.Good, "StsGood")
            : (Health.Good, "StsTesting");
        return new DnsCheck(DnsSubject.MtaSts, "TXT", name, health, key)
        {
            Arguments = [domain, host, reason],
            Seen = texts,
            Publish = key switch { "StsUnreachable" => [document], "StsOther" => [document, record], _ => [] },
        };
    }

    private async Task<(StsPolicy? Policy, string Reason)> FetchAsync(string domain, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(FetchPatience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var fetched = await policies.FetchAsync(domain, both.Token);
            return (fetched.Policy, fetched.Reason);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"https://mta-sts.{domain} did not answer in time");
        }
    }

    private async Task<DnsCheck> ClientNameAsync(string name, DnsSurvey survey, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryAddressesAsync(name, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Autoconfig, "CNAME", name, answer);
        }

        var here = answer.CanonicalName.Equals(survey.Hostname, StringComparison.OrdinalIgnoreCase) || answer.Records.Intersect(survey.Addresses.Records).Any();
        return new DnsCheck(DnsSubject.Autoconfig, "CNAME", name, answer.IsFound && !here ? Health.Warning : Health.Good, !answer.IsFound ? "AutoconfigMissing" : here ? "AutoconfigGood" : "AutoconfigElsewhere")
        {
            Arguments = [name, survey.Hostname, string.Join(", ", answer.Records)],
            Seen = answer.CanonicalName.Length > 0 ? [answer.CanonicalName] : [.. answer.Records.Select(address => address.ToString()).Order(StringComparer.Ordinal)],
            Publish = answer.IsFound && here ? [] : [new AdvisedRecord("CNAME", name, survey.Hostname)],
        };
    }

    private async Task<DnsCheck> ServiceAsync(string name, int port, string host, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryServiceAsync(name, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Srv, "SRV", name, answer);
        }

        var here = answer.Records.Any(record => record.Port == port && record.Target.Equals(host, StringComparison.OrdinalIgnoreCase));
        return new DnsCheck(DnsSubject.Srv, "SRV", name, answer.IsFound && !here ? Health.Warning : Health.Good, !answer.IsFound ? "SrvMissing" : here ? "SrvGood" : "SrvOther")
        {
            Arguments = [name, string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"), string.Join(", ", answer.Records.Select(record => string.Create(CultureInfo.InvariantCulture, $"{record.Target}:{record.Port}")))],
            Seen = [.. answer.Records.Select(DnsAdvice.Text).Order(StringComparer.Ordinal)],
            Publish = here ? [] : [new AdvisedRecord("SRV", name, string.Create(CultureInfo.InvariantCulture, $"0 1 {port} {host}"))],
        };
    }

    private IEnumerable<(string Label, int Port)> Expected() => new[]
    {
        ("_submissions", services.Smtps), ("_submission", services.Submission), ("_imaps", services.Imaps), ("_imap", services.Imap), ("_pop3s", services.Pop3s), ("_pop3", services.Pop3),
    }.Where(one => one.Item2.Enabled).Select(one => (one.Item1, one.Item2.Port));
}
