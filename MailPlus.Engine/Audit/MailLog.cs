using System.Runtime.CompilerServices;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Audit;

/// <summary>The mail log (Log page, REST). Permission ViewLogs.</summary>
public sealed class MailLog(LogDatabase database)
{
    internal const int CountLimit = 10_000;
    private const int MaximumRows = 1000;

    /// <summary>A page of rows. Total stops counting at 10,000.</summary>
    public Task<Page<MailLogRow>> SearchAsync(Actor actor, MailLogQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ViewLogs);
        return database.ReadAsync(
            async context =>
            {
                var rows = Filter(context.Mail, query);
                var total = await rows.Take(CountLimit).CountAsync(cancellationToken);
                var sorted = query.Ascending ? rows.OrderBy(row => row.Id) : rows.OrderByDescending(row => row.Id);
                var page = await sorted.Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows)).ToListAsync(cancellationToken);
                return new Page<MailLogRow>([.. page.Select(ToRow)], total);
            },
            cancellationToken);
    }

    /// <summary>All rows of a query, for a download; offset and limit are ignored.</summary>
    public async IAsyncEnumerable<MailLogRow> ExportAsync(Actor actor, MailLogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        actor.Require(Permission.ViewLogs);

        // By pages from the last id, so that a slow reader holds no transaction.
        long? last = null;
        while (true)
        {
            var from = last;
            var page = await database.ReadAsync(
                context =>
                {
                    var rows = Filter(context.Mail, query);
                    rows = (query.Ascending, from) switch
                    {
                        (true, { } id) => rows.Where(row => row.Id > id),
                        (false, { } id) => rows.Where(row => row.Id < id),
                        _ => rows,
                    };
                    return (query.Ascending ? rows.OrderBy(row => row.Id) : rows.OrderByDescending(row => row.Id)).Take(MaximumRows).ToListAsync(cancellationToken);
                },
                cancellationToken);
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

    private static IQueryable<MailLogEntryRow> Filter(IQueryable<MailLogEntryRow> rows, MailLogQuery query)
    {
        var search = query.Search.Trim();
        if (search.Length > 0)
        {
            var key = search.ToLowerInvariant();
            rows = EntryId.TryParse(search, out var entry)
                ? rows.Where(row => row.Entry == entry.Value || row.SearchKey.Contains(key))
                : rows.Where(row => row.SearchKey.Contains(key));
        }

        if (query.Kinds.Count > 0)
        {
            var kinds = query.Kinds.Select(kind => (int)kind).ToList();
            rows = rows.Where(row => kinds.Contains(row.Kind));
        }

        if (query.From is { } from)
        {
            rows = rows.Where(row => row.Time >= from.Microseconds);
        }

        return query.Until is { } until ? rows.Where(row => row.Time < until.Microseconds) : rows;
    }

    private static MailLogRow ToRow(MailLogEntryRow row) => new(row.Id, new Instant(row.Time), (MailLogKind)row.Kind)
    {
        Entry = row.Entry is { } entry ? new EntryId(entry) : null,
        Sender = row.Sender,
        Recipient = row.Recipient,
        Subject = row.Subject,
        MessageId = row.MessageId,
        Size = row.Size,
        Client = row.Client,
        Origin = row.Origin is { } origin ? (MessageOrigin)origin : null,
        Reply = row.Reply,
        NextHop = row.NextHop,
        Protection = row.Protection,
    };
}
