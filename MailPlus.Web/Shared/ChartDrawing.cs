namespace MailPlus.Web.Shared;

/// <summary>A chart: labels along the time axis and the series over them.</summary>
/// <param name="Kind">"line" or "bar" (stacked).</param>
/// <param name="Labels">One for each point.</param>
/// <param name="Series">The series, drawn in this order.</param>
/// <param name="Description">What the chart shows in words, for those who do not see it.</param>
public sealed record ChartDrawing(string Kind, IReadOnlyList<string> Labels, IReadOnlyList<ChartSeries> Series, string Description);

/// <summary>One series of a chart.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Colour">A colour token, such as "--mp-chart-1".</param>
/// <param name="Values">One for each label.</param>
public sealed record ChartSeries(string Name, string Colour, IReadOnlyList<long> Values);
