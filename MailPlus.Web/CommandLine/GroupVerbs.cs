using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on groups and on the default state.</summary>
internal static class GroupVerbs
{
    private const int PageSize = 1000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("group add", "NAME [--description TEXT]", AddAsync) { Options = ["--description"] },
        new Verb("group list", "[--json]", ListAsync),
        new Verb("group remove", "NAME", async (context, token) => await context.Engine.Groups.DeleteAsync(Actor.Operator, [(await FindAsync(context, token)).Id], token)),
        new Verb("group join", "NAME ADDRESS", (context, token) => ChangeAsync(context, isJoining: true, token)),
        new Verb("group leave", "NAME ADDRESS", (context, token) => ChangeAsync(context, isJoining: false, token)),
        new Verb("group activation", "NAME activate|deactivate|none", ActivateAsync),
        new Verb("account activation", "ADDRESS activate|deactivate|none", ActivateAccountAsync),
        new Verb("account default", "on|off", DefaultAsync),
    ];

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var made = await context.Engine.Groups.AddAsync(Actor.Operator, context.Words.Word(0, "NAME"), context.Words.Find("--description") ?? "", cancellationToken);
        await context.Out.WriteLineAsync($"{made.Name} added.");
    }

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var rows = new List<object>();
        for (var page = await ReadAsync(0); page.Rows.Count > 0; page = await ReadAsync(rows.Count))
        {
            rows.AddRange(page.Rows.Select(group => (object)new { Group = group.Name, group.Description, Activation = Name(group.Activation), group.Members }));
        }

        context.Print(rows);

        Task<Page<AccountGroup>> ReadAsync(int offset) => context.Engine.Groups.ListAsync(Actor.Operator, new GroupQuery { Offset = offset, Limit = PageSize }, cancellationToken);
    }

    private static async Task ChangeAsync(VerbContext context, bool isJoining, CancellationToken cancellationToken)
    {
        var (group, account) = (await FindAsync(context, cancellationToken), AccountOf(context, 1));
        await context.Engine.Groups.ChangeMembersAsync(Actor.Operator, group.Id, isJoining ? [account] : [], isJoining ? [] : [account], cancellationToken);
    }

    private static async Task ActivateAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var group = await FindAsync(context, cancellationToken);
        await ApplyAsync(context, new ActivationChange { Groups = new Dictionary<GroupId, ActivationChoice> { [group.Id] = Choice(context) } }, cancellationToken);
    }

    private static Task ActivateAccountAsync(VerbContext context, CancellationToken cancellationToken) =>
        ApplyAsync(context, new ActivationChange { Users = new Dictionary<AccountId, ActivationChoice> { [AccountOf(context, 0)] = Choice(context) } }, cancellationToken);

    private static Task DefaultAsync(VerbContext context, CancellationToken cancellationToken) => ApplyAsync(
        context,
        new ActivationChange { ByDefault = context.Words.Word(0, "on|off") switch { "on" => true, "off" => false, _ => throw new UsageException("The default state is on or off.") } },
        cancellationToken);

    private static async Task ApplyAsync(VerbContext context, ActivationChange change, CancellationToken cancellationToken)
    {
        var changed = await context.Engine.Activation.ApplyAsync(Actor.Operator, change, cancellationToken);
        await context.Out.WriteLineAsync($"{changed} accounts changed.");
    }

    private static ActivationChoice Choice(VerbContext context) => context.Words.Word(1, "activate|deactivate|none") switch
    {
        "activate" => ActivationChoice.Activate,
        "deactivate" => ActivationChoice.Deactivate,
        "none" => ActivationChoice.None,
        _ => throw new UsageException("A choice is activate, deactivate or none."),
    };

    private static string Name(ActivationChoice choice) => choice switch { ActivationChoice.Activate => "activate", ActivationChoice.Deactivate => "deactivate", _ => "none" };

    private static async Task<AccountGroup> FindAsync(VerbContext context, CancellationToken cancellationToken) =>
        await context.Engine.Groups.FindAsync(Actor.Operator, context.Words.Word(0, "NAME"), cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "GroupUnknown"));

    private static AccountId AccountOf(VerbContext context, int index) => context.Engine.AddressBook.FindByLogin(context.Words.Word(index, "ADDRESS"))?.Id
        ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));
}
