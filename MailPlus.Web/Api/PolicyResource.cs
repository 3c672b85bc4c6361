using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/policies and /usage: user policies in their order, and what accounts sent outside today.</summary>
internal static class PolicyResource
{
    /// <param name="Name">Its name.</param>
    /// <param name="Color">Null is grey.</param>
    /// <param name="Rules">Null are those of the default policy; a rule that is left out is as there.</param>
    /// <param name="Users">Ids of accounts.</param>
    /// <param name="Groups">Ids of groups.</param>
    private sealed record Body(string? Name, PolicyColor? Color, PolicyRules? Rules, IReadOnlyList<long>? Users, IReadOnlyList<long>? Groups);

    private sealed record OrderBody(IReadOnlyList<long>? Order);

    private sealed record ClearBody(IReadOnlyList<long>? Accounts);

    private sealed record View(long Id, string Name, PolicyColor Color, PolicyRules Rules, IReadOnlyList<long> Users, IReadOnlyList<long> Groups);

    private sealed record UsageView(long Account, string Name, long Messages, long Octets, long? MostMessages, long? MostOctets);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/policies", async (HttpContext context, PolicyOperations policies) =>
        {
            var rows = await policies.ListAsync(ApiDoor.ActorOf(context), context.RequestAborted);
            return Results.Ok(new ApiPage<View>(rows.Count, [.. rows.Select(Show)]));
        });
        api.MapPost("/policies", async (HttpContext context, PolicyOperations policies, Body body) =>
        {
            var actor = ApiDoor.ActorOf(context);
            var id = await policies.AddAsync(actor, Draft(body), context.RequestAborted);
            return Results.Created($"/api/v1/policies/{id.Value}", Show((await policies.ListAsync(actor, context.RequestAborted)).First(policy => policy.Id == id)));
        });
        api.MapPut("/policies/{id:long}", async (HttpContext context, PolicyOperations policies, long id, Body body) =>
        {
            await policies.UpdateAsync(ApiDoor.ActorOf(context), new PolicyId(id), Draft(body), context.RequestAborted);
            return Results.NoContent();
        });
        api.MapPut("/policies/order", async (HttpContext context, PolicyOperations policies, OrderBody body) =>
        {
            await policies.ReorderAsync(ApiDoor.ActorOf(context), [.. (body.Order ?? []).Select(id => new PolicyId(id))], context.RequestAborted);
            return Results.NoContent();
        });
        api.MapDelete("/policies/{id:long}", async (HttpContext context, PolicyOperations policies, long id) =>
        {
            await policies.DeleteAsync(ApiDoor.ActorOf(context), new PolicyId(id), context.RequestAborted);
            return Results.NoContent();
        });
        api.MapGet("/usage", async (HttpContext context, UsageOperations usage, string? search) =>
        {
            var page = await usage.ListAsync(ApiDoor.ActorOf(context), null, search ?? "", context.RequestAborted);
            return Results.Ok(new ApiPage<UsageView>(page.Total, [.. page.Rows.Select(row => new UsageView(row.Account.Id.Value, row.Account.Name, row.Sent.Messages, row.Sent.Octets, row.MostMessages, row.MostOctets))]));
        });
        api.MapPost("/usage/clear", async (HttpContext context, UsageOperations usage, ClearBody body) =>
            Results.Ok(new { Cleared = await usage.ClearAsync(ApiDoor.ActorOf(context), [.. (body.Accounts ?? []).Select(id => new AccountId(id))], context.RequestAborted) }));
    }

    private static PolicyDraft Draft(Body body) => new(body.Name ?? "")
    {
        Color = body.Color ?? PolicyColor.Grey,
        Rules = body.Rules ?? PolicyRules.Default,
        Users = [.. (body.Users ?? []).Select(id => new AccountId(id))],
        Groups = [.. (body.Groups ?? []).Select(id => new GroupId(id))],
    };

    private static View Show(UserPolicy policy) =>
        new(policy.Id.Value, policy.Name, policy.Color, policy.Rules, [.. policy.Users.Select(user => user.Id.Value)], [.. policy.Groups.Select(group => group.Id.Value)]);
}
