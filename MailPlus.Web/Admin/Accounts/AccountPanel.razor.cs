using System.Globalization;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Settings;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Accounts;

/// <summary>Everything about one account, at the side of the list.</summary>
public sealed partial class AccountPanel
{
    private const double OctetsPerGigabyte = 1024.0 * 1024 * 1024;
    private Account? _account;
    private string _display = "";
    private string _quota = "";
    private string _password = "";
    private bool _administrator;
    private bool _passwordSet;
    private string? _quotaError;
    private string _messageQuota = "";
    private string? _messageQuotaError;

    /// <summary>The account, null when the panel is closed.</summary>
    [Parameter, EditorRequired]
    public Account? Account { get; set; }

    /// <summary>The panel was closed.</summary>
    [Parameter, EditorRequired]
    public EventCallback Closed { get; set; }

    /// <summary>The account was changed.</summary>
    [Parameter, EditorRequired]
    public EventCallback<Account> Changed { get; set; }

    /// <summary>The account is to be deleted.</summary>
    [Parameter, EditorRequired]
    public EventCallback<Account> DeleteAsked { get; set; }

    [Inject]
    private AccountOperations Accounts { get; set; } = default!;

    [Inject]
    private ISettingsSource Settings { get; set; } = default!;

    private bool IsChanged => _account is not null
        && (_display.Trim() != _account.DisplayName || _administrator != _account.IsAdministrator || _quota.Trim() != QuotaText(_account.QuotaOctets)
            || _messageQuota.Trim() != MessageQuotaText(_account.QuotaMessages));

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (Account is not null && Account != _account)
        {
            var another = _account?.Id != Account.Id;
            Fill(Account);
            if (another)
            {
                (_password, _passwordSet, Problem) = ("", false, "");
            }
        }
    }

    private void Fill(Account account)
    {
        _account = account;
        _display = account.DisplayName;
        _administrator = account.IsAdministrator;
        _quota = QuotaText(account.QuotaOctets);
        _quotaError = null;
        _messageQuota = MessageQuotaText(account.QuotaMessages);
        _messageQuotaError = null;
    }

    private static string MessageQuotaText(long? messages) => messages?.ToString(CultureInfo.CurrentCulture) ?? "";

    private static string QuotaText(long? octets) =>
        octets is null ? "" : (octets.Value / OctetsPerGigabyte).ToString("0.###", CultureInfo.CurrentCulture);

    private async Task SaveAsync()
    {
        _quotaError = null;
        AccountQuota? quota = null;
        if (_quota.Trim() != QuotaText(_account!.QuotaOctets))
        {
            if (_quota.Trim().Length == 0)
            {
                quota = new AccountQuota(null);
            }
            else if (double.TryParse(_quota, CultureInfo.CurrentCulture, out var gigabytes) && gigabytes is >= 0 and < 1_000_000)
            {
                quota = new AccountQuota((long)(gigabytes * OctetsPerGigabyte));
            }
            else
            {
                _quotaError = L["BadQuota"];
                return;
            }
        }

        _messageQuotaError = null;
        AccountMessageQuota? messageQuota = null;
        if (_messageQuota.Trim() != MessageQuotaText(_account.QuotaMessages))
        {
            long messages = 0;
            if (_messageQuota.Trim().Length > 0 && !(long.TryParse(_messageQuota, NumberStyles.AllowThousands, CultureInfo.CurrentCulture, out messages) && messages is >= 0 and < 1_000_000_000_000))
            {
                _messageQuotaError = L["BadMessageQuota"];
                return;
            }

            messageQuota = new AccountMessageQuota(_messageQuota.Trim().Length == 0 ? null : messages);
        }

        var change = new AccountChange
        {
            DisplayName = _display.Trim() == _account.DisplayName ? null : _display.Trim(),
            IsAdministrator = _administrator == _account.IsAdministrator ? null : _administrator,
            Quota = quota,
            MessageQuota = messageQuota,
        };
        Account? changed = null;
        if (await TryAsync(async actor => changed = await Accounts.UpdateAsync(actor, _account.Id, change, Gone)))
        {
            Fill(changed!);
            await Changed.InvokeAsync(changed);
        }
    }

    private async Task ToggleAsync()
    {
        var state = _account!.State == AccountState.Active ? AccountState.Deactivated : AccountState.Active;
        if (await TryAsync(actor => Accounts.SetStateAsync(actor, [_account.Id], state, Gone)))
        {
            await Changed.InvokeAsync(_account with { State = state });
        }
    }

    private async Task SetPasswordAsync() =>
        _passwordSet = await TryAsync(actor => Accounts.SetPasswordAsync(actor, _account!.Id, _password, Gone));
}
