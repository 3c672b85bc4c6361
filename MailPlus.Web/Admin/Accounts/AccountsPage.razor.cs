using System.Globalization;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace MailPlus.Web.Admin.Accounts;

/// <summary>Account &gt; User: the list of accounts (ACC-20 to ACC-35).</summary>
public sealed partial class AccountsPage
{
    private readonly ActivationDraft<AccountId> _draft = new();
    private IReadOnlyList<ListColumn<Account>> _columns = [];
    private IReadOnlyList<AccountGroup> _groups = [];
    private ActivationOverview? _overview;
    private bool _reviewing;
    private bool _busy;
    private IReadOnlyList<MailDomain> _domains = [];
    private IReadOnlyList<Account> _deleting = [];
    private DataList<Account>? _list;
    private Account? _open;
    private bool _adding;

    [SupplyParameterFromQuery]
    private string? State { get; set; }

    [SupplyParameterFromQuery]
    private string? Domain { get; set; }

    [SupplyParameterFromQuery]
    private string? Admins { get; set; }

    [SupplyParameterFromQuery]
    private string? Reason { get; set; }

    [SupplyParameterFromQuery]
    private string? Group { get; set; }

    [SupplyParameterFromQuery]
    private string? Open { get; set; }

    [Inject]
    private AccountOperations Accounts { get; set; } = default!;

    [Inject]
    private ActivationOperations Activation { get; set; } = default!;

    [Inject]
    private GroupOperations Groups { get; set; } = default!;

    [Inject]
    private DomainOperations DomainOperations { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private IJSRuntime Script { get; set; } = default!;

    private string DeletingName => _deleting.Count == 1 ? _deleting[0].Name : L["Several", _deleting.Count];

    /// <inheritdoc/>
    protected override void OnInitialized() => _columns = Columns();

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        await TryAsync(async actor =>
        {
            _overview = await Activation.GetAsync(actor, Gone);
            _groups = (await Groups.ListAsync(actor, new GroupQuery { Limit = 200 }, Gone)).Rows;
        });
        await TryAsync(async actor => _domains = (await DomainOperations.ListAsync(actor, new DomainQuery { Limit = 200 }, Gone)).Rows);
        if (long.TryParse(Open, CultureInfo.InvariantCulture, out var id))
        {
            await TryAsync(async actor => _open = await Accounts.GetAsync(actor, new AccountId(id), Gone));
        }
    }

    private Task<Page<Account>> ListAsync(Actor actor, ListRequest request, CancellationToken cancellationToken) => Accounts.ListAsync(
        actor,
        new AccountQuery
        {
            Search = request.Search,
            State = State switch { "active" => AccountState.Active, "deactivated" => AccountState.Deactivated, _ => null },
            Domain = long.TryParse(Domain, CultureInfo.InvariantCulture, out var domain) ? new DomainId(domain) : null,
            Reason = Enum.TryParse<ActivationReason>(Reason, out var reason) && Enum.IsDefined(reason) ? reason : null,
            Group = long.TryParse(Group, CultureInfo.InvariantCulture, out var group) ? new GroupId(group) : null,
            AdministratorsOnly = Admins == "1",
            Sort = request.Sort switch
            {
                "display" => AccountSort.DisplayName,
                "address" => AccountSort.Address,
                "state" => AccountSort.State,
                "created" => AccountSort.Created,
                "seen" => AccountSort.LastSignIn,
                _ => AccountSort.Name,
            },
            Descending = request.Descending,
            Offset = request.Offset,
            Limit = request.Limit,
        },
        cancellationToken);

    private void Filter(string name, ChangeEventArgs change) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, change.Value as string is { Length: > 0 } text ? text : null), replace: true);

    private void OpenAsync(Account account)
    {
        _open = account;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("open", account.Id.Value), replace: true);
    }

    private void CloseAsync()
    {
        _open = null;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("open", (long?)null), replace: true);
    }

    private async Task AddedAsync(Account account)
    {
        _adding = false;
        await RefreshAsync();
        await Script.InvokeVoidAsync("mp.toast", Gone, L["Added", account.PrimaryAddress.ToDisplayString()].Value);
    }

    private async Task ChangedAsync(Account account)
    {
        _open = account;
        await RefreshAsync();
    }

    private void Choose(Account account, ActivationChoice choice)
    {
        var active = account.State == AccountState.Active;
        var seats = choice == ActivationChoice.Activate && !active && account.Status == AccountStatus.Normal ? 1 : choice == ActivationChoice.Deactivate && active ? -1 : 0;
        _draft.Choose(account.Id, new(account.Name, account.Activation, choice, seats));
    }

    private void ChooseAll(IReadOnlyList<Account> accounts, ActivationChoice choice)
    {
        foreach (var account in accounts)
        {
            Choose(account, choice);
        }
    }

    private async Task ApplyAsync()
    {
        _busy = true;
        var changed = 0;
        var done = await TryAsync(async actor => changed = await Activation.ApplyAsync(actor, new ActivationChange { Users = _draft.Choices }, Gone));
        _busy = false;
        if (done)
        {
            _draft.Clear();
            await RefreshAsync();
            await Script.InvokeVoidAsync("mp.toast", Gone, A["AppliedCount", changed].Value);
        }
    }

    private async Task RefreshAsync()
    {
        await TryAsync(async actor => _overview = await Activation.GetAsync(actor, Gone));
        await _list!.ReloadAsync();
    }

    private void AskDelete(IReadOnlyList<Account> accounts)
    {
        Problem = "";
        _open = null; // never a modal on a modal
        _deleting = accounts;
    }

    private async Task DeleteAsync()
    {
        if (await TryAsync(actor => Accounts.DeleteAsync(actor, [.. _deleting.Select(account => account.Id)], Gone)))
        {
            _deleting = [];
            CloseAsync();
            await RefreshAsync();
        }
    }
}
