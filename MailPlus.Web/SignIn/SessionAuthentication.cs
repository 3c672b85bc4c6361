using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using MailPlus.Engine.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MailPlus.Web.SignIn;

/// <summary>Turns the session cookie of a request into a user; whoever is not signed in is sent to the sign-in page, programs get 401.</summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, WebSessions sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    internal const string TokenClaim = "token";
    internal const string SessionClaim = "session";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (SessionCookie.Read(Context) is not { } token)
        {
            return AuthenticateResult.NoResult();
        }

        var actor = await sessions.ResumeAsync(token, Context.Connection.RemoteIpAddress, Context.RequestAborted);
        var session = actor is null ? null : await sessions.FindIdAsync(token, Context.RequestAborted);
        if (actor is null || session is null)
        {
            return AuthenticateResult.NoResult();
        }

        // The claims stay on this machine: pages run here and know the user by them.
        var identity = new ClaimsIdentity(Scheme.Name);
        identity.AddClaim(new Claim(ClaimTypes.NameIdentifier, actor.Account!.Value.ToString()));
        identity.AddClaim(new Claim(ClaimTypes.Name, actor.Name));
        identity.AddClaim(new Claim(TokenClaim, token));
        identity.AddClaim(new Claim(SessionClaim, session.Value.ToString(CultureInfo.InvariantCulture)));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (Request.Path.StartsWithSegments("/api") || !HttpMethods.IsGet(Request.Method))
        {
            Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        var here = $"{Request.PathBase}{Request.Path}{Request.QueryString}";
        Response.Redirect($"/signin?returnUrl={Uri.EscapeDataString(here)}");
        return Task.CompletedTask;
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
