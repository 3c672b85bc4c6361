using MailPlus.Engine.Accounts.Licensing;

namespace MailPlus.Web.Api;

/// <summary>/licences: keys and seats, install keys.</summary>
internal static class LicenceResource
{
    private sealed record KeysBody(IReadOnlyList<string>? Keys);

    private sealed record KeyView(string Key, string? Id, int Accounts, DateTimeOffset Added, string Validity)
    {
        public DateOnly? Until { get; init; }
    }

    private sealed record View(int? Total, int Used, int? Unused, IReadOnlyList<KeyView> Keys);

    private sealed record AddedView(string? Id, int Accounts, bool IsDuplicate);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/licences", async (HttpContext context, LicenceOperations licences) => Results.Ok(Show(await licences.GetAsync(ApiDoor.ActorOf(context), context.RequestAborted))));
        api.MapPost("/licences", async (HttpContext context, LicenceOperations licences, KeysBody body) =>
            Results.Ok((await licences.AddAsync(ApiDoor.ActorOf(context), body.Keys ?? [], context.RequestAborted)).Select(check => new AddedView(check.Key?.Id, check.Key?.Accounts ?? 0, check.IsDuplicate)).ToList()));
        api.MapPost("/licences/recheck", async (HttpContext context, LicenceOperations licences) => Results.Ok(Show(await licences.RecheckAsync(ApiDoor.ActorOf(context), context.RequestAborted))));
    }

    private static View Show(LicenceOverview overview) => new(overview.Seats.Total, overview.Seats.Used, overview.Seats.Unused, [.. overview.Keys.Select(key =>
        new KeyView(key.Token, key.Key?.Id, key.Key?.Accounts ?? 0, key.Added.ToDateTimeOffset(), key.Validity.ToString()) { Until = key.Key?.Until })]);
}
