using System.Net;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Settings;

namespace MailPlus.Web.SignIn;

/// <summary>Believes X-Forwarded-For and -Proto only from the proxies named in the settings; from anybody else they are removed.</summary>
internal sealed class TrustedProxies(RequestDelegate next, ISettingsSource settings)
{
    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (context.Connection.RemoteIpAddress is { } peer && IsTrusted(peer, settings.Current.Security.TrustedProxies))
        {
            // The nearest proxy appends the address it saw: the last one that is not a proxy itself is the client.
            var hops = headers["X-Forwarded-For"].ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var client = hops.Reverse().Select(hop => IPAddress.TryParse(hop, out var address) ? address : null)
                .FirstOrDefault(address => address is null || !IsTrusted(address, settings.Current.Security.TrustedProxies));
            if (client is not null)
            {
                context.Connection.RemoteIpAddress = client;
            }

            var scheme = headers["X-Forwarded-Proto"].ToString();
            if (scheme is "http" or "https")
            {
                context.Request.Scheme = scheme;
            }
        }

        headers.Remove("X-Forwarded-For");
        headers.Remove("X-Forwarded-Proto");
        headers.Remove("X-Forwarded-Host");
        return next(context);
    }

    internal static bool IsTrusted(IPAddress peer, IReadOnlyList<string> proxies) => AddressRanges.IsListed(peer, proxies);
}
