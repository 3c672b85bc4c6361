using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace MailPlus.Web.Shared;

/// <summary>
/// A modal window or a side panel on the browser's own dialog element, which keeps the focus inside, makes the page behind inert
/// and closes on Esc. Shown while <see cref="Open"/> is true.
/// </summary>
public sealed partial class Dialog
{
    private readonly string _heading = $"dialog-{Guid.NewGuid():N}";
    private ElementReference _element;
    private DotNetObjectReference<Dialog>? _self;
    private bool _shown;
    private bool _modal;

    /// <summary>Whether it is shown.</summary>
    [Parameter]
    public bool Open { get; set; }

    /// <summary>Told when the user closes it.</summary>
    [Parameter]
    public EventCallback<bool> OpenChanged { get; set; }

    /// <summary>Heading.</summary>
    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>A small line below the heading.</summary>
    [Parameter]
    public string Subtitle { get; set; } = "";

    /// <summary>A panel at the right edge instead of a window.</summary>
    [Parameter]
    public bool Side { get; set; }

    /// <summary>A wider window.</summary>
    [Parameter]
    public bool Wide { get; set; }

    /// <summary>Content.</summary>
    [Parameter]
    public RenderFragment? ChildContent { get; set; }

    /// <summary>Buttons at the foot, the primary one last.</summary>
    [Parameter]
    public RenderFragment? Actions { get; set; }

    [Inject]
    private IJSRuntime Script { get; set; } = default!;

    /// <summary>Called by the browser when it closed the dialog (Esc, a click beside a panel).</summary>
    [JSInvokable]
    public async Task Closed()
    {
        _modal = false;
        if (!_shown)
        {
            return;
        }

        _shown = false;
        StateHasChanged();
        await OpenChanged.InvokeAsync(false);
    }

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (Open)
        {
            _shown = true;
        }
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (Open && _shown && !_modal)
        {
            _modal = true;
            _self ??= DotNetObjectReference.Create(this);
            await Script.InvokeVoidAsync("mp.openDialog", _element, _self, Side);
        }
        else if (!Open && _shown)
        {
            await CloseAsync();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _self?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task CloseAsync() => await Script.InvokeVoidAsync("mp.closeDialog", _element);
}
