using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Shared;
using MailPlus.Web.SignIn;
using Microsoft.AspNetCore.Antiforgery;

namespace MailPlus.Web.Mail;

/// <summary>
/// The door of every webmail endpoint: resolves the session's actor anew, opens the actor's own mail for the request, refuses changes without the page's
/// token (WEB-206), and answers refusals in one place.
/// </summary>
internal sealed class OwnMailFilter(WebSessions sessions, MailboxAccess access, IAntiforgery antiforgery, RefusalTexts texts) : IEndpointFilter
{
    private static readonly object StoreKey = new();
    private static readonly object ActorKey = new();

    public static IAccountStore StoreOf(HttpContext context) => (IAccountStore)context.Items[StoreKey]!;

    public static Actor ActorOf(HttpContext context) => (Actor)context.Items[ActorKey]!;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        if (await SignedInActor.OfAsync(context.User, sessions, context.RequestAborted) is not { } actor)
        {
            return Problem(StatusCodes.Status401Unauthorized, "SessionEnded", texts.Of(new Refusal(RefusalKind.NotAllowed, "SessionEnded")), null);
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) && !await antiforgery.IsRequestValidAsync(context))
        {
            return Problem(StatusCodes.Status400BadRequest, "Antiforgery", "", null);
        }

        try
        {
            await using var store = await access.OpenAsync(actor, context.RequestAborted);
            context.Items[StoreKey] = store;
            context.Items[ActorKey] = actor;
            var result = await next(invocation);
            if (result is IResult answer)
            {
                // Answered while the store is open: what it streams may come from there.
                await answer.ExecuteAsync(context);
                return Results.Empty;
            }

            return result;
        }
        catch (RefusedException refused) when (!context.Response.HasStarted)
        {
            return Problem(StatusOf(refused.Refusal.Kind), refused.Refusal.TextKey, texts.Of(refused.Refusal), refused.Refusal.Field);
        }
    }

    private static IResult Problem(int status, string code, string message, string? field) =>
        Results.Json(new { code, message, field }, statusCode: status);

    private static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.NotAllowed or RefusalKind.RelayDenied => StatusCodes.Status403Forbidden,
        RefusalKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        RefusalKind.Conflict or RefusalKind.AlreadyExists => StatusCodes.Status409Conflict,
        RefusalKind.Throttled => StatusCodes.Status429TooManyRequests,
        RefusalKind.OverQuota => StatusCodes.Status507InsufficientStorage,
        RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status422UnprocessableEntity,
    };
}
