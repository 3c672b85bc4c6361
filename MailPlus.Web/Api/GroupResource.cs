using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/groups and /activation: groups with their members, and what is activated by whom.</summary>
internal static class GroupResource
{
    private sealed record GroupBody(string? Name, string? Description);

    private sealed record MembersBody(IReadOnlyList<long>? Joining, IReadOnlyList<long>? Leaving);

    private sealed record ActivationBody(IReadOnlyDictionary<string, ActivationChoice>? Users, IReadOnlyDictionary<string, ActivationChoice>? Groups, bool? ByDefault);

    private sealed record GroupView(long Id, string Name, string Description, ActivationChoice Activation, int Members);

    private sealed record ActivationView(bool ByDefault, int? Total, int Used, int? Unused);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/groups", async (HttpContext context, GroupOperations groups, string? search, int? offset, int? limit) =>
        {
            var page = await groups.ListAsync(ApiDoor.ActorOf(context), new GroupQuery { Search = search ?? "", Offset = offset ?? 0, Limit = limit ?? 50 }, context.RequestAborted);
            return Results.Ok(new ApiPage<GroupView>(page.Total, [.. page.Rows.Select(Show)]));
        });
        api.MapPost("/groups", async (HttpContext context, GroupOperations groups, GroupBody body) =>
        {
            var added = await groups.AddAsync(ApiDoor.ActorOf(context), body.Name ?? "", body.Description ?? "", context.RequestAborted);
            return Results.Created($"/api/v1/groups/{added.Id.Value}", Show(added));
        });
        api.MapPut("/groups/{id:long}", async (HttpContext context, GroupOperations groups, long id, GroupBody body) =>
            Results.Ok(Show(await groups.UpdateAsync(ApiDoor.ActorOf(context), new GroupId(id), body.Name ?? "", body.Description ?? "", context.RequestAborted))));
        api.MapPatch("/groups/{id:long}/members", async (HttpContext context, GroupOperations groups, long id, MembersBody body) =>
        {
            await groups.ChangeMembersAsync(ApiDoor.ActorOf(context), new GroupId(id), Ids(body.Joining), Ids(body.Leaving), context.RequestAborted);
            return Results.NoContent();
        });
        api.MapDelete("/groups/{id:long}", async (HttpContext context, GroupOperations groups, long id) =>
        {
            await groups.DeleteAsync(ApiDoor.ActorOf(context), [new GroupId(id)], context.RequestAborted);
            return Results.NoContent();
        });
        api.MapGet("/activation", async (HttpContext context, ActivationOperations activation) => Results.Ok(Show(await activation.GetAsync(ApiDoor.ActorOf(context), context.RequestAborted))));
        api.MapPatch("/activation", async (HttpContext context, ActivationOperations activation, ActivationBody body) =>
        {
            var actor = ApiDoor.ActorOf(context);
            var change = new ActivationChange { Users = Choices(body.Users, id => new AccountId(id)), Groups = Choices(body.Groups, id => new GroupId(id)), ByDefault = body.ByDefault };
            await activation.ApplyAsync(actor, change, context.RequestAborted);
            return Results.Ok(Show(await activation.GetAsync(actor, context.RequestAborted)));
        });
    }

    private static Dictionary<T, ActivationChoice> Choices<T>(IReadOnlyDictionary<string, ActivationChoice>? choices, Func<long, T> id)
        where T : notnull => (choices ?? new Dictionary<string, ActivationChoice>()).ToDictionary(
            one => long.TryParse(one.Key, out var number) ? id(number) : throw new RefusedException(new Refusal(RefusalKind.Invalid, "AccountUnknown") { Field = one.Key }), one => one.Value);

    private static IReadOnlyList<AccountId> Ids(IReadOnlyList<long>? numbers) => [.. (numbers ?? []).Select(number => new AccountId(number))];

    private static GroupView Show(AccountGroup group) => new(group.Id.Value, group.Name, group.Description, group.Activation, group.Members);

    private static ActivationView Show(ActivationOverview overview) => new(overview.ByDefault, overview.Seats.Total, overview.Seats.Used, overview.Seats.Unused);
}
