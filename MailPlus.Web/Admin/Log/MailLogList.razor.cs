using MailPlus.Engine.Audit;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Log;

/// <summary>Audit &gt; Log &gt; Mail log (MON-065 to MON-082, MON-109 to MON-117).</summary>
public sealed partial class MailLogList
{
    private const int LongestStory = 200;
    private IReadOnlyList<ListColumn<MailLogRow>> _columns = [];
    private IReadOnlyList<MailLogRow> _story = [];
    private DataList<MailLogRow>? _list;
    private MailLogRow? _open;
    private MailLogRow? _shownRow;

    [SupplyParameterFromQuery]
    private string? Kind { get; set; }

    [SupplyParameterFromQuery]
    private string? From { get; set; }

    [SupplyParameterFromQuery]
    private string? Until { get; set; }

    [Inject]
    private MailLog MailLog { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    /// <inheritdoc/>
    protected override void OnInitialized() => _columns = Columns();

    private Task<Page<MailLogRow>> ListAsync(Actor actor, ListRequest request, CancellationToken cancellationToken) =>
        MailLog.SearchAsync(actor, Query(request), cancellationToken);

    private MailLogQuery Query(ListRequest request) => new()
    {
        Search = request.Search,
        Kinds = Enum.TryParse<MailLogKind>(Kind, out var kind) ? [kind] : [],
        From = LogPeriod.Day(From) is { } from ? Viewer.StartOf(from) : null,
        Until = LogPeriod.Day(Until) is { } until ? Viewer.StartOf(until.AddDays(1)) : null,
        Ascending = !request.Descending,
        Offset = request.Offset,
        Limit = request.Limit,
    };

    private string ExportAddress(string format)
    {
        var query = Query(_list?.Request ?? new ListRequest("", "", true, 0, 50));
        return Navigation.GetUriWithQueryParameters("/admin/log/mail." + format, new Dictionary<string, object?>
        {
            ["search"] = query.Search.Length > 0 ? query.Search : null,
            ["kind"] = Kind,
            ["from"] = query.From?.Microseconds,
            ["until"] = query.Until?.Microseconds,
            ["zone"] = Viewer.Zone.Id,
        });
    }

    private void Filter(string name, ChangeEventArgs change) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, change.Value as string is { Length: > 0 } text ? text : null), replace: true);

    private void ChangePeriod((string? From, string? Until) period) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["from"] = period.From, ["until"] = period.Until }), replace: true);

    private async Task OpenRow(MailLogRow row)
    {
        (_open, _shownRow, _story) = (row, row, []);
        if (row.Entry is { } entry)
        {
            await TryAsync(async actor =>
            {
                var found = await MailLog.SearchAsync(actor, new MailLogQuery { Search = entry.ToString(), Ascending = true, Limit = LongestStory }, Gone);
                _story = [.. found.Rows.Where(step => step.Entry == entry)];
            });
        }
    }
}
