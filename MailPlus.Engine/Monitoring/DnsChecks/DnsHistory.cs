using MailPlus.Engine.Database;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Monitoring.DnsChecks;

/// <summary>Remembers what DNS said: a row when it says something else than before.</summary>
internal sealed class DnsHistory(SystemDatabase database)
{
    /// <summary>Rows of a domain; the oldest go.</summary>
    private const int MostRows = 2000;
    private const int LongestValue = 4000;

    internal async Task NoteAsync(DomainReport report, CancellationToken cancellationToken)
    {
        var seen = report.Checks.Where(check => check.IsAnswered).DistinctBy(check => (check.Type, check.Name)).ToList();
        var known = await LatestAsync(report.Domain, cancellationToken);
        if (seen.TrueForAll(check => known.TryGetValue((check.Type, check.Name), out var value) && value == Value(check)))
        {
            return;
        }

        await database.WriteAsync(
            async context =>
            {
                if (!await context.Domains.AnyAsync(row => row.Id == report.Domain.Value, cancellationToken))
                {
                    return false; // removed while it was looked at
                }

                var latest = Latest(await RowsAsync(context, report.Domain, cancellationToken));
                context.DnsObservations.AddRange(seen.Where(check => !latest.TryGetValue((check.Type, check.Name), out var value) || value != Value(check)).Select(check => new DnsObservationRow
                {
                    DomainId = report.Domain.Value, Type = check.Type, Name = check.Name, Value = Value(check), Time = report.Time.Microseconds,
                }));
                await context.SaveChangesAsync(cancellationToken);
                var surplus = await context.DnsObservations.Where(row => row.DomainId == report.Domain.Value).OrderByDescending(row => row.Id).Skip(MostRows).ToListAsync(cancellationToken);
                context.DnsObservations.RemoveRange(surplus);
                return true;
            },
            cancellationToken);
    }

    internal async Task<IReadOnlyList<DnsChange>> ReadAsync(DomainId domain, int limit, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(context => RowsAsync(context, domain, cancellationToken), cancellationToken);
        var before = new Dictionary<(string, string), string>();
        var changes = new List<DnsChange>(rows.Count);
        foreach (var row in rows)
        {
            changes.Add(new DnsChange(new Instant(row.Time), row.Type, row.Name) { Before = before.TryGetValue((row.Type, row.Name), out var value) ? Lines(value) : null, Now = Lines(row.Value) });
            before[(row.Type, row.Name)] = row.Value;
        }

        changes.Reverse();
        return [.. changes.Take(limit)];
    }

    private static IReadOnlyList<string> Lines(string value) => value.Length == 0 ? [] : value.Split('\n');

    /// <summary>What a stranger's zone says is kept in part only when it is very long.</summary>
    private static string Value(DnsCheck check)
    {
        var text = string.Join('\n', check.Seen.Select(line => line.ReplaceLineEndings(" ")));
        return text.Length <= LongestValue ? text : text[..LongestValue];
    }

    private static Dictionary<(string, string), string> Latest(IEnumerable<DnsObservationRow> rows)
    {
        var latest = new Dictionary<(string, string), string>();
        foreach (var row in rows)
        {
            latest[(row.Type, row.Name)] = row.Value;
        }

        return latest;
    }

    private static Task<List<DnsObservationRow>> RowsAsync(SystemContext context, DomainId domain, CancellationToken cancellationToken) =>
        context.DnsObservations.Where(row => row.DomainId == domain.Value).OrderBy(row => row.Id).ToListAsync(cancellationToken);

    private async Task<Dictionary<(string, string), string>> LatestAsync(DomainId domain, CancellationToken cancellationToken) =>
        Latest(await database.ReadAsync(context => RowsAsync(context, domain, cancellationToken), cancellationToken));
}
