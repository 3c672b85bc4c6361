using System.Net;
using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using MailPlus.Web.SignIn;
using Microsoft.AspNetCore.Mvc;

namespace MailPlus.Web.Api;

/// <summary>
/// The door of REST under <c>/api/v1</c>: finds out who asks (session of the browser, or HTTP Basic for scripts, RFC 7617) and turns a refusal into a
/// problem document (RFC 9457) in one place. The operations behind it check permissions themselves.
/// </summary>
internal static class ApiDoor
{
    private const string ActorItem = "api-actor";

    /// <summary>Whatever goes wrong under /api is answered by a problem document, never by a page (RFC 9457).</summary>
    public static void UseProblems(IApplicationBuilder app) => app.UseWhen(context => context.Request.Path.StartsWithSegments("/api"), api =>
    {
        api.UseExceptionHandler(fault => fault.Run(context => Results.Problem(statusCode: StatusCodes.Status500InternalServerError).ExecuteAsync(context)));
        api.UseStatusCodePages(pages => Results.Problem(statusCode: pages.HttpContext.Response.StatusCode).ExecuteAsync(pages.HttpContext));
    });

    public static void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").DisableAntiforgery();
        api.AddEndpointFilter(EnterAsync);
        StatusResource.Map(api);
        DomainResource.Map(api);
        AliasResource.Map(api);
        DkimResource.Map(api);
        DnsResource.Map(api);
        BccResource.Map(api);
        DisclaimerResource.Map(api);
        AccountResource.Map(api);
        GroupResource.Map(api);
        PolicyResource.Map(api);
        AppPasswordResource.Map(api);
        LicenceResource.Map(api);
        QueueResource.Map(api);
        MailLogResource.Map(api);
        SettingResource.Map(api);
        RuleResource.Map(api);
        api.Map("/{**other}", () => Results.Problem(statusCode: StatusCodes.Status404NotFound));
    }

    /// <summary>Who asks; the filter has let nobody else in.</summary>
    public static Actor ActorOf(HttpContext context) => (Actor)context.Items[ActorItem]!;

    private static async ValueTask<object?> EnterAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        try
        {
            var actor = await FindActorAsync(context);
            if (actor is null)
            {
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"MailPlus\", charset=\"UTF-8\"";
                return Results.Problem(statusCode: StatusCodes.Status401Unauthorized, title: "Sign in first");
            }

            context.Items[ActorItem] = actor;
            return await next(invocation);
        }
        catch (RefusedException refused)
        {
            return Problem(refused.Refusal, context.RequestServices.GetRequiredService<RefusalTexts>());
        }
    }

    private static async Task<Actor?> FindActorAsync(HttpContext context)
    {
        var sessions = context.RequestServices.GetRequiredService<WebSessions>();
        if (await SignedInActor.OfAsync(context.User, sessions, context.RequestAborted) is { } actor)
        {
            // A foreign page can make a browser send its cookie, but not this header without being allowed to (no CORS here).
            var changes = !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method);
            return !changes || context.Request.Headers.ContainsKey("X-Requested-With")
                ? actor
                : throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "RequestedWithMissing"));
        }

        if (Password(context) is not { } credential)
        {
            return null;
        }

        // mail-rules 20: no password in the clear.
        var peer = context.Connection.RemoteIpAddress;
        if (!context.Request.IsHttps && (peer is null || !IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer)))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "PlainPassword"));
        }

        return await context.RequestServices.GetRequiredService<IAuthenticator>()
            .AuthenticateAsync(new PasswordCredential(credential.Name, credential.Password, "web", peer), context.RequestAborted);
    }

    private static (string Name, string Password)? Password(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || header.Length > 4096)
        {
            return null;
        }

        var octets = new byte[header.Length];
        if (!Convert.TryFromBase64String(header["Basic ".Length..].Trim(), octets, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(octets, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? (text[..colon], text[(colon + 1)..]) : null;
    }

    /// <summary>The one place where a refusal becomes an HTTP answer (design rule 5).</summary>
    internal static IResult Problem(Refusal refusal, RefusalTexts texts)
    {
        var problem = new ProblemDetails
        {
            Status = StatusOf(refusal.Kind),
            Title = texts.Of(refusal),
            Extensions = { ["kind"] = refusal.Kind.ToString(), ["key"] = refusal.TextKey },
        };
        if (refusal.Field is { } field)
        {
            problem.Extensions["field"] = field;
        }

        return Results.Problem(problem);
    }

    internal static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.NotAllowed or RefusalKind.RelayDenied => StatusCodes.Status403Forbidden,
        RefusalKind.AuthenticationFailed => StatusCodes.Status401Unauthorized,
        RefusalKind.Throttled => StatusCodes.Status429TooManyRequests,
        RefusalKind.NotFound or RefusalKind.UnknownRecipient => StatusCodes.Status404NotFound,
        RefusalKind.AlreadyExists or RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };
}

/// <summary>A page of a list as REST gives it.</summary>
internal sealed record ApiPage<T>(int Total, IReadOnlyList<T> Rows);
