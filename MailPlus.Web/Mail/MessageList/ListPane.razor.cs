using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;

namespace MailPlus.Web.Mail.MessageList;

/// <summary>
/// The message list. The browser scrolls a canvas as high as all rows together and says which rows are in sight; only those and a margin are drawn and read,
/// so a folder of a million costs what a screenful costs (WEB-209).
/// </summary>
public sealed partial class ListPane : IAsyncDisposable
{
    private const int Margin = 12;

    private static readonly (string Act, string Icon, string Name)[] BulkActions =
    [
        ("archive", "archive", "Archive"), ("delete", "delete", "Delete"), ("spam", "spam", "Spam"), ("read", "read", "MarkRead"), ("unread", "unread", "MarkUnread"),
    ];

    private readonly HashSet<uint> _arrived = [];
    private ElementReference _scroller;
    private DotNetObjectReference<ListPane>? _self;
    private IJSObjectReference? _list;
    private MailboxId? _shownFolder;
    private Uid? _top;
    private int _first;
    private int _count = 30;
    private int _shift;

    /// <summary>The page's state.</summary>
    [Parameter, EditorRequired]
    public MailDesk Desk { get; set; } = default!;

    /// <summary>The browser module.</summary>
    [Parameter]
    public IJSObjectReference? Module { get; set; }

    /// <summary>The message open in the reading pane.</summary>
    [Parameter]
    public Uid? Open { get; set; }

    /// <summary>The row the keyboard is on.</summary>
    [Parameter]
    public Uid? Cursor { get; set; }

    /// <summary>A row was clicked.</summary>
    [Parameter]
    public EventCallback<Uid> Opened { get; set; }

    /// <summary>A star was clicked.</summary>
    [Parameter]
    public EventCallback<Uid> Star { get; set; }

    /// <summary>Another filter was chosen.</summary>
    [Parameter]
    public EventCallback<ListFilter> Filtered { get; set; }

    /// <summary>An action on the selection was chosen.</summary>
    [Parameter]
    public EventCallback<string> Act { get; set; }

    /// <summary>The selection is to be moved.</summary>
    [Parameter]
    public EventCallback<Folders.Folder> Move { get; set; }

    /// <summary>The selection changed.</summary>
    [Parameter]
    public EventCallback Picked { get; set; }

    [CascadingParameter]
    private Viewer Viewer { get; set; } = default!;

    private int First => Math.Clamp(_first - Margin, 0, Desk.View.Count);

    private int Last => Math.Clamp(_first + _count + Margin, 0, Desk.View.Count);

    private bool ShowsRecipients => Desk.Current?.NameKey is "Sent" or "Drafts";

    private string EmptyKey => Desk.View.Filter switch
    {
        ListFilter.Found => "EmptyFound",
        ListFilter.Unread => "EmptyUnread",
        ListFilter.Starred => "EmptyStarred",
        _ => Desk.Current?.NameKey == "Inbox" ? "EmptyInbox" : "Empty",
    };

    /// <summary>Rows in sight, from the browser.</summary>
    [JSInvokable]
    public async Task Show(int first, int count)
    {
        Viewer.Speak();
        _first = Math.Max(0, first);
        _count = Math.Clamp(count, 1, 200);
        await Desk.ReadRowsAsync(First, Last - First, CancellationToken.None);
        _top = _first < Desk.View.Count ? Desk.View[_first] : null;
        StateHasChanged();
    }

    /// <summary>Takes in a change of the list: what is in sight stays where it is, whatever came above it.</summary>
    public async Task RefreshAsync(IReadOnlyList<Uid> added)
    {
        _arrived.Clear();
        _arrived.UnionWith(added.Select(uid => uid.Value));
        if (_first > 0 && _top is { } top && Desk.View.RowOf(top) is >= 0 and var now)
        {
            _shift += now - _first;
            _first = now;
        }

        _first = Math.Clamp(_first, 0, Math.Max(0, Desk.View.Count - 1));
        await Desk.ReadRowsAsync(First, Last - First, CancellationToken.None);
        _top = _first < Desk.View.Count ? Desk.View[_first] : null;
        StateHasChanged();
    }

    /// <summary>Scrolls as little as needed to bring a row into sight.</summary>
    public async Task RevealAsync(Uid uid)
    {
        if (_list is not null && Desk.View.RowOf(uid) is >= 0 and var row)
        {
            await _list.InvokeVoidAsync("reveal", row);
        }
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (_shownFolder != Desk.Current?.Mailbox.Id)
        {
            _shownFolder = Desk.Current?.Mailbox.Id;
            _first = 0;
            _top = null;
            _arrived.Clear();
            if (_list is not null)
            {
                await _list.InvokeVoidAsync("toTop");
            }
        }

        await Desk.ReadRowsAsync(First, Last - First, CancellationToken.None);
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (Module is not null && _list is null)
        {
            _self = DotNetObjectReference.Create(this);
            _list = await Module.InvokeAsync<IJSObjectReference>("attachList", _scroller, _self);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_list is not null)
        {
            try
            {
                await _list.InvokeVoidAsync("dispose");
                await _list.DisposeAsync();
            }
            catch (JSDisconnectedException)
            {
                // The browser is gone, and its listeners with it.
            }
        }

        _self?.Dispose();
    }

    private static bool IsUnread(MessageState state) => (state.Flags & MessageFlags.Seen) == 0;

    private static bool IsStarred(MessageState state) => (state.Flags & MessageFlags.Flagged) != 0;

    private bool IsDrawn(Uid uid) => Desk.View.RowOf(uid) is var row && row >= First && row < Last;

    private string Who(MessageListing listing) =>
        ShowsRecipients ? L["ToWhom", listing.To.Length > 0 ? listing.To : L["Nobody"]] : listing.From.Length > 0 ? listing.From : L["Nobody"];

    private string Initial(MessageListing? listing)
    {
        var name = (ShowsRecipients ? listing?.To : listing?.From)?.TrimStart('"', '\'', ' ', '(') ?? "";
        return name.Length == 0 ? "" : StringInfo.GetNextTextElement(name);
    }

    private string When(MessageState state) => ListTime.Short(Viewer, new Instant(state.InternalDate * 1_000_000), Clock.GetUtcNow());

    private string Full(MessageState state) => ListTime.Full(Viewer, new Instant(state.InternalDate * 1_000_000));

    private async Task ClickedAsync(Uid uid, MouseEventArgs click)
    {
        if (click.ShiftKey || click.CtrlKey || click.MetaKey)
        {
            await PickedAsync(uid, click);
        }
        else
        {
            await Opened.InvokeAsync(uid);
        }
    }

    private async Task PickedAsync(Uid uid, MouseEventArgs click)
    {
        if (click.ShiftKey)
        {
            Desk.Selection.ReachTo(uid, Desk.View);
        }
        else
        {
            Desk.Selection.Toggle(uid);
        }

        await Picked.InvokeAsync();
    }
}
