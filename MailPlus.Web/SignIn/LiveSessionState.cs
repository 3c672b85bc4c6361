using System.Globalization;
using System.Security.Claims;
using MailPlus.Engine.Accounts;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace MailPlus.Web.SignIn;

/// <summary>Tells an open page at once when its session is revoked or signed out elsewhere.</summary>
internal sealed class LiveSessionState : ServerAuthenticationStateProvider, IDisposable
{
    private readonly IDisposable _subscription;

    public LiveSessionState(WebSessions sessions) => _subscription = sessions.OnEnded(ended => _ = EndAsync(ended));

    public void Dispose() => _subscription.Dispose();

    private async Task EndAsync(long ended)
    {
        var user = (await GetAuthenticationStateAsync()).User;
        if (user.FindFirstValue(SessionAuthentication.SessionClaim) == ended.ToString(CultureInfo.InvariantCulture))
        {
            SetAuthenticationState(Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity()))));
        }
    }
}
