using System.Globalization;
using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Overview;

/// <summary>The dashboard: states of the services, counts of the viewer's day, traffic over time.</summary>
public sealed partial class OverviewPage
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(10);
    private static readonly IReadOnlyList<TimeRange> Ranges = [new("day", 24, 1), new("week", 24 * 7, 6), new("month", 24 * 30, 24)];
    private DashboardFigures? _figures;
    private ChartDrawing? _traffic;
    private TimeRange? _drawn;
    private IReadOnlyList<TrafficHour> _hours = [];
    private bool _isQuiet;

    private sealed record TimeRange(string Name, int Hours, int Step);

    [SupplyParameterFromQuery(Name = "range")]
    private string? RangeName { get; set; }

    [Inject]
    private Dashboard Dashboard { get; set; } = default!;

    [Inject]
    private TimeProvider Clock { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    private TimeRange Range => Ranges.FirstOrDefault(range => range.Name == RangeName) ?? Ranges[0];

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        await base.OnParametersSetAsync();
        if (_drawn is not null && _drawn != Range)
        {
            await ReadAsync();
        }
    }

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        await ReadAsync();
        _ = RepeatAsync(Refresh, ReadAsync);
    }

    private Task ReadAsync() => TryAsync(async actor =>
    {
        var now = Clock.GetUtcNow();
        var today = Viewer.StartOf(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, Viewer.Zone).Date));
        _figures = await Dashboard.ReadAsync(actor, today, Gone);
        var range = Range;
        var until = Instant.From(now).Plus(TimeSpan.FromHours(1));
        var hours = await Dashboard.ReadTrafficAsync(actor, until.Plus(-TimeSpan.FromHours(range.Hours)), until, Gone);
        if (_drawn == range && hours.SequenceEqual(_hours))
        {
            return; // nothing new: the chart stays as it is, with whatever the viewer points at
        }

        (_drawn, _hours) = (range, hours);
        _isQuiet = hours.All(hour => hour.Received + hour.Sent + hour.Delivered + hour.Rejected + hour.Failed == 0);
        _traffic = Draw(range, hours);
    });

    private ChartDrawing Draw(TimeRange range, IReadOnlyList<TrafficHour> hours)
    {
        var steps = hours.Chunk(range.Step).ToList();
        var format = range.Step >= 24 ? "MM-dd" : range.Hours > 24 ? "MM-dd HH:mm" : "HH:mm";
        return new ChartDrawing(
            "bar",
            [.. steps.Select(step => Viewer.Local(step[0].Hour).ToString(format, CultureInfo.InvariantCulture))],
            [
                Line("Delivered", "--mp-chart-2", hour => hour.Delivered),
                Line("Sent", "--mp-chart-1", hour => hour.Sent),
                Line("Rejected", "--mp-chart-3", hour => hour.Rejected),
                Line("Failed", "--mp-chart-4", hour => hour.Failed),
            ],
            L["TrafficText", L[range.Name], hours.Sum(hour => hour.Delivered), hours.Sum(hour => hour.Sent), hours.Sum(hour => hour.Rejected), hours.Sum(hour => hour.Failed)]);

        ChartSeries Line(string name, string colour, Func<TrafficHour, long> value) => new(L[name], colour, [.. steps.Select(step => step.Sum(value))]);
    }
}
