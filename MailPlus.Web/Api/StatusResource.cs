using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>GET /status: the numbers of the dashboard, counted from midnight UTC.</summary>
internal static class StatusResource
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/status", async (HttpContext context, Dashboard dashboard, TimeProvider clock) =>
    {
        var midnight = Instant.From(new DateTimeOffset(clock.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero));
        var figures = await dashboard.ReadAsync(ApiDoor.ActorOf(context), midnight, context.RequestAborted);
        return Results.Ok(new
        {
            figures.Received,
            figures.Delivered,
            figures.Sent,
            figures.Rejected,
            figures.Deferred,
            figures.Failed,
            figures.QueueLength,
            figures.Domains,
            figures.Accounts,
            figures.ActiveAccounts,
            figures.StorageOctets,
            figures.FreeOctets,
            Started = figures.Started.ToDateTimeOffset(),
            Services = figures.Services.Select(service => new { service.Name, Condition = service.Condition.ToString(), service.Port, service.Reason }),
        });
    });
}
