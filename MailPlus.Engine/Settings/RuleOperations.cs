using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>What part of a list of rules is asked for.</summary>
public sealed record RuleQuery
{
    /// <summary>A part of the name, or of anything a rule says; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>From Z to A.</summary>
    public bool Descending { get; init; }

    /// <summary>First row.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>Operations on lists of rules (Mail Delivery pages, <c>rule</c> verbs, REST). Every change is a version of the settings. Permission ManageSettings.</summary>
public sealed class RuleOperations(SettingsOperations settings)
{
    private const int MaximumRows = 1000;

    /// <summary>The list of a name.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public static RuleBook Find(string name) => RuleBook.All.FirstOrDefault(book => book.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "RuleListUnknown") { Arguments = [name] });

    /// <summary>Rules by name; passwords masked.</summary>
    public Page<T> List<T>(Actor actor, RuleBook<T> book, RuleQuery query)
        where T : class, INamedRule
    {
        var fitting = book.Read(settings.Get(actor)).Where(rule => query.Search.Trim() is not { Length: > 0 } search || RuleText.Format([rule]).Contains(search, StringComparison.OrdinalIgnoreCase)).ToList();
        var sorted = query.Descending ? fitting.OrderByDescending(rule => rule.Name, StringComparer.OrdinalIgnoreCase) : fitting.OrderBy(rule => rule.Name, StringComparer.OrdinalIgnoreCase);
        return new Page<T>([.. sorted.Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows))], fitting.Count);
    }

    /// <summary>All rules of any list as JSON; passwords masked.</summary>
    public string ListJson(Actor actor, RuleBook book) => RuleText.Format(book.ReadAny(settings.Get(actor)));

    /// <summary>Adds a rule at the end.</summary>
    public Task<SettingsOutcome> AddAsync(Actor actor, RuleBook book, INamedRule rule, CancellationToken cancellationToken) =>
        settings.SaveAsync(actor, null, snapshot => book.WriteAny(snapshot, [.. book.ReadAny(snapshot), rule]), cancellationToken);

    /// <summary>Puts a rule in the place of the one of a name.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid when a rule gets another name and its password is not typed again.</exception>
    public Task<SettingsOutcome> ReplaceAsync(Actor actor, RuleBook book, string name, INamedRule rule, CancellationToken cancellationToken)
    {
        if (rule is ISecretRule { Secret: SettingsCatalog.SecretMask } && rule.Name != name)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "RulePasswordAgain") { Field = book.Setting });
        }

        return settings.SaveAsync(
            actor,
            null,
            snapshot =>
            {
                var rules = book.ReadAny(snapshot).ToList();
                rules[IndexOf(rules, name)] = rule;
                return book.WriteAny(snapshot, rules);
            },
            cancellationToken);
    }

    /// <summary>Removes rules by name.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<SettingsOutcome> RemoveAsync(Actor actor, RuleBook book, IReadOnlyList<string> names, CancellationToken cancellationToken) => settings.SaveAsync(
        actor,
        null,
        snapshot =>
        {
            var rules = book.ReadAny(snapshot).ToList();
            foreach (var name in names)
            {
                rules.RemoveAt(IndexOf(rules, name));
            }

            return book.WriteAny(snapshot, rules);
        },
        cancellationToken);

    /// <summary>A rule of a list from JSON.</summary>
    /// <exception cref="RefusedException">Invalid.</exception>
    public static INamedRule Parse(RuleBook book, string json) => book.Parse(json) ?? throw new RefusedException(new Refusal(RefusalKind.Invalid, "SettingMalformed") { Field = book.Setting, Arguments = [book.Setting] });

    private static int IndexOf(List<INamedRule> rules, string name) =>
        rules.FindIndex(rule => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is >= 0 and var index ? index : throw new RefusedException(new Refusal(RefusalKind.NotFound, "RuleUnknown") { Arguments = [name] });
}
