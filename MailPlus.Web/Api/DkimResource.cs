using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Api;

/// <summary>/domains/{id}/dkim: state and keys, switch, generate, activate, remove.</summary>
internal static class DkimResource
{
    private sealed record SwitchBody(bool Enabled);

    private sealed record KeyBody(string? Algorithm, int? Bits, string? Prefix, bool ReplaceNow);

    private sealed record KeyView(long Id, string Selector, string State, string Algorithm, int Bits)
    {
        public string PublicKey { get; init; } = "";

        public DateTimeOffset Created { get; init; }

        public DateTimeOffset? KeepUntil { get; init; }

        public IReadOnlyList<DkimRecord> Records { get; init; } = [];
    }

    private sealed record View(bool Enabled, IReadOnlyList<KeyView> Keys);

    public static void Map(IEndpointRouteBuilder api)
    {
        var dkim = api.MapGroup("/domains/{domain:long}/dkim");
        dkim.MapGet("", async (HttpContext context, DkimOperations operations, long domain) =>
            Show(await operations.GetAsync(ApiDoor.ActorOf(context), new DomainId(domain), context.RequestAborted)));
        dkim.MapPatch("", async (HttpContext context, DkimOperations operations, long domain, SwitchBody body) =>
            Show(await operations.EnableAsync(ApiDoor.ActorOf(context), new DomainId(domain), body.Enabled, context.RequestAborted)));
        dkim.MapPost("/keys", async (HttpContext context, DkimOperations operations, long domain, KeyBody body) =>
            Show(await operations.GenerateAsync(ApiDoor.ActorOf(context), new DomainId(domain), Wanted(body), context.RequestAborted)));
        dkim.MapPost("/keys/{key:long}/activate", async (HttpContext context, DkimOperations operations, long domain, long key) =>
            Show(await operations.ActivateAsync(ApiDoor.ActorOf(context), new DomainId(domain), new DkimKeyId(key), context.RequestAborted)));
        dkim.MapDelete("/keys/{key:long}", async (HttpContext context, DkimOperations operations, long domain, long key) =>
            Show(await operations.RemoveAsync(ApiDoor.ActorOf(context), new DomainId(domain), new DkimKeyId(key), context.RequestAborted)));
    }

    private static NewDkimKey Wanted(KeyBody body) => new()
    {
        Algorithm = body.Algorithm is null ? DkimAlgorithm.Rsa
            : Enum.TryParse<DkimAlgorithm>(body.Algorithm, ignoreCase: true, out var algorithm) && Enum.IsDefined(algorithm) ? algorithm
            : throw new RefusedException(new Refusal(RefusalKind.Invalid, "DkimAlgorithmUnknown") { Field = "Algorithm" }),
        Bits = body.Bits ?? 2048,
        Prefix = body.Prefix ?? "",
        ReplaceNow = body.ReplaceNow,
    };

    private static IResult Show(DkimState state) => Results.Ok(new View(state.Enabled,
    [
        .. state.Keys.Select(key => new KeyView(key.Id.Value, key.Selector, key.State.ToString(), key.Algorithm.ToString(), key.Bits)
        {
            PublicKey = key.PublicKey, Created = key.Created.ToDateTimeOffset(), KeepUntil = key.KeepUntil?.ToDateTimeOffset(), Records = key.Records,
        }),
    ]));
}
