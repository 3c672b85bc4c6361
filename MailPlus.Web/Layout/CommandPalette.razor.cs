using MailPlus.Engine.Accounts;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Web.Admin;
using MailPlus.Web.Admin.Service;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Localization;
using Microsoft.JSInterop;

namespace MailPlus.Web.Layout;

/// <summary>Ctrl+K: goes to a page, a setting, an account, a domain, or a message by queue id or Message-ID.</summary>
public sealed partial class CommandPalette : IAsyncDisposable
{
    private const int PerKind = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(120);
    private readonly List<Hit> _found = [];
    private DotNetObjectReference<CommandPalette>? _self;
    private IJSObjectReference? _listener;
    private ElementReference _element;
    private ElementReference _list;
    private CancellationTokenSource _search = new();
    private string _text = "";
    private int _chosen;
    private bool _open;
    private bool _shown;

    private sealed record Hit(string Name, string Kind, string Icon, string Address);

    /// <summary>Who is signed in.</summary>
    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    [Inject]
    private IJSRuntime Script { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private IStringLocalizer<ConsolePages> Pages { get; set; } = default!;

    [Inject]
    private IStringLocalizer<SettingLabels> Labels { get; set; } = default!;

    [Inject]
    private AccountOperations Accounts { get; set; } = default!;

    [Inject]
    private DomainOperations Domains { get; set; } = default!;

    [Inject]
    private IQueueOperations Queue { get; set; } = default!;

    /// <summary>Opens the palette.</summary>
    public async Task OpenAsync()
    {
        if (!_open)
        {
            _open = true;
            _text = "";
            await SearchAsync();
        }
    }

    /// <summary>Called by the browser on Ctrl+K.</summary>
    [JSInvokable]
    public async Task Open()
    {
        Viewer.Speak();
        await OpenAsync();
        StateHasChanged();
    }

    /// <summary>Called by the browser when the dialog has closed.</summary>
    [JSInvokable]
    public void Closed()
    {
        _open = _shown = false;
        StateHasChanged();
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            _listener = await Script.InvokeAsync<IJSObjectReference>("mp.listenForPalette", _self);
        }

        if (_open && !_shown)
        {
            _shown = true;
            await Script.InvokeVoidAsync("mp.openDialog", _element, _self, true);
        }
        else if (_open)
        {
            await Script.InvokeVoidAsync("mp.followChoice", _list);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (_listener is not null)
            {
                await _listener.InvokeVoidAsync("dispose");
                await _listener.DisposeAsync();
            }
        }
        catch (JSDisconnectedException)
        {
            // The browser is gone, and its listener with it.
        }

        _self?.Dispose();
        _search.Dispose();
        await base.DisposeAsync();
    }

    private async Task KeyAsync(KeyboardEventArgs key)
    {
        switch (key.Key)
        {
            case "ArrowDown":
                _chosen = _found.Count == 0 ? 0 : (_chosen + 1) % _found.Count;
                break;
            case "ArrowUp":
                _chosen = _found.Count == 0 ? 0 : (_chosen + _found.Count - 1) % _found.Count;
                break;
            case "Enter" when _chosen < _found.Count:
                await GoAsync(_found[_chosen]);
                break;
        }
    }

    private async Task GoAsync(Hit hit)
    {
        await Script.InvokeVoidAsync("mp.closeDialog", _element);
        Navigation.NavigateTo(hit.Address);
    }

    private async Task SearchAsync()
    {
        await _search.CancelAsync();
        _search.Dispose();
        _search = CancellationTokenSource.CreateLinkedTokenSource(Gone);
        var token = _search.Token;
        var text = _text.Trim();
        var found = PagesAndSettings(text).ToList();
        if (text.Length >= 2)
        {
            try
            {
                await Task.Delay(Pause, token);
                await foreach (var hit in StoredAsync(text, token))
                {
                    found.Add(hit);
                }
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                return; // another letter was typed
            }
        }

        _found.Clear();
        _found.AddRange(found);
        _chosen = 0;
    }

    private IEnumerable<Hit> PagesAndSettings(string text)
    {
        foreach (var page in ConsolePages.For(Actor))
        {
            var name = Pages[page.Name].Value;
            if (text.Length == 0 || name.Contains(text, StringComparison.CurrentCultureIgnoreCase))
            {
                yield return new Hit(name, L["Page"], page.Icon, page.Address);
            }
        }

        if (text.Length > 0 && Actor.Has(Permission.ManageSettings))
        {
            foreach (var form in ServiceForm.Settings.Where(form => Labels[form].Value.Contains(text, StringComparison.CurrentCultureIgnoreCase)).Take(PerKind))
            {
                yield return new Hit(Labels[form], L["Setting"], "service", $"/admin/service#{form}");
            }
        }
    }

    private async IAsyncEnumerable<Hit> StoredAsync(string text, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
    {
        if (Actor.Has(Permission.ManageAccounts))
        {
            foreach (var account in (await Accounts.ListAsync(Actor, new AccountQuery { Search = text, Limit = PerKind }, token)).Rows)
            {
                var name = account.DisplayName.Length > 0 ? $"{account.DisplayName} · {account.PrimaryAddress.ToDisplayString()}" : account.PrimaryAddress.ToDisplayString();
                yield return new Hit(name, L["Account"], "person", $"/admin/accounts?open={account.Id}");
            }
        }

        if (Actor.Has(Permission.ManageDomains))
        {
            foreach (var domain in (await Domains.ListAsync(Actor, new DomainQuery { Search = text, Limit = PerKind }, token)).Rows)
            {
                yield return new Hit(domain.Name.Unicode, L["Domain"], "domain", $"/admin/domains/{domain.Id.Value}");
            }
        }

        if (Actor.Has(Permission.ManageQueue))
        {
            foreach (var entry in (await Queue.ListAsync(Actor, new QueueQuery { Search = text, Limit = PerKind }, token)).Rows)
            {
                yield return new Hit($"{entry.Entry} · {entry.Subject}", L["Queued"], "queue", $"/admin/queue?open={entry.Entry}");
            }
        }

        if (Actor.Has(Permission.ViewLogs))
        {
            yield return new Hit(L["InLog", text], L["Log"], "log", $"/admin/log?search={Uri.EscapeDataString(text)}");
        }
    }
}
