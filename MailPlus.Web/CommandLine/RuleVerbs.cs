using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on lists of rules: black-list, white-list, trusted-list, relay-domains, relay-hosts.</summary>
internal static class RuleVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("rule list", "LIST", (context, _) => ListAsync(context)),
        new Verb("rule add", "LIST JSON", AddAsync),
        new Verb("rule set", "LIST NAME JSON", SetAsync),
        new Verb("rule remove", "LIST NAME", RemoveAsync),
    ];

    private static async Task ListAsync(VerbContext context) => await context.Out.WriteLineAsync(context.Engine.Rules.ListJson(Actor.Operator, Book(context)));

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var book = Book(context);
        Must(await context.Engine.Rules.AddAsync(Actor.Operator, book, RuleOperations.Parse(book, context.Words.Word(1, "JSON")), cancellationToken));
    }

    private static async Task SetAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var book = Book(context);
        Must(await context.Engine.Rules.ReplaceAsync(Actor.Operator, book, context.Words.Word(1, "NAME"), RuleOperations.Parse(book, context.Words.Word(2, "JSON")), cancellationToken));
    }

    private static async Task RemoveAsync(VerbContext context, CancellationToken cancellationToken) =>
        Must(await context.Engine.Rules.RemoveAsync(Actor.Operator, Book(context), [context.Words.Word(1, "NAME")], cancellationToken));

    private static RuleBook Book(VerbContext context) => RuleOperations.Find(context.Words.Word(0, "LIST"));

    private static void Must(SettingsOutcome outcome)
    {
        if (outcome.Refusals is [var first, ..])
        {
            throw new RefusedException(first);
        }
    }
}
