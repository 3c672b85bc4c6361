using System.Globalization;
using MailPlus.Engine.Monitoring.DnsChecks;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/domains/{id}/dns: what DNS says now, and what changed.</summary>
internal static class DnsResource
{
    private sealed record CheckView(string Subject, string Health, string Type, string Name)
    {
        public string Text { get; init; } = "";

        public string Why { get; init; } = "";

        public IReadOnlyList<string> Seen { get; init; } = [];

        public IReadOnlyList<AdvisedRecord> Publish { get; init; } = [];
    }

    private sealed record View(DateTimeOffset Time, IReadOnlyList<CheckView> Checks);

    private sealed record ChangeView(DateTimeOffset Time, string Type, string Name, IReadOnlyList<string>? Before, IReadOnlyList<string> Now);

    public static void Map(IEndpointRouteBuilder api)
    {
        var dns = api.MapGroup("/domains/{domain:long}/dns");
        dns.MapGet("", async (HttpContext context, DnsOperations operations, long domain) =>
        {
            var report = await operations.ExamineAsync(ApiDoor.ActorOf(context), new DomainId(domain), context.RequestAborted);
            return Results.Ok(new View(report.Time.ToDateTimeOffset(), [.. report.Checks.Select(Show)]));
        });
        dns.MapGet("/history", async (HttpContext context, DnsOperations operations, long domain, int? limit) =>
            Results.Ok((await operations.HistoryAsync(ApiDoor.ActorOf(context), new DomainId(domain), limit ?? 100, context.RequestAborted))
                .Select(change => new ChangeView(change.Time.ToDateTimeOffset(), change.Type, change.Name, change.Before, change.Now)).ToList()));
    }

    private static CheckView Show(DnsCheck check) => new(check.Subject.ToString(), check.Health.ToString(), check.Type, check.Name)
    {
        Text = DnsCheckText.What(check, CultureInfo.CurrentUICulture), Why = DnsCheckText.Why(check.Subject, CultureInfo.CurrentUICulture), Seen = check.Seen, Publish = check.Publish,
    };
}
