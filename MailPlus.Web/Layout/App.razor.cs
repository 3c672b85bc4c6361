using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;

namespace MailPlus.Web.Layout;

/// <summary>The document every page lives in. Pages that set cookies (sign-in) stay static; all others are live.</summary>
public sealed partial class App
{
    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    private IComponentRenderMode? PageMode =>
        Http.AcceptsInteractiveRouting() ? RenderMode.InteractiveServer : null;

    // "system" is decided by theme.js before the first paint.
    private string Theme => Http.Request.Cookies["mp-theme"] == "dark" ? "dark" : "light";

    private string? Zone => Http.Request.Cookies["mp-zone"];
}
