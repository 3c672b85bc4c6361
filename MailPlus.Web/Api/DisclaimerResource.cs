using MailPlus.Engine.Domains.Disclaimers;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/domains/{id}/disclaimers: list, add, change, remove, order.</summary>
internal static class DisclaimerResource
{
    private sealed record ConditionBody(string? Subject, string? Pattern);

    private sealed record Body(string? Name, string? Html, string? Plain)
    {
        public bool? Enabled { get; init; }

        public bool OnlyOutward { get; init; }

        public bool NeedsAll { get; init; }

        public IReadOnlyList<ConditionBody>? Rules { get; init; }

        public IReadOnlyList<ConditionBody>? Exceptions { get; init; }
    }

    private sealed record PlaceBody(long Id, bool Enabled);

    private sealed record ConditionView(string Subject, string Pattern);

    private sealed record View(long Id, string Name, bool Enabled)
    {
        public bool OnlyOutward { get; init; }

        public bool NeedsAll { get; init; }

        public IReadOnlyList<ConditionView> Rules { get; init; } = [];

        public IReadOnlyList<ConditionView> Exceptions { get; init; } = [];

        public string Html { get; init; } = "";

        public string Plain { get; init; } = "";
    }

    public static void Map(IEndpointRouteBuilder api)
    {
        var disclaimers = api.MapGroup("/domains/{domain:long}/disclaimers");
        disclaimers.MapGet("", async (HttpContext context, DisclaimerOperations operations, long domain) =>
            Show(await operations.ListAsync(ApiDoor.ActorOf(context), new DomainId(domain), context.RequestAborted)));
        disclaimers.MapPost("", async (HttpContext context, DisclaimerOperations operations, long domain, Body body) =>
            Show(await operations.CreateAsync(ApiDoor.ActorOf(context), new DomainId(domain), Draft(body), context.RequestAborted)));
        disclaimers.MapPut("/{id:long}", async (HttpContext context, DisclaimerOperations operations, long domain, long id, Body body) =>
            Show(await operations.UpdateAsync(ApiDoor.ActorOf(context), new DomainId(domain), new DisclaimerId(id), Draft(body), context.RequestAborted)));
        disclaimers.MapDelete("/{id:long}", async (HttpContext context, DisclaimerOperations operations, long domain, long id) =>
            Show(await operations.RemoveAsync(ApiDoor.ActorOf(context), new DomainId(domain), new DisclaimerId(id), context.RequestAborted)));
        disclaimers.MapPut("/order", async (HttpContext context, DisclaimerOperations operations, long domain, IReadOnlyList<PlaceBody> places) =>
            Show(await operations.ArrangeAsync(ApiDoor.ActorOf(context), new DomainId(domain), [.. places.Select(place => (new DisclaimerId(place.Id), place.Enabled))], context.RequestAborted)));
    }

    private static DisclaimerDraft Draft(Body body) => new(body.Name ?? "")
    {
        IsEnabled = body.Enabled ?? true, OnlyOutward = body.OnlyOutward, NeedsAll = body.NeedsAll, Rules = Read(body.Rules), Exceptions = Read(body.Exceptions), Html = body.Html ?? "", Plain = body.Plain ?? "",
    };

    /// <summary>An unknown word becomes a subject that does not exist, which the operation refuses once it knows who asks.</summary>
    private static IReadOnlyList<DisclaimerCondition> Read(IReadOnlyList<ConditionBody>? conditions) =>
        [.. (conditions ?? []).Select(one => new DisclaimerCondition(Enum.TryParse<DisclaimerSubject>(one.Subject, ignoreCase: true, out var subject) ? subject : (DisclaimerSubject)(-1), one.Pattern ?? ""))];

    private static IReadOnlyList<ConditionView> Show(IReadOnlyList<DisclaimerCondition> conditions) => [.. conditions.Select(one => new ConditionView(one.Subject.ToString(), one.Pattern))];

    private static IResult Show(IReadOnlyList<Disclaimer> disclaimers) => Results.Ok(disclaimers.Select(one => new View(one.Id.Value, one.Content.Name, one.Content.IsEnabled)
    {
        OnlyOutward = one.Content.OnlyOutward, NeedsAll = one.Content.NeedsAll, Rules = Show(one.Content.Rules), Exceptions = Show(one.Content.Exceptions), Html = one.Content.Html, Plain = one.Content.Plain,
    }).ToList());
}
