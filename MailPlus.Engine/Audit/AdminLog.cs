using System.Runtime.CompilerServices;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Audit;

/// <summary>The admin log: who changed what. Permission ViewLogs.</summary>
public sealed class AdminLog(LogDatabase database)
{
    private const int MaximumRows = 1000;

    /// <summary>A page of rows, newest first.</summary>
    public Task<Page<AdminLogRow>> SearchAsync(Actor actor, AdminLogQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ViewLogs);
        return database.ReadAsync(
            async context =>
            {
                var rows = Filter(context.Admin, query);
                var total = await rows.Take(MailLog.CountLimit).CountAsync(cancellationToken);
                var page = await rows.OrderByDescending(row => row.Id).Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows)).ToListAsync(cancellationToken);
                return new Page<AdminLogRow>([.. page.Select(ToRow)], total);
            },
            cancellationToken);
    }

    /// <summary>All rows of a query, for a download; offset and limit are ignored.</summary>
    public async IAsyncEnumerable<AdminLogRow> ExportAsync(Actor actor, AdminLogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Require(Permission.ViewLogs);
        var last = long.MaxValue;
        while (true)
        {
            var before = last;
            var page = await database.ReadAsync(
                context => Filter(context.Admin, query).Where(row => row.Id < before).OrderByDescending(row => row.Id).Take(MaximumRows).ToListAsync(cancellationToken), cancellationToken);
            foreach (var row in page)
            {
                yield return ToRow(row);
            }

            if (page.Count < MaximumRows)
            {
                yield break;
            }

            last = page[^1].Id;
        }
    }

    private static IQueryable<AdminLogEntryRow> Filter(IQueryable<AdminLogEntryRow> rows, AdminLogQuery query)
    {
        if (query.Search.Trim().Length > 0)
        {
            var key = query.Search.Trim().ToLowerInvariant();
            rows = rows.Where(row => row.SearchKey.Contains(key));
        }

        if (query.From is { } from)
        {
            rows = rows.Where(row => row.Time >= from.Microseconds);
        }

        return query.Until is { } until ? rows.Where(row => row.Time < until.Microseconds) : rows;
    }

    private static AdminLogRow ToRow(AdminLogEntryRow row) => new(row.Id, new Instant(row.Time), row.Actor, row.Action, row.Target) { Detail = row.Detail, Client = row.Client };
}
