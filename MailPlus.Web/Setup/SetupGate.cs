using MailPlus.Engine.Settings;

namespace MailPlus.Web.Setup;

/// <summary>Until the server is set up every page is the wizard; afterwards the wizard is never shown again (SET-B1).</summary>
internal sealed class SetupGate(RequestDelegate next, ISettingsSource settings)
{
    private static readonly string[] AlwaysOpen = ["/health", "/metrics", "/_blazor", "/_framework", "/_content", "/language", "/.well-known"];

    public Task InvokeAsync(HttpContext context)
    {
        var path = context.Request.Path;
        if (AlwaysOpen.Any(open => path.StartsWithSegments(open)))
        {
            return next(context);
        }

        var wizard = path.StartsWithSegments("/setup");
        if (settings.Current.IsSetUp ? wizard : !wizard)
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Redirect(wizard ? "/" : "/setup");
            return Task.CompletedTask;
        }

        return next(context);
    }
}
