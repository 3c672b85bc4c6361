using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.AutoBcc;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on blind copies.</summary>
internal static class BccVerbs
{
    private const int PageSize = 1000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("bcc add", "DOMAIN from|to|all [PATTERN] TARGET", AddAsync),
        new Verb("bcc list", "DOMAIN [--json]", ListAsync),
        new Verb("bcc remove", "DOMAIN from|to|all [PATTERN] TARGET", RemoveAsync),
        new Verb("bcc import", "DOMAIN from|to FILE", ImportAsync),
        new Verb("bcc export", "DOMAIN from|to", ExportAsync),
    ];

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        await context.Engine.Bcc.CreateAsync(Actor.Operator, domain.Id, Draft(context), cancellationToken);
        await context.Out.WriteLineAsync("The rule was added.");
    }

    private static async Task RemoveAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var draft = Draft(context);
        var found = (await ReadAsync(context, domain, cancellationToken)).Where(rule => rule.Criterion == draft.Criterion && rule.Pattern == draft.Pattern && rule.Target.ToString() == draft.Target).ToList();
        if (found.Count == 0)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotFound, "BccRuleUnknown"));
        }

        await context.Engine.Bcc.RemoveAsync(Actor.Operator, domain.Id, [.. found.Select(rule => rule.Id)], cancellationToken);
        await context.Out.WriteLineAsync("The rule was removed.");
    }

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        context.Print([.. (await ReadAsync(context, domain, cancellationToken)).Select(rule => (object)new { Criterion = rule.Criterion.ToString().ToLowerInvariant(), rule.Pattern, Target = rule.Target.ToDisplayString() })]);
    }

    private static async Task ImportAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var text = await DomainVerbs.ReadFileAsync(context.Path(2, "FILE"), cancellationToken);
        await DomainVerbs.TellAsync(context, await context.Engine.Bcc.ImportAsync(Actor.Operator, domain.Id, Criterion(context), text, cancellationToken));
    }

    private static async Task ExportAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        await context.Out.WriteAsync(await context.Engine.Bcc.ExportAsync(Actor.Operator, domain.Id, Criterion(context), cancellationToken));
    }

    private static BccCriterion Criterion(VerbContext context) => context.Words.Word(1, "CRITERION") switch
    {
        "from" => BccCriterion.From,
        "to" => BccCriterion.To,
        "all" => BccCriterion.All,
        _ => throw new UsageException("The criterion is from, to or all."),
    };

    private static BccDraft Draft(VerbContext context) => Criterion(context) is BccCriterion.All
        ? new BccDraft(BccCriterion.All, "", context.Words.Word(2, "TARGET"))
        : new BccDraft(Criterion(context), context.Words.Word(2, "PATTERN"), context.Words.Word(3, "TARGET"));

    private static async Task<List<BccRule>> ReadAsync(VerbContext context, MailDomain domain, CancellationToken cancellationToken)
    {
        var rows = new List<BccRule>();
        while (true)
        {
            var page = await context.Engine.Bcc.ListAsync(Actor.Operator, domain.Id, new BccQuery { Offset = rows.Count, Limit = PageSize }, cancellationToken);
            rows.AddRange(page.Rows);
            if (page.Rows.Count < PageSize)
            {
                return rows;
            }
        }
    }
}
