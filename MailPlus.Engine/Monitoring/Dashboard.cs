using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Monitoring;

/// <summary>The numbers of the dashboard. Permission ViewMonitoring.</summary>
public sealed class Dashboard
{
    /// <summary>Present states and counts since a moment (midnight of the viewer's day; counts are kept by the hour).</summary>
    public Task<DashboardFigures> ReadAsync(Actor actor, Instant today, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Counts by hour, every hour of the range present, at most 1,000 hours.</summary>
    public Task<IReadOnlyList<TrafficHour>> ReadTrafficAsync(Actor actor, Instant from, Instant until, CancellationToken cancellationToken) => throw new NotImplementedException();
}
