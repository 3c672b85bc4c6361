using System.Net;
using MailPlus.Engine.Hosting;
using MailPlus.Engine.Settings;

namespace MailPlus.Web;

/// <summary>Health probes and metrics.</summary>
internal static class MonitoringEndpoints
{
    public static void Map(WebApplication app)
    {
        app.MapGet("/health/live", (HttpContext context, RunOptions run, int? collect) => collect == 1 && run.IsLab(context.Connection.RemoteIpAddress)
            ? Results.Json(new { status = "live", managedHeapBytes = CollectedHeap() })
            : Results.Text("live"));
        app.MapGet("/health/ready", (EngineHost engine) =>
            engine.State == EngineState.Running ? Results.Text("ready") : Results.Text("not ready", statusCode: StatusCodes.Status503ServiceUnavailable));

        // The counters tell outsiders about the traffic: only this machine may read them, or whatever proxy an administrator puts there.
        app.UseOpenTelemetryPrometheusScrapingEndpoint(context =>
            context.Request.Path == "/metrics" && context.Connection.RemoteIpAddress is { } peer && IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer));
    }

    /// <summary>Octets that live on the managed heap after everything dead is gone: how tests see that nothing stays behind. Laboratory mode only, for it stops the process.</summary>
    private static long CollectedHeap()
    {
        for (var round = 0; round < 2; round++) // what finalizers let go of is free after the second
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
