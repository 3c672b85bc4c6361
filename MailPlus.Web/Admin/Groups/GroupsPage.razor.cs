using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Admin.Accounts;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Groups;

/// <summary>Account &gt; Group: groups and their activation (ACC-29, ACC-31).</summary>
public sealed partial class GroupsPage
{
    private readonly ActivationDraft<GroupId> _draft = new();
    private IReadOnlyList<ListColumn<AccountGroup>> _columns = [];
    private IReadOnlyList<AccountGroup> _deleting = [];
    private DataList<AccountGroup>? _list;
    private ActivationOverview? _overview;
    private AccountGroup? _editing;
    private bool _reviewing;
    private bool _busy;

    [Inject]
    private GroupOperations Groups { get; set; } = default!;

    [Inject]
    private ActivationOperations Activation { get; set; } = default!;

    /// <inheritdoc/>
    protected override void OnInitialized() => _columns = Columns();

    /// <inheritdoc/>
    protected override Task LoadAsync() => TryAsync(async actor => _overview = await Activation.GetAsync(actor, Gone));

    private Task<Page<AccountGroup>> ListAsync(Actor actor, ListRequest request, CancellationToken cancellationToken) => Groups.ListAsync(
        actor,
        new GroupQuery { Search = request.Search, ByMembers = request.Sort == "members", Descending = request.Descending, Offset = request.Offset, Limit = request.Limit },
        cancellationToken);

    private void Choose(AccountGroup group, ActivationChoice choice) => _draft.Choose(group.Id, new(group.Name, group.Activation, choice, 0));

    private async Task ApplyAsync()
    {
        _busy = true;
        var done = await TryAsync(actor => Activation.ApplyAsync(actor, new ActivationChange { Groups = _draft.Choices }, Gone));
        _busy = false;
        if (done)
        {
            _draft.Clear();
            await ChangedAsync();
        }
    }

    private async Task SavedAsync(AccountGroup group)
    {
        _editing = group;
        await ChangedAsync();
    }

    private async Task ChangedAsync()
    {
        await LoadAsync();
        await _list!.ReloadAsync();
    }

    private void AskDelete(IReadOnlyList<AccountGroup> groups)
    {
        Problem = "";
        _editing = null;
        _deleting = groups;
    }

    private async Task DeleteAsync()
    {
        if (await TryAsync(actor => Groups.DeleteAsync(actor, [.. _deleting.Select(group => group.Id)], Gone)))
        {
            _deleting = [];
            await ChangedAsync();
        }
    }
}
