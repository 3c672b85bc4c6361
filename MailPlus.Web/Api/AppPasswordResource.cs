using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/accounts/ID/app-passwords and /accounts/ID/sign-ins: passwords of mail programs, and who signed in.</summary>
internal static class AppPasswordResource
{
    private sealed record Body(string? Name);

    private sealed record View(long Id, string Name, DateTimeOffset Created, DateTimeOffset? LastUsed, string LastProtocol, string LastAddress);

    private sealed record SignInView(DateTimeOffset Last, string Protocol, string Address, string Credential, bool Succeeded, long Count);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/accounts/{id:long}/app-passwords", async (HttpContext context, AppPasswordOperations passwords, long id) =>
        {
            var rows = await passwords.ListAsync(ApiDoor.ActorOf(context), new AccountId(id), context.RequestAborted);
            return Results.Ok(new ApiPage<View>(rows.Count, [.. rows.Select(row => new View(row.Id, row.Name, row.Created.ToDateTimeOffset(), row.LastUsed?.ToDateTimeOffset(), row.LastProtocol, row.LastAddress))]));
        });
        api.MapPost("/accounts/{id:long}/app-passwords", async (HttpContext context, AppPasswordOperations passwords, long id, Body body) =>
            Results.Ok(new { Password = await passwords.AddAsync(ApiDoor.ActorOf(context), new AccountId(id), body.Name ?? "", context.RequestAborted) }));
        api.MapDelete("/accounts/{id:long}/app-passwords/{password:long}", async (HttpContext context, AppPasswordOperations passwords, long id, long password) =>
        {
            await passwords.RemoveAsync(ApiDoor.ActorOf(context), new AccountId(id), password, context.RequestAborted);
            return Results.NoContent();
        });
        api.MapGet("/accounts/{id:long}/sign-ins", async (HttpContext context, AppPasswordOperations passwords, long id) =>
        {
            var rows = await passwords.HistoryAsync(ApiDoor.ActorOf(context), new AccountId(id), context.RequestAborted);
            return Results.Ok(new ApiPage<SignInView>(rows.Count, [.. rows.Select(row => new SignInView(row.Last.ToDateTimeOffset(), row.Protocol, row.Address, row.Credential, row.Succeeded, row.Count))]));
        });
    }
}
