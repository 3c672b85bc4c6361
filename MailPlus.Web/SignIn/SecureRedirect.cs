using System.Net;
using MailPlus.Web.ClientSetup;

namespace MailPlus.Web.SignIn;

/// <summary>Sends browsers from plain HTTP to HTTPS, except on this machine itself and for probes.</summary>
internal sealed class SecureRedirect(RequestDelegate next, WebListeners listeners)
{
    public Task InvokeAsync(HttpContext context)
    {
        var peer = context.Connection.RemoteIpAddress;
        var local = peer is null || IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer);
        var probe = context.Request.Path.StartsWithSegments("/health") || context.Request.Path.StartsWithSegments("/metrics")
            || context.Request.Path.StartsWithSegments("/.well-known") || ClientSetupEndpoints.Plain.Any(path => context.Request.Path.StartsWithSegments(path));
        if (context.Request.IsHttps || local || probe || listeners.SecureAddress(context.Request) is not { } secure)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        context.Response.Headers.Location = secure;
        return Task.CompletedTask;
    }
}
