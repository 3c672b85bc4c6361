using MailPlus.Engine.Primitives;
using MailPlus.Web.SignIn;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace MailPlus.Web.Layout;

/// <summary>Top bar, menu and the page of the console.</summary>
public sealed partial class ConsoleLayout
{
    private Actor? _actor;
    private ErrorBoundary? _boundary;

    [Inject]
    private SignedInActor SignedIn { get; set; } = default!;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync() => _actor = await SignedIn.FindAsync();

    /// <inheritdoc/>
    protected override void OnParametersSet() => _boundary?.Recover();
}
