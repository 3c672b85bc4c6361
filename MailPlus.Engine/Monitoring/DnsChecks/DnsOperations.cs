using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Tls;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>What the checks stand on.</summary>
/// <param name="Resolver">DNS, asked anew each time.</param>
/// <param name="Settings">Settings.</param>
/// <param name="Certificates">The server's certificate.</param>
internal sealed record DnsSubjects(IDnsResolver Resolver, ISettingsSource Settings, CertificateStore Certificates)
{
    /// <summary>The system database.</summary>
    public required SystemDatabase Database { get; init; }

    /// <summary>Domains.</summary>
    public required DomainOperations Domains { get; init; }

    /// <summary>Keys of signatures.</summary>
    public required DkimOperations Dkim { get; init; }

    /// <summary>Fetches policies of MTA-STS.</summary>
    public required StsFetch Policies { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }
}

/// <summary>
/// Looks up live what DNS says about a domain, says what is wrong and the exact record to publish, and remembers what changed (DNS tab, <c>doctor</c> and
/// <c>dns</c> verbs, REST). Permission ManageDomains.
/// </summary>
public sealed class DnsOperations
{
    private const int MostChanges = 1000;

    private readonly DnsSubjects _subjects;
    private readonly DnsHistory _history;

    internal DnsOperations(DnsSubjects subjects) => (_subjects, _history) = (subjects, new DnsHistory(subjects.Database));

    /// <summary>Looks at a domain; takes as long as DNS does. Empty before the server has a name.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public async Task<DomainReport> ExamineAsync(Actor actor, DomainId domain, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        var hosted = await _subjects.Domains.GetAsync(actor, domain, cancellationToken);
        var survey = await SurveyAsync(cancellationToken);
        if (survey is null)
        {
            return new DomainReport(domain, Instant.Now(_subjects.Clock), []);
        }

        var host = HostAsync(survey, cancellationToken);
        var report = new DomainReport(domain, Instant.Now(_subjects.Clock), Sorted([.. await DomainAsync(hosted, survey, cancellationToken), .. await host]));
        await _history.NoteAsync(report, cancellationToken);
        return report;
    }

    /// <summary>What changed in DNS, the newest first.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public async Task<IReadOnlyList<DnsChange>> HistoryAsync(Actor actor, DomainId domain, int limit, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        await _subjects.Domains.GetAsync(actor, domain, cancellationToken);
        return await _history.ReadAsync(domain, Math.Clamp(limit, 1, MostChanges), cancellationToken);
    }

    /// <summary>Looks at every domain, so that the history has what changed while nobody looked.</summary>
    internal async Task WatchAsync(CancellationToken cancellationToken)
    {
        foreach (var domain in await DomainsAsync(int.MaxValue, cancellationToken))
        {
            try
            {
                await ExamineAsync(Actor.System, domain.Id, cancellationToken);
            }
            catch (RefusedException refused) when (refused.Refusal.Kind == RefusalKind.NotFound)
            {
                // Removed meanwhile.
            }
        }
    }

    /// <summary>All domains and the server, for the doctor.</summary>
    internal async Task<IReadOnlyList<DnsCheck>> ExamineAllAsync(int most, CancellationToken cancellationToken)
    {
        if (await SurveyAsync(cancellationToken) is not { } survey)
        {
            return [];
        }

        var found = new List<DnsCheck>(await HostAsync(survey, cancellationToken));
        foreach (var some in (await DomainsAsync(most, cancellationToken)).Chunk(8))
        {
            found.AddRange((await Task.WhenAll(some.Select(domain => DomainAsync(domain, survey, cancellationToken)))).SelectMany(checks => Sorted(checks)));
        }

        return found;
    }

    private static IReadOnlyList<DnsCheck> Sorted(IReadOnlyList<DnsCheck> checks) => [.. checks.OrderBy(check => check.Subject)];

    private async Task<IReadOnlyList<MailDomain>> DomainsAsync(int most, CancellationToken cancellationToken)
    {
        const int PageSize = 1000;
        var found = new List<MailDomain>();
        while (found.Count < most)
        {
            var page = await _subjects.Domains.ListAsync(Actor.System, new DomainQuery { Offset = found.Count, Limit = PageSize }, cancellationToken);
            found.AddRange(page.Rows);
            if (page.Rows.Count < PageSize)
            {
                break;
            }
        }

        return [.. found.Take(most)];
    }

    private async Task<DnsSurvey?> SurveyAsync(CancellationToken cancellationToken)
    {
        var hostname = _subjects.Settings.Current.Smtp.Hostname;
        return hostname.Length == 0 ? null : new DnsSurvey(hostname, await _subjects.Resolver.QueryAddressesAsync(hostname, cancellationToken));
    }

    private Task<IReadOnlyList<DnsCheck>> HostAsync(DnsSurvey survey, CancellationToken cancellationToken) =>
        new HostChecks(_subjects.Resolver, _subjects.Certificates, _subjects.Clock).ExamineAsync(survey, cancellationToken);

    private async Task<IReadOnlyList<DnsCheck>> DomainAsync(MailDomain domain, DnsSurvey survey, CancellationToken cancellationToken)
    {
        var dkim = await _subjects.Dkim.GetAsync(Actor.System, domain.Id, cancellationToken);
        var settings = _subjects.Settings.Current;
        var names = new NameChecks(_subjects.Resolver, settings, _subjects.Clock);
        var comfort = new ComfortChecks(_subjects.Resolver, _subjects.Policies, settings.Service, _subjects.Clock);
        var checks = new List<DnsCheck>();
        foreach (var name in domain.Additional.Prepend(domain.Name))
        {
            var (needed, further) = (names.ExamineAsync(name.Ascii, survey, dkim, cancellationToken), comfort.ExamineAsync(name.Ascii, survey, cancellationToken));
            checks.AddRange([.. await needed, .. await further]);
        }

        return checks;
    }
}
