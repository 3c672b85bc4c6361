using MailPlus.Engine.Domains.AutoBcc;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;

namespace MailPlus.Web.Api;

/// <summary>/domains/{id}/bcc: list, add, change, remove, import, export.</summary>
internal static class BccResource
{
    private sealed record Body(string? Criterion, string? Pattern, string? Target);

    private sealed record ImportBody(string? Criterion, string? Text);

    private sealed record View(long Id, string Criterion, string Pattern, string Target);

    private sealed record FaultView(int Line, string Name, string Reason);

    private sealed record ImportView(IReadOnlyList<string> Created, IReadOnlyList<string> Skipped, IReadOnlyList<FaultView> Faults);

    public static void Map(IEndpointRouteBuilder api)
    {
        var rules = api.MapGroup("/domains/{domain:long}/bcc");
        rules.MapGet("", async (HttpContext context, BccOperations operations, long domain, string? search, int? offset, int? limit) =>
        {
            var page = await operations.ListAsync(ApiDoor.ActorOf(context), new DomainId(domain), new BccQuery { Search = search ?? "", Offset = offset ?? 0, Limit = limit ?? 50 }, context.RequestAborted);
            return Results.Ok(new ApiPage<View>(page.Total, [.. page.Rows.Select(Show)]));
        });
        rules.MapPost("", async (HttpContext context, BccOperations operations, long domain, Body body) =>
        {
            var made = await operations.CreateAsync(ApiDoor.ActorOf(context), new DomainId(domain), Draft(body), context.RequestAborted);
            return Results.Created($"/api/v1/domains/{domain}/bcc/{made.Id.Value}", Show(made));
        });
        rules.MapPut("/{id:long}", async (HttpContext context, BccOperations operations, long domain, long id, Body body) =>
            Results.Ok(Show(await operations.UpdateAsync(ApiDoor.ActorOf(context), new DomainId(domain), new BccRuleId(id), Draft(body), context.RequestAborted))));
        rules.MapDelete("/{id:long}", async (HttpContext context, BccOperations operations, long domain, long id) =>
            await operations.RemoveAsync(ApiDoor.ActorOf(context), new DomainId(domain), [new BccRuleId(id)], context.RequestAborted) == 1
                ? Results.NoContent()
                : throw new RefusedException(new Refusal(RefusalKind.NotFound, "BccRuleUnknown")));
        rules.MapPost("/import", async (HttpContext context, BccOperations operations, RefusalTexts texts, long domain, ImportBody body) =>
        {
            var outcome = await operations.ImportAsync(ApiDoor.ActorOf(context), new DomainId(domain), Criterion(body.Criterion), body.Text ?? "", context.RequestAborted);
            return Results.Ok(new ImportView(outcome.Created, outcome.Skipped, [.. outcome.Faults.Select(fault => new FaultView(fault.Line, fault.Name, texts.Of(fault.Reason)))]));
        });
        rules.MapGet("/export", async (HttpContext context, BccOperations operations, long domain, string? criterion) =>
            Results.Text(await operations.ExportAsync(ApiDoor.ActorOf(context), new DomainId(domain), Criterion(criterion), context.RequestAborted), "text/plain; charset=utf-8"));
    }

    /// <summary>An unknown word becomes a criterion that does not exist, which the operation refuses once it knows who asks.</summary>
    private static BccCriterion Criterion(string? word) => Enum.TryParse<BccCriterion>(word, ignoreCase: true, out var criterion) ? criterion : (BccCriterion)(-1);

    private static BccDraft Draft(Body body) => new(Criterion(body.Criterion), body.Pattern ?? "", body.Target ?? "");

    private static View Show(BccRule rule) => new(rule.Id.Value, rule.Criterion.ToString(), rule.Pattern, rule.Target.ToDisplayString());
}
