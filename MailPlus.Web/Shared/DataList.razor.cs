using System.Globalization;
using MailPlus.Engine.Primitives;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.JSInterop;

namespace MailPlus.Web.Shared;

/// <summary>
/// A list of the console: search, sorting and paging are done by the engine and live in the address bar; rows can be picked for bulk actions;
/// a row opens on click or Enter.
/// </summary>
public sealed partial class DataList<T>
{
    private static readonly int[] Sizes = [25, 50, 100, 200];
    private static readonly TimeSpan TypingPause = TimeSpan.FromMilliseconds(220);
    private readonly Dictionary<string, T> _picked = new(StringComparer.Ordinal);
    private HashSet<string> _toggled = new(StringComparer.Ordinal);
    private ListRequest _request = new("", "", false, 0, 50);
    private Page<T>? _page;
    private string? _filter;
    private int _serial;

    /// <summary>What the list is of; read by screen readers and the name of the kept choice of columns.</summary>
    [Parameter, EditorRequired]
    public string Label { get; set; } = "";

    /// <summary>Asks the engine for a page.</summary>
    [Parameter, EditorRequired]
    public Func<Actor, ListRequest, CancellationToken, Task<Page<T>>> Source { get; set; } = default!;

    /// <summary>Columns; the first one names the row and is always shown.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ListColumn<T>> Columns { get; set; } = [];

    /// <summary>Identity of a row.</summary>
    [Parameter, EditorRequired]
    public Func<T, string> KeyOf { get; set; } = default!;

    /// <summary>What a row is called.</summary>
    [Parameter, EditorRequired]
    public Func<T, string> NameOf { get; set; } = default!;

    /// <summary>What may be typed into the search field; "" when this list cannot be searched.</summary>
    [Parameter]
    public string SearchHint { get; set; } = "";

    /// <summary>Sort order before the user chooses one.</summary>
    [Parameter]
    public (string Key, bool Descending) DefaultSort { get; set; } = ("", false);

    /// <summary>Further conditions beside the search field.</summary>
    [Parameter]
    public RenderFragment? Filters { get; set; }

    /// <summary>
    /// What <see cref="Filters"/> are set to, by their names in the address bar: a filter changes the address, which changes these, and then the list asks again.
    /// It cannot ask earlier, for the address a live page knows follows the browser's.
    /// </summary>
    [Parameter]
    public IReadOnlyList<(string Name, string? Value)> FilterValues { get; set; } = [];

    /// <summary>Buttons at the right of the tools.</summary>
    [Parameter]
    public RenderFragment? Tools { get; set; }

    /// <summary>Buttons for picked rows; null when rows cannot be picked.</summary>
    [Parameter]
    public RenderFragment<IReadOnlyList<T>>? BulkActions { get; set; }

    /// <summary>Shown when there is nothing at all.</summary>
    [Parameter, EditorRequired]
    public RenderFragment? Empty { get; set; }

    /// <summary>A row was opened.</summary>
    [Parameter]
    public EventCallback<T> Opened { get; set; }

    /// <summary>Key of the row that is open in the side panel.</summary>
    [Parameter]
    public string? OpenKey { get; set; }

    /// <summary>The table may be wider than the page and is scrolled sideways.</summary>
    [Parameter]
    public bool Scrolls { get; set; }

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private IJSRuntime Script { get; set; } = default!;

    /// <summary>The present search, sorting and position, for exports.</summary>
    public ListRequest Request => _request;

    private IEnumerable<ListColumn<T>> Shown => Columns.Where((column, index) => index == 0 || IsShown(column));

    private bool IsFiltered => FilterValues.Any(filter => !string.IsNullOrEmpty(filter.Value));

    private bool IsNarrowed => _request.Search.Length > 0 || IsFiltered;

    private bool AllPicked => _page is { Rows.Count: > 0 } && _page.Rows.All(row => _picked.ContainsKey(KeyOf(row)));

    private string Range => _page is null
        ? W["Loading"]
        : L["Range", Shared.Shown.Count(_request.Offset + 1), Shared.Shown.Count(_request.Offset + _page.Rows.Count), Shared.Shown.Count(_page.Total)];

    /// <summary>Asks again, from the first row where what changed stands there.</summary>
    public async Task ReloadAsync(bool fromStart)
    {
        if (fromStart)
        {
            _request = _request with { Offset = 0 };
            KeepInAddress();
        }

        await ReloadAsync();
    }

    /// <summary>Asks again.</summary>
    public async Task ReloadAsync()
    {
        var serial = ++_serial;
        Page<T>? page = null;
        var done = await TryAsync(async actor => page = await Source(actor, _request, Gone));
        if (serial != _serial || !done)
        {
            return; // a later question is on its way, or the reason stands above the list
        }

        if (page!.Rows.Count == 0 && page.Total > 0 && _request.Offset > 0)
        {
            // The last page became empty: show the one before.
            await JumpAsync((page.Total - 1) / _request.Limit * _request.Limit);
            return;
        }

        _page = page;
        var present = page.Rows.Select(KeyOf).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _picked.Keys.Where(key => !present.Contains(key)).ToList())
        {
            _picked.Remove(gone);
        }

        StateHasChanged();
    }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        var limit = Number("size", 50);
        _request = new ListRequest(
            query.TryGetValue("search", out var search) ? search.ToString() : "",
            query.TryGetValue("sort", out var sort) && Columns.Any(column => column.Sortable && column.Key == sort) ? sort.ToString() : DefaultSort.Key,
            query.TryGetValue("desc", out var descending) ? descending == "1" : DefaultSort.Descending,
            0,
            Sizes.Contains(limit) ? limit : 50);
        _request = _request with { Offset = Math.Clamp(Number("page", 1) - 1, 0, 1_000_000) * _request.Limit };

        int Number(string name, int otherwise) =>
            query.TryGetValue(name, out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        var filter = string.Join('&', FilterValues.Select(one => $"{one.Name}={one.Value}"));
        var isMoved = _filter is not null && _filter != filter;
        _filter = filter;
        await base.OnParametersSetAsync();
        if (isMoved && RendererInfo.IsInteractive)
        {
            await ReloadAsync(fromStart: true);
        }
    }

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        await ReloadAsync();
        var kept = await Script.InvokeAsync<string[]?>("mp.readChoice", Gone, $"columns:{typeof(T).Name}");
        _toggled = new HashSet<string>(kept ?? [], StringComparer.Ordinal);
    }

    private bool IsShown(ListColumn<T> column) => column.Optional == _toggled.Contains(column.Key);

    private async Task ToggleColumnAsync(ListColumn<T> column)
    {
        if (!_toggled.Remove(column.Key))
        {
            _toggled.Add(column.Key);
        }

        await Script.InvokeVoidAsync("mp.keepChoice", Gone, $"columns:{typeof(T).Name}", _toggled.ToArray());
    }

    private string? SortOf(ListColumn<T> column) => _request.Sort != column.Key || !column.Sortable ? null : _request.Descending ? "descending" : "ascending";

    private string? RowClass(string key) =>
        string.Join(' ', new[] { Opened.HasDelegate ? "link" : null, _picked.ContainsKey(key) || key == OpenKey ? "chosen" : null }.Where(name => name is not null));

    private async Task SearchLaterAsync(ChangeEventArgs change)
    {
        var text = (change.Value as string ?? "").Trim();
        _request = _request with { Search = text, Offset = 0 };
        var serial = ++_serial;
        await Task.Delay(TypingPause, Gone);
        if (serial == _serial)
        {
            KeepInAddress();
            await ReloadAsync();
        }
    }

    private async Task SortAsync(ListColumn<T> column)
    {
        var again = _request.Sort == column.Key;
        _request = _request with { Sort = column.Key, Descending = again && !_request.Descending, Offset = 0 };
        KeepInAddress();
        await ReloadAsync();
    }

    private Task MoveAsync(int pages) => JumpAsync(_request.Offset + pages * _request.Limit);

    private async Task JumpAsync(int offset)
    {
        _request = _request with { Offset = Math.Max(0, offset) };
        KeepInAddress();
        await ReloadAsync();
    }

    private async Task ResizeAsync(ChangeEventArgs change)
    {
        _request = _request with { Limit = int.Parse((string)change.Value!, CultureInfo.InvariantCulture), Offset = 0 };
        KeepInAddress();
        await ReloadAsync();
    }

    private async Task ResetAsync()
    {
        _request = _request with { Search = "", Offset = 0 };
        var isFiltered = IsFiltered;
        KeepInAddress(FilterValues.Select(filter => filter.Name));
        if (!isFiltered)
        {
            await ReloadAsync(); // otherwise the filters, once they are off, ask
        }
    }

    private void KeepInAddress(IEnumerable<string>? takenOff = null)
    {
        var parameters = new Dictionary<string, object?>
        {
            ["search"] = _request.Search.Length > 0 ? _request.Search : null,
            ["sort"] = _request.Sort == DefaultSort.Key ? null : _request.Sort,
            ["desc"] = _request.Descending == DefaultSort.Descending ? null : _request.Descending ? "1" : "0",
            ["page"] = _request.Offset > 0 ? _request.Offset / _request.Limit + 1 : null,
            ["size"] = _request.Limit == 50 ? null : _request.Limit,
        };
        foreach (var name in takenOff ?? [])
        {
            parameters[name] = null;
        }

        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(parameters), replace: true);
    }

    private void Pick(string key, T row)
    {
        if (!_picked.Remove(key))
        {
            _picked.Add(key, row);
        }
    }

    private void PickPage()
    {
        var all = AllPicked;
        foreach (var row in _page?.Rows ?? [])
        {
            if (all)
            {
                _picked.Remove(KeyOf(row));
            }
            else
            {
                _picked[KeyOf(row)] = row;
            }
        }
    }

    private void ClearPicked() => _picked.Clear();
}
