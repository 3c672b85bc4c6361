using System.Security.Claims;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using Microsoft.AspNetCore.Components.Authorization;

namespace MailPlus.Web.SignIn;

/// <summary>
/// Who a page acts for. Resolved anew at each call from the session, so that a revoked session, a deactivated account or a lost right
/// bites at the next click, also in a page that has been open for hours.
/// </summary>
public sealed class SignedInActor(AuthenticationStateProvider state, WebSessions sessions)
{
    /// <summary>The actor, null when nobody is signed in (any more).</summary>
    public async Task<Actor?> FindAsync(CancellationToken cancellationToken = default) =>
        await OfAsync((await state.GetAuthenticationStateAsync()).User, sessions, cancellationToken);

    /// <summary>The actor.</summary>
    /// <exception cref="RefusedException">Kind NotAllowed when the session has ended.</exception>
    public async Task<Actor> GetAsync(CancellationToken cancellationToken = default) =>
        await FindAsync(cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "SessionEnded"));

    /// <summary>The actor of a request's user, for endpoints; null when nobody is signed in.</summary>
    internal static async Task<Actor?> OfAsync(ClaimsPrincipal user, WebSessions sessions, CancellationToken cancellationToken) =>
        user.FindFirstValue(SessionAuthentication.TokenClaim) is { } token ? await sessions.ResumeAsync(token, null, cancellationToken) : null;
}
