using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/domains: list, one, add, change, remove.</summary>
internal static class DomainResource
{
    private sealed record Body(string? Name, string? Description);

    /// <param name="Description">Null leaves it.</param>
    /// <param name="CatchAll">Id of an account, 0 for none, null leaves it.</param>
    /// <param name="Postmaster">The same.</param>
    /// <param name="Additional">All additional domains; null leaves them.</param>
    /// <param name="Limits">All limits of users whose policy leaves it to the domain; null leaves them.</param>
    private sealed record ChangeBody(string? Description, long? CatchAll, long? Postmaster, IReadOnlyList<string>? Additional, DomainLimits? Limits);

    private sealed record View(long Id, string Name, string UnicodeName, string Description, int Members, DateTimeOffset Created)
    {
        public IReadOnlyList<string> Additional { get; init; } = [];

        public long? CatchAll { get; init; }

        public long? Postmaster { get; init; }

        public DomainLimits Limits { get; init; } = DomainLimits.None;
    }

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/domains", async (HttpContext context, DomainOperations domains, string? search, int? offset, int? limit) =>
        {
            var page = await domains.ListAsync(ApiDoor.ActorOf(context), new DomainQuery { Search = search ?? "", Offset = offset ?? 0, Limit = limit ?? 50 }, context.RequestAborted);
            return Results.Ok(new ApiPage<View>(page.Total, [.. page.Rows.Select(Show)]));
        });
        api.MapGet("/domains/{id:long}", async (HttpContext context, DomainOperations domains, long id) =>
            Results.Ok(Show(await domains.GetAsync(ApiDoor.ActorOf(context), new DomainId(id), context.RequestAborted))));
        api.MapPost("/domains", async (HttpContext context, DomainOperations domains, Body body) =>
        {
            var name = DomainName.TryParse(body.Name, out var parsed) ? parsed : throw new RefusedException(new Refusal(RefusalKind.Invalid, "DomainMalformed") { Field = "Name" });
            var added = await domains.AddAsync(ApiDoor.ActorOf(context), new NewDomain(name, body.Description ?? ""), context.RequestAborted);
            return Results.Created($"/api/v1/domains/{added.Id.Value}", Show(added));
        });
        api.MapPatch("/domains/{id:long}", async (HttpContext context, DomainOperations domains, long id, ChangeBody body) =>
            Results.Ok(Show(await domains.UpdateAsync(ApiDoor.ActorOf(context), new DomainId(id), Change(body), context.RequestAborted))));
        api.MapDelete("/domains/{id:long}", async (HttpContext context, DomainOperations domains, long id) =>
        {
            await domains.RemoveAsync(ApiDoor.ActorOf(context), new DomainId(id), context.RequestAborted);
            return Results.NoContent();
        });
    }

    private static DomainChange Change(ChangeBody body) => new()
    {
        Description = body.Description,
        CatchAll = Chosen(body.CatchAll),
        Limits = body.Limits,
        Postmaster = Chosen(body.Postmaster),
        Additional = body.Additional is null
            ? null
            : [.. body.Additional.Select(name => DomainName.TryParse(name, out var parsed) ? parsed : throw new RefusedException(new Refusal(RefusalKind.Invalid, "DomainMalformed") { Field = "Additional" }))],
    };

    private static ChosenAccount? Chosen(long? id) => id is null ? null : id == 0 ? ChosenAccount.Nobody : new ChosenAccount(new AccountId(id.Value));

    private static View Show(MailDomain domain) =>
        new(domain.Id.Value, domain.Name.Ascii, domain.Name.Unicode, domain.Description, domain.Members, domain.Created.ToDateTimeOffset())
        {
            Additional = [.. domain.Additional.Select(name => name.Ascii)], CatchAll = domain.CatchAll?.Value, Postmaster = domain.Postmaster?.Value, Limits = domain.Limits,
        };
}
