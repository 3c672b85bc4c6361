using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/accounts: list, one, add, change, password, remove.</summary>
internal static class AccountResource
{
    private sealed record NewBody(string? Address, string? Password, string? Name, string? DisplayName, bool IsAdministrator, bool? IsActive);

    private sealed record ChangeBody(string? DisplayName, bool? IsAdministrator, bool? IsActive, string? Language);

    private sealed record PasswordBody(string? Password);

    private sealed record View(long Id, string Name, string Address, string DisplayName, bool IsActive, bool IsAdministrator, long? QuotaOctets)
    {
        public IReadOnlyList<string> Addresses { get; init; } = [];

        public DateTimeOffset Created { get; init; }

        public DateTimeOffset? LastSignIn { get; init; }
    }

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/accounts", async (HttpContext context, AccountOperations accounts, string? search, int? offset, int? limit) =>
        {
            var page = await accounts.ListAsync(ApiDoor.ActorOf(context), new AccountQuery { Search = search ?? "", Offset = offset ?? 0, Limit = limit ?? 50 }, context.RequestAborted);
            return Results.Ok(new ApiPage<View>(page.Total, [.. page.Rows.Select(Show)]));
        });
        api.MapGet("/accounts/{id:long}", async (HttpContext context, AccountOperations accounts, long id) =>
            Results.Ok(Show(await accounts.GetAsync(ApiDoor.ActorOf(context), new AccountId(id), context.RequestAborted))));
        api.MapPost("/accounts", AddAsync);
        api.MapPatch("/accounts/{id:long}", ChangeAsync);
        api.MapPut("/accounts/{id:long}/password", async (HttpContext context, AccountOperations accounts, long id, PasswordBody body) =>
        {
            await accounts.SetPasswordAsync(ApiDoor.ActorOf(context), new AccountId(id), body.Password ?? "", context.RequestAborted);
            return Results.NoContent();
        });
        api.MapDelete("/accounts/{id:long}", async (HttpContext context, AccountOperations accounts, long id) =>
        {
            await accounts.DeleteAsync(ApiDoor.ActorOf(context), [new AccountId(id)], context.RequestAborted);
            return Results.NoContent();
        });
    }

    private static async Task<IResult> AddAsync(HttpContext context, AccountOperations accounts, NewBody body)
    {
        var address = EmailAddress.TryParse(body.Address, out var parsed) ? parsed : throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressMalformed") { Field = "Address" });
        var added = await accounts.CreateAsync(
            ApiDoor.ActorOf(context),
            new NewAccount(address, body.Password ?? "")
            {
                Name = body.Name ?? "",
                DisplayName = body.DisplayName ?? "",
                IsAdministrator = body.IsAdministrator,
                State = body.IsActive == false ? AccountState.Deactivated : AccountState.Active,
            },
            context.RequestAborted);
        return Results.Created($"/api/v1/accounts/{added.Id}", Show(added));
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, AccountOperations accounts, long id, ChangeBody body)
    {
        var (actor, account) = (ApiDoor.ActorOf(context), new AccountId(id));
        if (body.IsActive is { } active)
        {
            await accounts.SetStateAsync(actor, [account], active ? AccountState.Active : AccountState.Deactivated, context.RequestAborted);
        }

        var change = new AccountChange { DisplayName = body.DisplayName, IsAdministrator = body.IsAdministrator, Language = body.Language };
        return Results.Ok(Show(await accounts.UpdateAsync(actor, account, change, context.RequestAborted)));
    }

    private static View Show(Account account) => new(
        account.Id.Value, account.Name, account.PrimaryAddress.ToString(), account.DisplayName, account.State == AccountState.Active, account.IsAdministrator, account.QuotaOctets)
    {
        Addresses = [.. account.Addresses.Select(address => address.ToString())],
        Created = account.Created.ToDateTimeOffset(),
        LastSignIn = account.LastSignIn?.ToDateTimeOffset(),
    };
}
