using MailPlus.Engine.Accounts;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.SignIn;

/// <summary>Lists the browsers an account is signed in with and signs them out.</summary>
public sealed partial class SessionsPage
{
    private IReadOnlyList<WebSession> _sessions = [];
    private long? _own;

    [CascadingParameter]
    private HttpContext Http { get; set; } = default!;

    [Inject]
    private WebSessions Sessions { get; set; } = default!;

    [Inject]
    private SignedInActor SignedIn { get; set; } = default!;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        if (await SignedIn.FindAsync(Http.RequestAborted) is { Account: { } account } actor)
        {
            _own = SessionCookie.Read(Http) is { } token ? await Sessions.FindIdAsync(token, Http.RequestAborted) : null;
            _sessions = await Sessions.ListAsync(actor, account, Http.RequestAborted);
        }
    }
}
