using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Monitoring;

/// <summary>The numbers of the dashboard. Permission ViewMonitoring.</summary>
public sealed class Dashboard(LogDatabase logs, AddressBook addressBook, IQueueOperations queue, ServerState server)
{
    private const long HourMicroseconds = 3_600_000_000;
    private const int MaximumHours = 1000;

    /// <summary>Present states and counts since a moment (midnight of the viewer's day; counts are kept by the hour).</summary>
    public async Task<DashboardFigures> ReadAsync(Actor actor, Instant today, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ViewMonitoring);
        var hours = await logs.ReadAsync(
            context => context.Traffic.Where(row => row.Hour >= today.Microseconds).OrderBy(row => row.Hour).Take(MaximumHours).ToListAsync(cancellationToken), cancellationToken);
        var waiting = await queue.ListAsync(Actor.System, new QueueQuery { Limit = 1 }, cancellationToken);
        var accounts = addressBook.Entries.ToList();
        var (used, free) = await server.MeasureStorageAsync(cancellationToken);
        return new DashboardFigures
        {
            Received = hours.Sum(row => row.Received),
            Sent = hours.Sum(row => row.Sent),
            Delivered = hours.Sum(row => row.Delivered),
            Rejected = hours.Sum(row => row.Rejected),
            Deferred = hours.Sum(row => row.Deferred),
            Failed = hours.Sum(row => row.Failed),
            QueueLength = waiting.Total,
            ActiveAccounts = accounts.Count(entry => entry.Account.State == AccountState.Active),
            Accounts = accounts.Count,
            Domains = addressBook.DomainCount,
            StorageOctets = used,
            FreeOctets = free,
            Started = server.Started,
            LoopbackLab = server.LoopbackLab,
            Services = server.Services,
        };
    }

    /// <summary>Counts by hour, every hour of the range present, at most 1,000 hours.</summary>
    public async Task<IReadOnlyList<TrafficHour>> ReadTrafficAsync(Actor actor, Instant from, Instant until, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ViewMonitoring);
        var first = from.Microseconds - from.Microseconds % HourMicroseconds;
        var rows = await logs.ReadAsync(
            context => context.Traffic.Where(row => row.Hour >= first && row.Hour < until.Microseconds).OrderBy(row => row.Hour).Take(MaximumHours).ToListAsync(cancellationToken), cancellationToken);
        var byHour = rows.ToDictionary(row => row.Hour);
        var hours = new List<TrafficHour>();
        for (var hour = first; hour < until.Microseconds && hours.Count < MaximumHours; hour += HourMicroseconds)
        {
            var row = byHour.GetValueOrDefault(hour) ?? new TrafficRow();
            hours.Add(new TrafficHour(new Instant(hour))
            {
                Received = row.Received,
                Sent = row.Sent,
                Delivered = row.Delivered,
                Rejected = row.Rejected,
                Deferred = row.Deferred,
                Failed = row.Failed,
                Octets = row.Octets,
            });
        }

        return hours;
    }
}
