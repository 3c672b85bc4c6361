using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;

namespace MailPlus.Web.Api;

/// <summary>/domains/{id}/aliases: list, add, change, remove, import, export.</summary>
internal static class AliasResource
{
    private sealed record Body(string? LocalPart, IReadOnlyList<string>? Members);

    private sealed record ImportBody(string? Text);

    private sealed record MemberView(string Kind, string Address, string Name);

    private sealed record View(long Id, string Address, IReadOnlyList<MemberView> Members);

    private sealed record FaultView(int Line, string Name, string Reason);

    private sealed record ImportView(IReadOnlyList<string> Created, IReadOnlyList<string> Skipped, IReadOnlyList<FaultView> Faults);

    public static void Map(IEndpointRouteBuilder api)
    {
        var aliases = api.MapGroup("/domains/{domain:long}/aliases");
        aliases.MapGet("", async (HttpContext context, AliasOperations operations, long domain, string? search, int? offset, int? limit) =>
        {
            var page = await operations.ListAsync(ApiDoor.ActorOf(context), new DomainId(domain), new AliasQuery { Search = search ?? "", Offset = offset ?? 0, Limit = limit ?? 50 }, context.RequestAborted);
            return Results.Ok(new ApiPage<View>(page.Total, [.. page.Rows.Select(Show)]));
        });
        aliases.MapPost("", async (HttpContext context, AliasOperations operations, long domain, Body body) =>
        {
            var made = await operations.CreateAsync(ApiDoor.ActorOf(context), new DomainId(domain), Draft(body), context.RequestAborted);
            return Results.Created($"/api/v1/domains/{domain}/aliases/{made.Id.Value}", Show(made));
        });
        aliases.MapPut("/{id:long}", async (HttpContext context, AliasOperations operations, long domain, long id, Body body) =>
            Results.Ok(Show(await operations.UpdateAsync(ApiDoor.ActorOf(context), new DomainId(domain), new AliasId(id), Draft(body), context.RequestAborted))));
        aliases.MapDelete("/{id:long}", async (HttpContext context, AliasOperations operations, long domain, long id) =>
            await operations.RemoveAsync(ApiDoor.ActorOf(context), new DomainId(domain), [new AliasId(id)], context.RequestAborted) == 1
                ? Results.NoContent()
                : throw new RefusedException(new Refusal(RefusalKind.NotFound, "AliasUnknown")));
        aliases.MapPost("/import", async (HttpContext context, AliasOperations operations, RefusalTexts texts, long domain, ImportBody body) =>
        {
            var outcome = await operations.ImportAsync(ApiDoor.ActorOf(context), new DomainId(domain), body.Text ?? "", context.RequestAborted);
            return Results.Ok(new ImportView(outcome.Created, outcome.Skipped, [.. outcome.Faults.Select(fault => new FaultView(fault.Line, fault.Name, texts.Of(fault.Reason)))]));
        });
        aliases.MapGet("/export", async (HttpContext context, AliasOperations operations, long domain) =>
            Results.Text(await operations.ExportAsync(ApiDoor.ActorOf(context), new DomainId(domain), context.RequestAborted), "text/plain; charset=utf-8"));
    }

    private static AliasDraft Draft(Body body) => new(body.LocalPart ?? "", body.Members ?? []);

    private static View Show(MailAlias alias) => new(alias.Id.Value, alias.Address.ToDisplayString(), [.. alias.Members.Select(member => new MemberView(member.Kind.ToString(), member.Address.ToDisplayString(), member.Name))]);
}
