using System.Globalization;
using System.Threading.Channels;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Mail.Folders;
using MailPlus.Web.Mail.MessageList;
using MailPlus.Web.Mail.Settings;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace MailPlus.Web.Mail;

/// <summary>
/// The webmail: folders, list, reading pane. Folder and message stand in the address, so the browser's own back leads from a message to its list.
/// New mail arrives by the change feed, at most four times a second, in the user's language (design rule 12).
/// </summary>
public sealed partial class MailPage
{
    private static readonly TimeSpan Throttle = TimeSpan.FromMilliseconds(250);

    private static readonly (string Keys, string Name)[] Shortcuts =
    [
        ("j k", "KeyMove"), ("Enter", "KeyOpen"), ("u", "KeyBack"), ("x", "KeySelect"), ("e", "KeyArchive"), ("#", "KeyDelete"), ("!", "KeySpam"), ("s", "KeyStar"),
        ("Shift+I", "KeyRead"), ("Shift+U", "KeyUnread"), ("r", "KeyReply"), ("a", "KeyReplyAll"), ("f", "KeyForward"), ("c", "KeyCompose"), ("Ctrl+Enter", "KeySend"),
        ("z", "KeyUndo"), ("/", "KeySearch"), ("g i", "KeyInbox"), ("g d", "KeyDrafts"), ("g t", "KeySent"), ("?", "KeyHelp"),
    ];

    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private MailDesk? _desk;
    private MailActions? _actions;
    private MailPreferences _preferences = new();
    private ListPane? _list;
    private IJSObjectReference? _module;
    private IJSObjectReference? _keys;
    private DotNetObjectReference<MailPage>? _self;
    private IDisposable? _feed;
    private Done? _undo;
    private Uid? _open;
    private Uid? _cursor;
    private FolderQuestion? _question;
    private UidSet? _destroying;
    private string _questionProblem = "";
    private string _searchText = "";
    private string _name = "";
    private string _address = "";
    private long _quota;
    private bool _help;

    /// <summary>The folder of the address, null for the inbox.</summary>
    [SupplyParameterFromQuery(Name = "folder")]
    private long? FolderId { get; set; }

    /// <summary>The open message of the address.</summary>
    [SupplyParameterFromQuery(Name = "message")]
    private long? MessageId { get; set; }

    /// <summary>Recipients of a mailto link handed to us.</summary>
    [SupplyParameterFromQuery(Name = "to")]
    private string? To { get; set; }

    [Inject]
    private MailboxAccess Access { get; set; } = default!;

    [Inject]
    private IAddressBook Book { get; set; } = default!;

    [Inject]
    private ISettingsSource ServerSettings { get; set; } = default!;

    [Inject]
    private PreferenceFile PreferenceStore { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private IJSRuntime Script { get; set; } = default!;

    [Inject]
    private BundledAssets Bundles { get; set; } = default!;

    [Inject]
    private TimeProvider Clock { get; set; } = default!;

    private string Title
    {
        get
        {
            var unread = _desk?.Inbox?.Mailbox.Unseen ?? 0;
            var name = _desk?.Current is { } folder ? N.Of(folder) : L["Mail"].Value;
            return unread > 0 ? $"({Shown.Count(unread)}) {name} · MailPlus" : $"{name} · MailPlus";
        }
    }

    /// <summary>A key of the shortcut table, from the browser.</summary>
    [JSInvokable]
    public async Task Key(string action)
    {
        Viewer.Speak();
        try
        {
            await ActAsync(action);
            StateHasChanged();
        }
        catch (Exception fault)
        {
            // The browser would swallow it; the page's own boundary says and logs it.
            await DispatchExceptionAsync(fault);
        }
    }

    /// <summary>Takes the last action back.</summary>
    [JSInvokable]
    public async Task Undo()
    {
        Viewer.Speak();
        if (_undo is { UndoAsync: { } undo })
        {
            _undo = null;
            await TryAsync(_ => undo(Gone));
            await TakeInAsync();
            StateHasChanged();
        }
    }

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        await TryAsync(async actor =>
        {
            var account = Book.Find(actor.Account!.Value) ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "SessionEnded"));
            _name = account.DisplayName.Length > 0 ? account.DisplayName : account.Name;
            _address = account.PrimaryAddress.ToDisplayString();
            _quota = account.QuotaOctets ?? ServerSettings.Current.Quota.DefaultOctets;
            _preferences = await PreferenceStore.ReadAsync(actor, Gone);
            var desk = new MailDesk(Access, actor);
            _feed = Access.Changes.Subscribe(account.Id, _ => _changed.Writer.TryWrite(true));
            await GoAsync(desk);
            _desk = desk;
            _actions = new MailActions(desk);
            _ = FollowAsync();
        });
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        await base.OnParametersSetAsync();
        if (_desk is { } desk && (desk.Current?.Mailbox.Id.Value != (FolderId ?? desk.Inbox?.Mailbox.Id.Value) || _open?.Value != MessageId))
        {
            await TryAsync(_ => GoAsync(desk));
        }
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_desk is null || _module is not null || Gone.IsCancellationRequested)
        {
            return;
        }

        var module = await Script.InvokeAsync<IJSObjectReference>("import", Gone, Bundles["js/mail.js"]);
        _self = DotNetObjectReference.Create(this);
        _keys = await module.InvokeAsync<IJSObjectReference>("attachPage", Gone, _self, Bundles["js/editor.js"], To ?? "");
        _module = module;
        StateHasChanged();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _feed?.Dispose();
        _changed.Writer.TryComplete();
        if (_keys is not null)
        {
            try
            {
                await _keys.InvokeVoidAsync("dispose");
                await _keys.DisposeAsync();
                await _module!.DisposeAsync();
            }
            catch (JSDisconnectedException)
            {
                // The browser is gone, and its listeners with it.
            }
        }

        _self?.Dispose();
        await base.DisposeAsync();
    }

    private static string AddressOf(MailboxId? folder, Uid? message) =>
        string.Create(CultureInfo.InvariantCulture, $"/mail{(folder is { } id ? $"?folder={id.Value}{(message is { } uid ? $"&message={uid}" : "")}" : "")}");

    private async Task FollowAsync()
    {
        try
        {
            await foreach (var _ in _changed.Reader.ReadAllAsync(Gone))
            {
                await RefreshAsync(TakeInAsync);
                await Task.Delay(Throttle, Clock, Gone);
            }
        }
        catch (OperationCanceledException) when (Gone.IsCancellationRequested)
        {
            // The page was left.
        }
        catch (Exception fault)
        {
            await DispatchExceptionAsync(fault);
        }
    }

    private async Task TakeInAsync()
    {
        if (_desk is not { } desk)
        {
            return;
        }

        IReadOnlyList<Uid> added = [];
        await TryAsync(async _ => added = await desk.RefreshAsync(Gone));
        if (_list is not null)
        {
            await _list.RefreshAsync(added);
        }
    }

    private async Task GoAsync(MailDesk desk)
    {
        var before = desk.Current?.Mailbox.Id;
        await desk.GoToAsync(FolderId is { } folder ? new MailboxId(folder) : null, Gone);
        _open = MessageId is > 0 and <= uint.MaxValue ? new Uid((uint)MessageId) : null;
        if (before != desk.Current?.Mailbox.Id)
        {
            _searchText = "";
            _cursor = null;
        }

        if (_open is { } uid)
        {
            _cursor = uid;
            if (desk.View.StateOf(uid) is { } state && (state.Flags & MessageFlags.Seen) == 0)
            {
                await new MailActions(desk).FlagAsync(UidSet.Of(uid), MessageFlags.Seen, set: true, Gone);
            }
        }
    }

    private async Task RetryAsync()
    {
        if (_desk is null)
        {
            await LoadAsync();
        }
        else
        {
            await TakeInAsync();
        }
    }

    private async Task OpenAsync(Uid uid)
    {
        if (_desk?.Current is not { } folder)
        {
            return;
        }

        _cursor = uid;
        if (folder.NameKey == "Drafts")
        {
            await ComposeAsync("Draft", uid);
            return;
        }

        Navigation.NavigateTo(AddressOf(folder.Mailbox.Id, uid), replace: _open is not null);
    }

    private async Task SearchAsync()
    {
        if (_desk is { } desk)
        {
            await TryAsync(_ => desk.SearchAsync(_searchText, Gone));
            if (_list is not null)
            {
                await _list.RefreshAsync([]);
            }
        }
    }

    private async Task FilterAsync(ListFilter filter)
    {
        _searchText = "";
        _desk?.Show(filter);
        if (_list is not null)
        {
            await _list.RefreshAsync([]);
        }
    }

    private async Task PreferAsync(Func<MailPreferences, MailPreferences> change) =>
        await TryAsync(async actor => _preferences = await PreferenceStore.ChangeAsync(actor, change, Gone));

    private async Task ComposeAsync(string kind, Uid? uid)
    {
        if (_keys is not null)
        {
            await _keys.InvokeVoidAsync("compose", kind, _desk?.Current?.Mailbox.Id.Value ?? 0, uid?.Value ?? 0);
        }
    }

    private async Task SayAsync(Done done)
    {
        _undo = done.UndoAsync is null ? null : done;
        if (_module is not null && _self is not null)
        {
            var text = L[done.TextKey, Shown.Count(done.Count), done.Target is { } target ? N.Of(target) : ""];
            await _module.InvokeVoidAsync("snack", _self, text.Value, _undo is null ? "" : L["Undo"].Value);
        }
    }
}
