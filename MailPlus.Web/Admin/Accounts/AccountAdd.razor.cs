using MailPlus.Engine.Accounts;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Accounts;

/// <summary>Asks for what a new account needs and makes it.</summary>
public sealed partial class AccountAdd
{
    private string _local = "";
    private string _display = "";
    private string _password = "";
    private int _domain;
    private bool _active = true;
    private bool _administrator;
    private bool _busy;
    private string? _addressError;

    /// <summary>Whether it is shown.</summary>
    [Parameter]
    public bool Open { get; set; }

    /// <summary>Told when it is closed.</summary>
    [Parameter]
    public EventCallback<bool> OpenChanged { get; set; }

    /// <summary>Told of the new account.</summary>
    [Parameter, EditorRequired]
    public EventCallback<Account> Added { get; set; }

    /// <summary>Domains to choose from.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<MailDomain> Domains { get; set; } = [];

    [Inject]
    private AccountOperations Accounts { get; set; } = default!;

    [Inject]
    private ISettingsSource Settings { get; set; } = default!;

    private async Task AddAsync()
    {
        _addressError = null;
        if (Domains.Count == 0 || !EmailAddress.TryCreate(_local.Trim(), Domains[_domain].Name, out var address))
        {
            _addressError = L[Domains.Count == 0 ? "NoDomain" : "BadAddress"];
            return;
        }

        _busy = true;
        Account? made = null;
        var done = await TryAsync(async actor => made = await Accounts.CreateAsync(
            actor,
            new NewAccount(address, _password)
            {
                DisplayName = _display.Trim(),
                IsAdministrator = _administrator,
                State = _active ? AccountState.Active : AccountState.Deactivated,
            },
            Gone));
        _busy = false;
        if (done)
        {
            Clear();
            await Added.InvokeAsync(made);
        }
    }

    private string? ErrorOf(params string[] fields) =>
        fields.Contains("Address") && _addressError is not null ? _addressError : ProblemField is not null && fields.Contains(ProblemField) ? Problem : null;

    private async Task CloseAsync(bool open)
    {
        Clear();
        await OpenChanged.InvokeAsync(open);
    }

    private void Clear()
    {
        (_local, _display, _password, _active, _administrator, _addressError, Problem) = ("", "", "", true, false, null, "");
    }
}
