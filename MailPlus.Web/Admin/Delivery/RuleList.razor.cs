using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Delivery;

/// <summary>A list of rules with its editor at the side: search, sorting and paging in the address, create, edit, delete after a question. OK puts a rule in force.</summary>
public sealed partial class RuleList<T>
    where T : class, INamedRule
{
    private DataList<T>? _list;
    private IReadOnlyList<string> _removing = [];
    private T? _draft;
    private string? _name;
    private bool _editing;
    private bool _asking;
    private bool _busy;

    /// <summary>Which list.</summary>
    [Parameter, EditorRequired]
    public RuleBook<T> Book { get; set; } = default!;

    /// <summary>What it is called.</summary>
    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>What it is for, in one line.</summary>
    [Parameter, EditorRequired]
    public string Purpose { get; set; } = "";

    /// <summary>Columns.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ListColumn<T>> Columns { get; set; } = [];

    /// <summary>A new rule.</summary>
    [Parameter, EditorRequired]
    public Func<T> New { get; set; } = default!;

    /// <summary>The fields of a rule.</summary>
    [Parameter, EditorRequired]
    public RenderFragment<T> Editor { get; set; } = default!;

    [Inject]
    private RuleOperations Rules { get; set; } = default!;

    /// <summary>Takes what a field changed. Made from the draft as it is now, not as the field was shown with: two fields may change before the page is drawn anew.</summary>
    public void Change(Func<T, T> change)
    {
        _draft = _draft is null ? null : change(_draft);
        StateHasChanged();
    }

    /// <summary>Puts a changed rule in force at once: a switch in a row.</summary>
    public async Task ReplaceAsync(T rule)
    {
        await KeepAsync(actor => Rules.ReplaceAsync(actor, Book, rule.Name, rule, Gone));
        await _list!.ReloadAsync();
    }

    private Task<Page<T>> ListAsync(Actor actor, ListRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(Rules.List(actor, Book, new RuleQuery { Search = request.Search, Descending = request.Descending, Offset = request.Offset, Limit = request.Limit }));

    private void CreateRule() => (_draft, _name, _editing, Problem) = (New(), null, true, "");

    private void EditRule(T rule) => (_draft, _name, _editing, Problem) = (rule, rule.Name, true, "");

    private void Ask(IReadOnlyList<T> rules) => (_removing, _asking, _editing, Problem) = ([.. rules.Select(rule => rule.Name)], true, false, "");

    private async Task SaveAsync()
    {
        _busy = true;
        if (await KeepAsync(actor => _name is null ? Rules.AddAsync(actor, Book, _draft!, Gone) : Rules.ReplaceAsync(actor, Book, _name, _draft!, Gone)))
        {
            _editing = false;
            await _list!.ReloadAsync();
        }

        _busy = false;
    }

    private async Task DeleteAsync()
    {
        if (await KeepAsync(actor => Rules.RemoveAsync(actor, Book, _removing, Gone)))
        {
            _asking = false;
            await _list!.ReloadAsync();
        }
    }

    private async Task<bool> KeepAsync(Func<Actor, Task<SettingsOutcome>> change)
    {
        SettingsOutcome? outcome = null;
        if (!await TryAsync(async actor => outcome = await change(actor)))
        {
            return false;
        }

        if (outcome!.Refusals is [var first, ..])
        {
            Problem = Refusals.Of(first);
            return false;
        }

        return true;
    }
}
