using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Client;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Delivery;

/// <summary>Sessions with one server of a domain on one day that ended alike (RFC 8460 4).</summary>
/// <param name="Day">Midnight, UTC.</param>
/// <param name="Domain">Recipient domain.</param>
/// <param name="Policy">Policy type: tlsa, sts or no-policy-found.</param>
/// <param name="Result">Result type, or "success".</param>
/// <param name="Sessions">How many.</param>
public sealed record TlsResult(Instant Day, string Domain, string Policy, string Result, long Sessions)
{
    /// <summary>The server, "" when it did not come to one.</summary>
    public string Host { get; init; } = "";

    /// <summary>Its address, "" when it did not come to one.</summary>
    public string Address { get; init; } = "";

    /// <summary>Why the last of them failed, "" for successes.</summary>
    public string Reason { get; init; } = "";
}

/// <summary>What to show of the TLS results.</summary>
public sealed record TlsResultQuery
{
    /// <summary>Part of the domain's name, "" for all.</summary>
    public string Domain { get; init; } = "";

    /// <summary>Failures only.</summary>
    public bool FailuresOnly { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>How TLS went with other servers, for administrators. Kept for five weeks.</summary>
public sealed class TlsReportOperations
{
    private const int LargestPage = 1000;
    private const int LongestSearch = 255;

    private readonly SystemDatabase _database;
    private readonly TlsLedger _ledger;

    internal TlsReportOperations(SystemDatabase database, TlsLedger ledger)
    {
        _database = database;
        _ledger = ledger;
    }

    /// <summary>Results, newest day first, then by domain.</summary>
    public async Task<Page<TlsResult>> ListAsync(Actor actor, TlsResultQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ViewLogs);
        if (query.Domain.Length > LongestSearch || query.Offset < 0 || query.Limit is < 1 or > LargestPage)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "QueryInvalid"));
        }

        await _ledger.WriteAsync(cancellationToken);
        var part = query.Domain.ToLowerInvariant();
        return await _database.ReadAsync(
            async context =>
            {
                var rows = context.TlsResults.Where(row => part == "" || row.Domain.Contains(part));
                if (query.FailuresOnly)
                {
                    rows = rows.Where(row => row.Fault != (int)TlsFault.None);
                }

                var total = await rows.CountAsync(cancellationToken);
                var page = await rows.OrderByDescending(row => row.Day).ThenBy(row => row.Domain).ThenBy(row => row.Id).Skip(query.Offset).Take(query.Limit).ToListAsync(cancellationToken);
                return new Page<TlsResult>([.. page.Select(Of)], total);
            },
            cancellationToken);
    }

    /// <summary>The words of RFC 8460 4.3 for a result.</summary>
    internal static string Word(TlsFault fault) => fault switch
    {
        TlsFault.None => "success",
        TlsFault.StartTlsNotSupported => "starttls-not-supported",
        TlsFault.CertificateHostMismatch => "certificate-host-mismatch",
        TlsFault.CertificateExpired => "certificate-expired",
        TlsFault.CertificateNotTrusted => "certificate-not-trusted",
        TlsFault.TlsaInvalid => "tlsa-invalid",
        TlsFault.DnssecInvalid => "dnssec-invalid",
        TlsFault.StsPolicyFetchError => "sts-policy-fetch-error",
        TlsFault.StsPolicyInvalid => "sts-policy-invalid",
        TlsFault.StsWebPkiInvalid => "sts-webpki-invalid",
        _ => "validation-failure",
    };

    /// <summary>The words of RFC 8460 4.2 for a policy.</summary>
    internal static string Word(TlsPolicyKind policy) => policy switch
    {
        TlsPolicyKind.Dane => "tlsa",
        TlsPolicyKind.MtaSts => "sts",
        _ => "no-policy-found",
    };

    private static TlsResult Of(TlsResultRow row) =>
        new(new Instant(row.Day), row.Domain, Word((TlsPolicyKind)row.Policy), Word((TlsFault)row.Fault), row.Sessions) { Host = row.Host, Address = row.Address, Reason = row.Reason };
}
