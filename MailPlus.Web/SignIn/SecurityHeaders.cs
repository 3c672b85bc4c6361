using MailPlus.Engine.Settings;

namespace MailPlus.Web.SignIn;

/// <summary>The headers every answer carries. An endpoint that needs another policy (the frame of a message) sets it itself.</summary>
internal sealed class SecurityHeaders(RequestDelegate next, ISettingsSource settings)
{
    // 'unsafe-inline' is for style attributes that charts and virtual lists compute; scripts come from files of ours only.
    private const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "
        + "connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.TryAdd("Content-Security-Policy", Policy);
            headers.TryAdd("X-Content-Type-Options", "nosniff");
            headers.TryAdd("Referrer-Policy", "same-origin");
            headers.TryAdd("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
            if (settings.Current.IsSetUp && context.Request.IsHttps && !IsBareAddress(context.Request.Host.Host))
            {
                // RFC 6797: meaningless for bare addresses, and a nuisance for whoever develops on localhost.
                headers.TryAdd("Strict-Transport-Security", "max-age=31536000");
            }

            return Task.CompletedTask;
        });
        return next(context);
    }

    private static bool IsBareAddress(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || System.Net.IPAddress.TryParse(host.Trim('[', ']'), out _);
}
