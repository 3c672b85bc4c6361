using System.Net;
using MailPlus.Engine.Hosting;

namespace MailPlus.Web;

/// <summary>Health probes and metrics.</summary>
internal static class MonitoringEndpoints
{
    public static void Map(WebApplication app)
    {
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", (EngineHost engine) =>
            engine.State == EngineState.Running ? Results.Text("ready") : Results.Text("not ready", statusCode: StatusCodes.Status503ServiceUnavailable));

        // The counters tell outsiders about the traffic: only this machine may read them, or whatever proxy an administrator puts there.
        app.UseOpenTelemetryPrometheusScrapingEndpoint(context =>
            context.Request.Path == "/metrics" && context.Connection.RemoteIpAddress is { } peer && IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer));
    }
}
