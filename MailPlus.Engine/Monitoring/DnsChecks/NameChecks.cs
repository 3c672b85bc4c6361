using System.Globalization;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>What DNS says about a domain's name that mail depends on: MX, SPF, DKIM, DMARC.</summary>
internal sealed class NameChecks(IDnsResolver resolver, SettingsSnapshot settings, TimeProvider clock)
{
    internal async Task<IReadOnlyList<DnsCheck>> ExamineAsync(string name, DnsSurvey survey, DkimState dkim, CancellationToken cancellationToken)
    {
        var (mx, spf, dmarc) = (MxAsync(name, survey.Hostname, cancellationToken), SpfAsync(name, survey, cancellationToken), DmarcAsync(name, cancellationToken));
        var keys = Task.WhenAll(dkim.Keys.Where(key => key.State != DkimKeyState.Retired).Select(key => KeyAsync(name, key, cancellationToken)));
        return [await mx, await spf, .. dkim.Enabled ? await keys : [new DnsCheck(DnsSubject.Dkim, "TXT", $"*._domainkey.{name}", Health.Warning, "DkimOff") { Arguments = [name], IsAnswered = false }], await dmarc];
    }

    private async Task<DnsCheck> MxAsync(string name, string host, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryMxAsync(name, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Mx, "MX", name, answer);
        }

        var here = answer.Records.Any(exchanger => exchanger.Exchange.Equals(host, StringComparison.OrdinalIgnoreCase));
        var (health, key) = !answer.IsFound ? (Health.Problem, "MxMissing")
            : answer.Records.Any(exchanger => exchanger.IsNull) ? (Health.Problem, "MxNull")
            : !here ? (Health.Warning, "MxElsewhere")
            : (await resolver.QueryAliasAsync(host, cancellationToken)).IsFound ? (Health.Warning, "MxAlias") // RFC 5321 5.1: an exchanger is no alias
            : (Health.Good, "MxGood");
        return new DnsCheck(DnsSubject.Mx, "MX", name, health, key)
        {
            Arguments = [name, host, string.Join(", ", answer.Records.Select(exchanger => exchanger.Exchange))],
            Seen = [.. answer.Records.Select(DnsAdvice.Text).Order(StringComparer.Ordinal)],
            Publish = here ? [] : [new AdvisedRecord("MX", name, $"10 {host}")],
        };
    }

    private async Task<DnsCheck> SpfAsync(string name, DnsSurvey survey, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryTxtAsync(name, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Spf, "TXT", name, answer);
        }

        var policies = answer.Records.Where(DnsAdvice.IsSpf).ToList();
        var (health, key, detail, advice) = policies.Count switch
        {
            0 => (Health.Warning, "SpfMissing", "", "v=spf1 mx ~all"),
            1 => await JudgeAsync(policies[0], name, survey, cancellationToken),
            _ => (Health.Problem, "SpfSeveral", "", DnsAdvice.MergedSpf(policies)), // RFC 7208 4.5
        };
        return new DnsCheck(DnsSubject.Spf, "TXT", name, health, key)
        {
            Arguments = [name, detail, settings.Delivery.RelayHost],
            Seen = policies,
            Publish = advice.Length == 0 ? [] : [new AdvisedRecord("TXT", name, advice)],
        };
    }

    private async Task<(Health Health, string Key, string Detail, string Advice)> JudgeAsync(string policy, string name, DnsSurvey survey, CancellationToken cancellationToken)
    {
        if (DnsAdvice.LetsEverybodySend(policy))
        {
            return (Health.Warning, "SpfOpen", "", DnsAdvice.MergedSpf([policy.Replace("+all", "~all", StringComparison.OrdinalIgnoreCase)]));
        }

        if (settings.Delivery.RelayHost.Length > 0)
        {
            return (Health.Good, "SpfRelay", "", "");
        }

        foreach (var address in survey.Public)
        {
            var outcome = await new SpfCheck(resolver, clock).CheckAsync(new SpfQuestion(address, survey.Hostname, $"postmaster@{name}"), SpfCheck.DefaultTimeLimit, cancellationToken);
            switch (outcome.Result)
            {
                case AuthResult.Pass:
                    continue;
                case AuthResult.PermError:
                    return (Health.Problem, "SpfBroken", outcome.Detail, "v=spf1 mx ~all");
                case AuthResult.TempError:
                    return (Health.Warning, "SpfUnanswered", outcome.Detail, "");
                default:
                    return (Health.Problem, "SpfExcludes", address.ToString(), DnsAdvice.WithHost(policy, survey.Hostname));
            }
        }

        return (Health.Good, survey.Public.Count > 0 ? "SpfGood" : "SpfUnchecked", "", "");
    }

    private async Task<DnsCheck> KeyAsync(string name, DkimKeyView key, CancellationToken cancellationToken)
    {
        var record = key.Records.First(one => one.Name == $"{key.Selector}._domainkey.{name}");
        var answer = await resolver.QueryTxtAsync(record.Name, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Dkim, "TXT", record.Name, answer);
        }

        var shown = answer.Records.Any(text => string.Concat(text.Where(c => !char.IsWhiteSpace(c))).Contains($"p={key.PublicKey}", StringComparison.Ordinal));
        var (health, found) = shown ? (Health.Good, "DkimGood")
            : key.State == DkimKeyState.Pending ? (Health.Warning, "DkimWaiting")
            : (Health.Problem, answer.IsFound ? "DkimOther" : "DkimMissing");
        return new DnsCheck(DnsSubject.Dkim, "TXT", record.Name, health, found)
        {
            Arguments = [record.Name, key.Selector], Seen = answer.Records, Publish = shown ? [] : [new AdvisedRecord("TXT", record.Name, record.Value)],
        };
    }

    private async Task<DnsCheck> DmarcAsync(string domain, CancellationToken cancellationToken)
    {
        var name = $"_dmarc.{domain}";
        var answer = await resolver.QueryTxtAsync(name, cancellationToken);
        if (answer.Status == DnsStatus.TemporaryFailure)
        {
            return DnsAdvice.Unanswered(DnsSubject.Dmarc, "TXT", name, answer);
        }

        var texts = answer.Records.Where(text => text.TrimStart().StartsWith("v=DMARC1", StringComparison.Ordinal)).ToList();
        var policies = texts.Select(DmarcRecord.Read).OfType<DmarcRecord>().ToList();
        var (health, key) = texts.Count == 0 ? (Health.Warning, "DmarcMissing")
            : policies.Count != 1 || texts.Count != 1 ? (Health.Problem, "DmarcBroken")
            : policies[0].Policy == DmarcPolicy.None ? (Health.Good, "DmarcNone")
            : (Health.Good, "DmarcGood");
        return new DnsCheck(DnsSubject.Dmarc, "TXT", name, health, key)
        {
            Arguments = [name, texts.Count.ToString(CultureInfo.InvariantCulture)],
            Seen = texts,
            Publish = key switch
            {
                "DmarcMissing" or "DmarcBroken" => [new AdvisedRecord("TXT", name, $"v=DMARC1; p=none; rua=mailto:postmaster@{domain}")],
                "DmarcNone" => [new AdvisedRecord("TXT", name, $"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}")],
                _ => [],
            },
        };
    }
}
