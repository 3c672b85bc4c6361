using System.Globalization;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;

namespace MailPlus.Web.SignIn;

/// <summary>What needs a real request, because a live page cannot set cookies: language, signing out, revoking sessions.</summary>
internal static class SessionEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/language", (HttpContext context, [FromQuery] string to, [FromQuery(Name = "return")] string? back) => Languages.Switch(context, to, back));
        routes.MapPost("/sign-out", SignOutAsync);
        routes.MapPost("/sessions/revoke", RevokeAsync).RequireAuthorization();
        routes.MapPost("/sessions/app-password/revoke", RevokePasswordAsync).RequireAuthorization();
        routes.MapGet("/", HomeAsync);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery, WebSessions sessions)
    {
        await antiforgery.ValidateRequestAsync(context);
        if (SessionCookie.Read(context) is { } token)
        {
            await sessions.EndAsync(token, context.RequestAborted);
            SessionCookie.Remove(context);
        }

        return Results.LocalRedirect("/signin?ended=true");
    }

    private static async Task<IResult> RevokeAsync(HttpContext context, IAntiforgery antiforgery, WebSessions sessions)
    {
        await antiforgery.ValidateRequestAsync(context);
        if (await SignedInActor.OfAsync(context.User, sessions, context.RequestAborted) is { Account: { } account } actor)
        {
            try
            {
                if (long.TryParse(context.Request.Form["id"], CultureInfo.InvariantCulture, out var id))
                {
                    await sessions.RevokeAsync(actor, id, context.RequestAborted);
                }
                else
                {
                    var own = await sessions.FindIdAsync(SessionCookie.Read(context) ?? "", context.RequestAborted);
                    await sessions.RevokeAllAsync(actor, account, own ?? 0, context.RequestAborted);
                }
            }
            catch (RefusedException refused) when (refused.Refusal.Kind == RefusalKind.NotFound)
            {
                // Already ended: the list that follows shows it.
            }
        }

        return Results.LocalRedirect("/sessions");
    }

    private static async Task<IResult> RevokePasswordAsync(HttpContext context, IAntiforgery antiforgery, WebSessions sessions, AppPasswordOperations passwords)
    {
        await antiforgery.ValidateRequestAsync(context);
        if (await SignedInActor.OfAsync(context.User, sessions, context.RequestAborted) is { Account: { } account } actor && long.TryParse(context.Request.Form["id"], CultureInfo.InvariantCulture, out var id))
        {
            try
            {
                await passwords.RemoveAsync(actor, account, id, context.RequestAborted);
            }
            catch (RefusedException refused) when (refused.Refusal.Kind == RefusalKind.NotFound)
            {
                // Already revoked: the list that follows shows it.
            }
        }

        return Results.LocalRedirect("/sessions");
    }

    private static async Task<IResult> HomeAsync(HttpContext context, WebSessions sessions) =>
        Results.LocalRedirect(await SignedInActor.OfAsync(context.User, sessions, context.RequestAborted) switch
        {
            null => "/signin",
            { IsAdministrator: true } => "/admin",
            _ => "/mail",
        });
}
