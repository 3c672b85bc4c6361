using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Disclaimers;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on disclaimers.</summary>
internal static class DisclaimerVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("disclaimer add", "DOMAIN NAME [--plain FILE] [--html FILE] [--match any|all] [--outward yes|no] [RULE...] (RULE: sender=PATTERN, recipient=PATTERN, not-sender=PATTERN, not-recipient=PATTERN)", AddAsync)
        {
            Options = ["--plain", "--html", "--match", "--outward"],
        },
        new Verb("disclaimer list", "DOMAIN [--json]", ListAsync),
        new Verb("disclaimer remove", "DOMAIN NAME", RemoveAsync),
        new Verb("disclaimer order", "DOMAIN NAME...", OrderAsync),
    ];

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var conditions = context.Words.Words.Skip(2).Select(Condition).ToList();
        var draft = new DisclaimerDraft(context.Words.Word(1, "NAME"))
        {
            Plain = await TextAsync(context, "--plain", cancellationToken),
            Html = await TextAsync(context, "--html", cancellationToken),
            NeedsAll = context.Words.Find("--match") switch { null or "any" => false, "all" => true, _ => throw new UsageException("--match is any or all.") },
            OnlyOutward = context.Words.Find("--outward") switch { null or "no" => false, "yes" => true, _ => throw new UsageException("--outward is yes or no.") },
            Rules = [.. conditions.Where(one => !one.IsException).Select(one => one.Condition)],
            Exceptions = [.. conditions.Where(one => one.IsException).Select(one => one.Condition)],
        };
        await context.Engine.Disclaimers.CreateAsync(Actor.Operator, domain.Id, draft, cancellationToken);
        await context.Out.WriteLineAsync($"{draft.Name} added.");
    }

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        context.Print([.. (await context.Engine.Disclaimers.ListAsync(Actor.Operator, domain.Id, cancellationToken)).Select(one => (object)new
        {
            one.Content.Name,
            Enabled = one.Content.IsEnabled,
            Rules = one.Content.Rules.Select(rule => $"{rule.Subject.ToString().ToLowerInvariant()}={rule.Pattern}").Concat(one.Content.Exceptions.Select(rule => $"not-{rule.Subject.ToString().ToLowerInvariant()}={rule.Pattern}")).ToArray(),
        })]);
    }

    private static async Task RemoveAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var found = Find(await context.Engine.Disclaimers.ListAsync(Actor.Operator, domain.Id, cancellationToken), context.Words.Word(1, "NAME"));
        await context.Engine.Disclaimers.RemoveAsync(Actor.Operator, domain.Id, found.Id, cancellationToken);
        await context.Out.WriteLineAsync($"{found.Content.Name} removed.");
    }

    /// <summary>Those that are named come first; the others follow as they were.</summary>
    private static async Task OrderAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        context.Words.Word(1, "NAME");
        var all = await context.Engine.Disclaimers.ListAsync(Actor.Operator, domain.Id, cancellationToken);
        var first = context.Words.Words.Skip(1).Select(name => Find(all, name)).Distinct().ToList();
        await context.Engine.Disclaimers.ArrangeAsync(Actor.Operator, domain.Id, [.. first.Concat(all.Except(first)).Select(one => (one.Id, one.Content.IsEnabled))], cancellationToken);
        await ListAsync(context, cancellationToken);
    }

    private static async Task<string> TextAsync(VerbContext context, string option, CancellationToken cancellationToken) =>
        context.Words.Find(option) is { } file ? await DomainVerbs.ReadFileAsync(Path.GetFullPath(file, context.Folder), cancellationToken) : "";

    private static Disclaimer Find(IReadOnlyList<Disclaimer> all, string name) =>
        all.FirstOrDefault(one => one.Content.Name == name) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DisclaimerUnknown") { Field = "NAME" });

    private static (DisclaimerCondition Condition, bool IsException) Condition(string word)
    {
        var (key, pattern) = word.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? (word[..at], word[(at + 1)..]) : (word, "");
        return key switch
        {
            "sender" => (new DisclaimerCondition(DisclaimerSubject.Sender, pattern), false),
            "recipient" => (new DisclaimerCondition(DisclaimerSubject.Recipient, pattern), false),
            "not-sender" => (new DisclaimerCondition(DisclaimerSubject.Sender, pattern), true),
            "not-recipient" => (new DisclaimerCondition(DisclaimerSubject.Recipient, pattern), true),
            _ => throw new UsageException($"{word} is no rule."),
        };
    }
}
