using System.Globalization;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace MailPlus.Web.Admin.Accounts;

/// <summary>Account &gt; User: the list of accounts (ACC-20 to ACC-35).</summary>
public sealed partial class AccountsPage
{
    private IReadOnlyList<ListColumn<Account>> _columns = [];
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
    private string? Open { get; set; }

    [Inject]
    private AccountOperations Accounts { get; set; } = default!;

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
        await _list!.ReloadAsync();
        await Script.InvokeVoidAsync("mp.toast", Gone, L["Added", account.PrimaryAddress.ToDisplayString()].Value);
    }

    private async Task ChangedAsync(Account account)
    {
        _open = account;
        await _list!.ReloadAsync();
    }

    private async Task SetStateAsync(IReadOnlyList<Account> accounts, AccountState state)
    {
        var changed = 0;
        if (await TryAsync(async actor => changed = await Accounts.SetStateAsync(actor, [.. accounts.Select(account => account.Id)], state, Gone)))
        {
            await _list!.ReloadAsync();
            await Script.InvokeVoidAsync("mp.toast", Gone, L[state == AccountState.Active ? "ActivatedCount" : "DeactivatedCount", changed].Value);
        }
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
            await _list!.ReloadAsync();
        }
    }
}
