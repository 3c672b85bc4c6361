using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Resolver;

namespace MailPlus.Engine.MailAuth.Dmarc;

/// <summary>What DMARC says of a message.</summary>
/// <param name="Result">Result of RFC 8601: none, pass, fail, temperror, permerror.</param>
/// <param name="Domain">Domain of From, "" when there is not exactly one.</param>
/// <param name="Policy">What the owner asks for; None unless it fails.</param>
public sealed record DmarcOutcome(AuthResult Result, string Domain, DmarcPolicy Policy)
{
    /// <summary>Why.</summary>
    public string Detail { get; init; } = "";
}

/// <summary>Evaluates DMARC (RFC 7489 6.6): does what was authenticated belong to whom From names?</summary>
/// <param name="resolver">DNS.</param>
/// <param name="suffixes">Public suffixes.</param>
internal sealed class DmarcCheck(IDnsResolver resolver, PublicSuffixList suffixes)
{
    /// <summary>Evaluates.</summary>
    /// <param name="fromDomains">Domains of all addresses of all From fields, in A-labels.</param>
    /// <param name="spf">SPF, null when it was not asked.</param>
    /// <param name="dkim">Signatures.</param>
    /// <param name="cancellationToken">Deadline.</param>
    public async Task<DmarcOutcome> CheckAsync(IReadOnlyList<string> fromDomains, SpfOutcome? spf, IReadOnlyList<DkimOutcome> dkim, CancellationToken cancellationToken)
    {
        if (fromDomains.Distinct(StringComparer.OrdinalIgnoreCase).ToList() is not [var named])
        {
            // 6.6.1: no author, or several: nothing that could be checked.
            return new DmarcOutcome(AuthResult.PermError, "", DmarcPolicy.Reject) { Detail = "From names not exactly one domain" };
        }

        var from = named.ToLowerInvariant();
        var organization = suffixes.OrganizationalDomain(from) ?? from;
        var (record, isOwn, failed) = await FindAsync(from, organization, cancellationToken);
        if (failed is not null)
        {
            return new DmarcOutcome(AuthResult.TempError, from, DmarcPolicy.None) { Detail = failed };
        }

        if (record is null)
        {
            return new DmarcOutcome(AuthResult.None, from, DmarcPolicy.None);
        }

        bool Aligned(string domain, bool strict) => domain.Equals(from, StringComparison.OrdinalIgnoreCase)
            || (!strict && suffixes.OrganizationalDomain(domain) is { } owner && owner.Equals(organization, StringComparison.OrdinalIgnoreCase));
        var aligned = dkim.Where(outcome => Aligned(outcome.Domain, record.StrictDkim)).Select(outcome => outcome.Result).ToList();
        if (spf is not null && Aligned(spf.Domain, record.StrictSpf))
        {
            aligned.Add(spf.Result);
        }

        if (aligned.Contains(AuthResult.Pass))
        {
            return new DmarcOutcome(AuthResult.Pass, from, DmarcPolicy.None);
        }

        if (aligned.Contains(AuthResult.TempError))
        {
            return new DmarcOutcome(AuthResult.TempError, from, DmarcPolicy.None) { Detail = "what is aligned could not be checked" };
        }

        var asked = isOwn ? record.Policy : record.SubdomainPolicy;
        return new DmarcOutcome(AuthResult.Fail, from, record.IsTest ? Weaker(asked) : asked);
    }

    private static DmarcPolicy Weaker(DmarcPolicy policy) => policy == DmarcPolicy.Reject ? DmarcPolicy.Quarantine : DmarcPolicy.None;

    /// <summary>RFC 7489 6.6.3: the domain's own record, else the organisation's.</summary>
    private async ValueTask<(DmarcRecord? Record, bool IsOwn, string? Failed)> FindAsync(string from, string organization, CancellationToken cancellationToken)
    {
        foreach (var domain in from == organization ? [from] : new[] { from, organization })
        {
            var answer = await resolver.QueryTxtAsync("_dmarc." + domain, cancellationToken);
            if (answer.Status == DnsStatus.TemporaryFailure)
            {
                return (null, false, $"_dmarc.{domain}: {answer.Detail}");
            }

            var records = answer.Records.Where(text => text.TrimStart().StartsWith('v')).Select(DmarcRecord.Read).Where(record => record is not null).ToList();
            if (records.Count > 0)
            {
                return (records.Count == 1 ? records[0] : null, domain == from, null);
            }
        }

        return (null, false, null);
    }
}
