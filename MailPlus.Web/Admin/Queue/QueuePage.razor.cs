using MailPlus.Engine.Delivery;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace MailPlus.Web.Admin.Queue;

/// <summary>Queue: what waits to be sent (MON-049 to MON-064).</summary>
public sealed partial class QueuePage
{
    private const int ClearAtOnce = 1000;
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(5);
    private IReadOnlyList<ListColumn<QueuedMessage>> _columns = [];
    private IReadOnlyList<QueuedMessage>? _clearing;
    private DataList<QueuedMessage>? _list;
    private QueuedMessage? _open;
    private bool _asking;

    [SupplyParameterFromQuery]
    private string? State { get; set; }

    [SupplyParameterFromQuery]
    private string? Open { get; set; }

    [Inject]
    private IQueueOperations Queue { get; set; } = default!;

    [Inject]
    private TimeProvider Clock { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private IJSRuntime Script { get; set; } = default!;

    private RecipientState? Filter => Enum.TryParse<RecipientState>(State, out var state) ? state : null;

    /// <summary>The state that needs most attention speaks for the message.</summary>
    internal static RecipientState StateOf(QueuedMessage message)
    {
        var states = message.Recipients.Select(recipient => recipient.State).ToHashSet();
        return states.Contains(RecipientState.Held) ? RecipientState.Held
            : states.Contains(RecipientState.Deferred) ? RecipientState.Deferred
            : RecipientState.Active;
    }

    /// <inheritdoc/>
    protected override void OnInitialized() => _columns = Columns();

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        if (EntryId.TryParse(Open, out var entry))
        {
            await TryAsync(async actor => _open = (await Queue.ListAsync(actor, new QueueQuery { Search = entry.ToString(), Limit = 5 }, Gone)).Rows.FirstOrDefault(row => row.Entry == entry));
        }

        _ = RepeatAsync(Refresh, () => _list?.ReloadAsync() ?? Task.CompletedTask);
    }

    private Task<Page<QueuedMessage>> ListAsync(Actor actor, ListRequest request, CancellationToken cancellationToken) => Queue.ListAsync(
        actor, new QueueQuery { Search = request.Search, State = Filter, Offset = request.Offset, Limit = request.Limit, Descending = request.Descending }, cancellationToken);

    private string RecipientText(QueuedMessage message) => message.Recipients.Count switch
    {
        0 => "",
        1 => message.Recipients[0].Address,
        var count => L["AndMore", message.Recipients[0].Address, count - 1],
    };

    private string Counted(string key, int count) => count == 1 ? L[key + "One"] : L[key, count];

    private static string ReasonOf(QueuedMessage message) => message.Recipients.FirstOrDefault(recipient => recipient.LastReply.Length > 0)?.LastReply ?? "";

    /// <summary>Its sender wants it sent later.</summary>
    private bool IsHeldBack(QueuedMessage message) => message.HeldUntil is { } until && until.CompareTo(Instant.Now(Clock)) > 0;

    private bool IsCancelling => _clearing is [var only] && IsHeldBack(only);

    private static Instant? NextOf(QueuedMessage message) => message.Recipients.Where(recipient => recipient.NextAttempt is not null).Min(recipient => recipient.NextAttempt);

    private void ChangeFilter(ChangeEventArgs change) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("state", change.Value as string is { Length: > 0 } text ? text : null), replace: true);

    private void OpenMessage(QueuedMessage message)
    {
        _open = message;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("open", message.Entry.ToString()), replace: true);
    }

    private void ClosePanel()
    {
        _open = null;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("open", (string?)null), replace: true);
    }

    private async Task RetryAsync(IReadOnlyList<QueuedMessage>? messages)
    {
        var count = 0;
        if (await TryAsync(async actor => count = await Queue.RetryAsync(actor, messages?.Select(message => message.Entry).ToList(), Gone)))
        {
            await _list!.ReloadAsync();
            await Script.InvokeVoidAsync("mp.toast", Gone, Counted("Resent", count));
        }
    }

    private void Ask(IReadOnlyList<QueuedMessage>? messages)
    {
        (_clearing, _asking, _open, Problem) = (messages, true, null, "");
    }

    private async Task ClearAsync()
    {
        var count = 0;
        var done = await TryAsync(async actor =>
        {
            if (_clearing is not null)
            {
                count = await Queue.RemoveAsync(actor, [.. _clearing.Select(message => message.Entry)], Gone);
                return;
            }

            while ((await Queue.ListAsync(actor, new QueueQuery { Limit = ClearAtOnce }, Gone)).Rows is { Count: > 0 } rows)
            {
                var removed = await Queue.RemoveAsync(actor, [.. rows.Select(message => message.Entry)], Gone);
                count += removed;
                if (removed == 0)
                {
                    break; // what is left is being delivered at this moment
                }
            }
        });
        if (done)
        {
            _asking = false;
            ClosePanel();
            await _list!.ReloadAsync();
            await Script.InvokeVoidAsync("mp.toast", Gone, Counted("Cleared", count));
        }
    }
}
