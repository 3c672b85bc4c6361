using System.Globalization;
using MailPlus.Engine.Domains.DkimKeys;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on the keys that sign a domain's mail.</summary>
internal static class DkimVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("dkim show", "DOMAIN [--json]", ShowAsync),
        new Verb("dkim enable", "DOMAIN", (context, token) => EnableAsync(context, true, token)),
        new Verb("dkim disable", "DOMAIN", (context, token) => EnableAsync(context, false, token)),
        new Verb("dkim generate", "DOMAIN [--selector PREFIX] [--bits 2048|1024] [--algorithm rsa|ed25519] [--replace now]", GenerateAsync)
        {
            Options = ["--selector", "--bits", "--algorithm", "--replace"],
        },
        new Verb("dkim activate", "DOMAIN SELECTOR", (context, token) => OnKeyAsync(context, context.Engine.Dkim.ActivateAsync, token)),
        new Verb("dkim remove", "DOMAIN SELECTOR", (context, token) => OnKeyAsync(context, context.Engine.Dkim.RemoveAsync, token)),
    ];

    private static async Task ShowAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        Print(context, await context.Engine.Dkim.GetAsync(Actor.Operator, domain.Id, cancellationToken));
    }

    private static async Task EnableAsync(VerbContext context, bool enabled, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        Print(context, await context.Engine.Dkim.EnableAsync(Actor.Operator, domain.Id, enabled, cancellationToken));
    }

    private static async Task GenerateAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var wanted = new NewDkimKey
        {
            Prefix = context.Words.Find("--selector") ?? "",
            Bits = context.Words.Find("--bits") is not { } bits ? 2048
                : int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new UsageException("--bits is 2048 or 1024."),
            Algorithm = context.Words.Find("--algorithm") switch
            {
                null or "rsa" => DkimAlgorithm.Rsa,
                "ed25519" => DkimAlgorithm.Ed25519,
                _ => throw new UsageException("--algorithm is rsa or ed25519."),
            },
            ReplaceNow = context.Words.Find("--replace") is { } when && (when == "now" ? true : throw new UsageException("--replace knows only now.")),
        };
        Print(context, await context.Engine.Dkim.GenerateAsync(Actor.Operator, domain.Id, wanted, cancellationToken));
    }

    private static async Task OnKeyAsync(VerbContext context, Func<Actor, DomainId, DkimKeyId, CancellationToken, Task<DkimState>> act, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var selector = context.Words.Word(1, "SELECTOR");
        var key = (await context.Engine.Dkim.GetAsync(Actor.Operator, domain.Id, cancellationToken)).Keys.FirstOrDefault(one => one.Selector == selector)
            ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DkimKeyUnknown") { Field = "SELECTOR" });
        Print(context, await act(Actor.Operator, domain.Id, key.Id, cancellationToken));
    }

    private static void Print(VerbContext context, DkimState state) => context.Print(
    [
        .. state.Keys.SelectMany(key => key.Records.Select(record => (object)new
        {
            Signs = state.Enabled && key.State == DkimKeyState.Active,
            State = key.State.ToString().ToLowerInvariant(),
            Algorithm = key.Algorithm == DkimAlgorithm.Rsa ? $"rsa {key.Bits}" : "ed25519",
            key.Selector,
            record.Name,
            record.Value,
        })),
    ]);
}
