using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace MailPlus.Web.Layout;

/// <summary>The router, and the viewer's time zone and language for everything below it.</summary>
public sealed partial class Routes
{
    private Viewer _viewer = default!;

    /// <summary>The browser's IANA time zone from its cookie; null on the very first page, when the browser is asked instead.</summary>
    [Parameter]
    public string? Zone { get; set; }

    [Inject]
    private IJSRuntime Script { get; set; } = default!;

    /// <inheritdoc/>
    protected override void OnInitialized() => _viewer = new Viewer(Zone);

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
        {
            return;
        }

        if (Zone is null)
        {
            _viewer.MoveTo(await Script.InvokeAsync<string>("mpAppearance.zone"));
            StateHasChanged();
        }

        await Script.InvokeVoidAsync("mpAppearance.live");
    }
}
