using System.Globalization;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on user policies and on what accounts sent.</summary>
internal static class PolicyVerbs
{
    private const string RuleUsage =
        "[--users A,B] [--groups A,B] [--color COLOR] [--forwarding domain|allow|forbid] [--daily-messages domain|off|N] [--daily-megabytes domain|off|N] [--attachment-megabytes domain|off|N] [--internal-only yes|no] [--imap yes|no|local] [--pop3 yes|no|local] [--search yes|no]";

    private static readonly string[] RuleOptions =
        ["--name", "--users", "--groups", "--color", "--forwarding", "--daily-messages", "--daily-megabytes", "--attachment-megabytes", "--internal-only", "--imap", "--pop3", "--search"];

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("policy list", "[--json]", ListAsync),
        new Verb("policy add", $"NAME {RuleUsage}", AddAsync) { Options = RuleOptions },
        new Verb("policy set", $"NAME [--name NAME] {RuleUsage}", SetAsync) { Options = RuleOptions },
        new Verb("policy order", "NAME NAME … (the highest first)", OrderAsync),
        new Verb("policy remove", "NAME", async (context, token) => await context.Engine.UserPolicies.DeleteAsync(Actor.Operator, (await FindAsync(context, 0, token)).Id, token)),
        new Verb("usage list", "[--json]", ListUsageAsync),
        new Verb("usage clear", "ADDRESS | --all", ClearUsageAsync) { Options = ["--all"] },
    ];

    /// <summary>A limit as an option gives it.</summary>
    internal static PolicyLimit Limit(string text, string option) => text switch
    {
        "domain" => default,
        "off" => new PolicyLimit(PolicySwitch.Off),
        _ => new PolicyLimit(PolicySwitch.On, Number(text, option)),
    };

    /// <summary>A number as an option gives it.</summary>
    internal static long Number(string text, string option) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new UsageException($"{option} is a number.");

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken) => context.Print(
    [
        .. (await context.Engine.UserPolicies.ListAsync(Actor.Operator, cancellationToken)).Select(policy => (object)new
        {
            Policy = policy.Name,
            policy.Color,
            Users = policy.Users.Select(user => user.Name).ToArray(),
            Groups = policy.Groups.Select(group => group.Name).ToArray(),
            Forwarding = policy.Rules.ForbidForwarding switch { PolicySwitch.On => "forbid", PolicySwitch.Off => "allow", _ => "domain" },
            DailyMessages = Text(policy.Rules.DailyMessages),
            DailyMegabytes = Text(policy.Rules.DailyMegabytes),
            AttachmentMegabytes = Text(policy.Rules.AttachmentMegabytes),
            policy.Rules.InternalOnly,
            Imap = Text(policy.Rules.Imap, policy.Rules.ImapLocalOnly),
            Pop3 = Text(policy.Rules.Pop3, policy.Rules.Pop3LocalOnly),
            policy.Rules.Search,
        }),
    ]);

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var draft = await ReadAsync(context, new PolicyDraft(context.Words.Word(0, "NAME")), cancellationToken);
        await context.Engine.UserPolicies.AddAsync(Actor.Operator, draft, cancellationToken);
        await context.Out.WriteLineAsync($"{draft.Name} added above all other policies.");
    }

    private static async Task SetAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var policy = await FindAsync(context, 0, cancellationToken);
        var present = new PolicyDraft(context.Words.Find("--name") ?? policy.Name)
        {
            Color = policy.Color, Rules = policy.Rules, Users = [.. policy.Users.Select(user => user.Id)], Groups = [.. policy.Groups.Select(group => group.Id)],
        };
        await context.Engine.UserPolicies.UpdateAsync(Actor.Operator, policy.Id, await ReadAsync(context, present, cancellationToken), cancellationToken);
        await context.Out.WriteLineAsync($"{present.Name} changed.");
    }

    private static async Task OrderAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var policies = await context.Engine.UserPolicies.ListAsync(Actor.Operator, cancellationToken);
        await context.Engine.UserPolicies.ReorderAsync(Actor.Operator, [.. context.Words.Words.Select(name => Named(policies, name).Id)], cancellationToken);
    }

    private static async Task<PolicyDraft> ReadAsync(VerbContext context, PolicyDraft draft, CancellationToken cancellationToken)
    {
        var words = context.Words;
        var (imap, imapLocal) = Door(words, "--imap", (draft.Rules.Imap, draft.Rules.ImapLocalOnly));
        var (pop3, pop3Local) = Door(words, "--pop3", (draft.Rules.Pop3, draft.Rules.Pop3LocalOnly));
        return draft with
        {
            Color = words.Find("--color") is { } color ? Enum.TryParse<PolicyColor>(color, ignoreCase: true, out var known) ? known : throw new UsageException($"--color is one of {string.Join(", ", Enum.GetNames<PolicyColor>())}.") : draft.Color,
            Users = words.Find("--users") is { } users ? [.. Split(users).Select(name => AccountOf(context, name))] : draft.Users,
            Groups = words.Find("--groups") is { } groups ? await GroupsAsync(context, groups, cancellationToken) : draft.Groups,
            Rules = draft.Rules with
            {
                ForbidForwarding = words.Find("--forwarding") switch
                {
                    null => draft.Rules.ForbidForwarding,
                    "domain" => PolicySwitch.ByDomain,
                    "allow" => PolicySwitch.Off,
                    "forbid" => PolicySwitch.On,
                    _ => throw new UsageException("--forwarding is domain, allow or forbid."),
                },
                DailyMessages = Find(words, "--daily-messages", draft.Rules.DailyMessages),
                DailyMegabytes = Find(words, "--daily-megabytes", draft.Rules.DailyMegabytes),
                AttachmentMegabytes = Find(words, "--attachment-megabytes", draft.Rules.AttachmentMegabytes),
                InternalOnly = YesNo(words, "--internal-only", draft.Rules.InternalOnly),
                Imap = imap,
                ImapLocalOnly = imapLocal,
                Pop3 = pop3,
                Pop3LocalOnly = pop3Local,
                Search = YesNo(words, "--search", draft.Rules.Search),
            },
        };
    }

    private static PolicyLimit Find(CommandWords words, string option, PolicyLimit present) => words.Find(option) is { } text ? Limit(text, option) : present;

    private static bool YesNo(CommandWords words, string option, bool present) => words.Find(option) switch
    {
        null => present,
        "yes" => true,
        "no" => false,
        _ => throw new UsageException($"{option} is yes or no."),
    };

    private static (bool Allowed, bool LocalOnly) Door(CommandWords words, string option, (bool Allowed, bool LocalOnly) present) => words.Find(option) switch
    {
        null => present,
        "yes" => (true, false),
        "no" => (false, false),
        "local" => (true, true),
        _ => throw new UsageException($"{option} is yes, no or local."),
    };

    private static string Text(PolicyLimit limit) => limit.State switch
    {
        PolicySwitch.On => limit.Value.ToString(CultureInfo.InvariantCulture),
        PolicySwitch.Off => "off",
        _ => "domain",
    };

    private static string Text(bool isAllowed, bool localOnly) => !isAllowed ? "no" : localOnly ? "local" : "yes";

    private static string[] Split(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static async Task<IReadOnlyList<GroupId>> GroupsAsync(VerbContext context, string names, CancellationToken cancellationToken)
    {
        var found = new List<GroupId>();
        foreach (var name in Split(names))
        {
            found.Add((await context.Engine.Groups.FindAsync(Actor.Operator, name, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "GroupUnknown"))).Id);
        }

        return found;
    }

    private static AccountId AccountOf(VerbContext context, string name) =>
        context.Engine.AddressBook.FindByLogin(name)?.Id ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));

    private static async Task<UserPolicy> FindAsync(VerbContext context, int index, CancellationToken cancellationToken) =>
        Named(await context.Engine.UserPolicies.ListAsync(Actor.Operator, cancellationToken), context.Words.Word(index, "NAME"));

    private static UserPolicy Named(IReadOnlyList<UserPolicy> policies, string name) =>
        policies.FirstOrDefault(policy => policy.Name.Equals(name.Trim(), StringComparison.OrdinalIgnoreCase)) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "PolicyUnknown"));

    private static async Task ListUsageAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var page = await context.Engine.Usage.ListAsync(Actor.Operator, null, "", cancellationToken);
        context.Print([.. page.Rows.Select(row => (object)new { Account = row.Account.Name, row.Sent.Messages, row.Sent.Octets, row.MostMessages, row.MostOctets })]);
    }

    private static async Task ClearUsageAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var accounts = context.Words.Has("--all")
            ? [.. (await context.Engine.Usage.ListAsync(Actor.Operator, null, "", cancellationToken)).Rows.Select(row => row.Account.Id)]
            : new[] { AccountOf(context, context.Words.Word(0, "ADDRESS")) };
        await context.Out.WriteLineAsync($"{await context.Engine.Usage.ClearAsync(Actor.Operator, accounts, cancellationToken)} accounts reset.");
    }
}
