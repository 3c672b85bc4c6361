using MailPlus.Engine.Accounts.Licensing;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Activation;

/// <summary>Choices put in force together, all or none (ACC-27).</summary>
public sealed record ActivationChange
{
    /// <summary>Choices for users.</summary>
    public IReadOnlyDictionary<AccountId, ActivationChoice> Users { get; init; } = new Dictionary<AccountId, ActivationChoice>();

    /// <summary>Choices for groups.</summary>
    public IReadOnlyDictionary<GroupId, ActivationChoice> Groups { get; init; } = new Dictionary<GroupId, ActivationChoice>();

    /// <summary>Whether accounts nobody decided about are activated (ACC-32); null leaves it.</summary>
    public bool? ByDefault { get; init; }
}

/// <summary>The default state and the seats (ACC-22, ACC-32).</summary>
/// <param name="ByDefault">Accounts nobody decided about are activated.</param>
/// <param name="Seats">How many may be active, and are.</param>
public sealed record ActivationOverview(bool ByDefault, LicenceSeats Seats);

/// <summary>Operations on activation (Account pages, <c>account</c> and <c>group</c> verbs, REST). Permission ManageAccounts.</summary>
public sealed class ActivationOperations
{
    private const int MaximumAtOnce = 10_000;
    private readonly SystemDatabase _database;
    private readonly Seating _seating;

    internal ActivationOperations(SystemDatabase database, Seating seating) => (_database, _seating) = (database, seating);

    /// <summary>Default state and seats.</summary>
    public Task<ActivationOverview> GetAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        return _database.ReadAsync(
            async context => new ActivationOverview(await Seating.IsByDefaultAsync(context, cancellationToken), await _seating.CountAsync(context, _database.Now, cancellationToken)),
            cancellationToken);
    }

    /// <summary>Puts choices in force. Returns how many accounts became active or stopped being so.</summary>
    /// <exception cref="RefusedException">TooMany with key LicencesUsedUp and the number missing; NotFound; NotAllowed.</exception>
    public Task<int> ApplyAsync(Actor actor, ActivationChange change, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        if (change.Users.Count + change.Groups.Count > MaximumAtOnce)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }

        return _database.WriteAsync(
            async context =>
            {
                var demanded = change.Users.Where(one => one.Value == ActivationChoice.Activate).Select(one => one.Key.Value).ToHashSet();
                await ChooseUsersAsync(context, actor, change.Users, cancellationToken);
                await ChooseGroupsAsync(context, actor, change.Groups, demanded, cancellationToken);
                if (change.ByDefault is { } byDefault)
                {
                    await StateRows.SetAsync(context, Seating.DefaultState, byDefault ? "1" : "0", cancellationToken);
                    Record(context, actor, "DefaultActivationChanged", byDefault ? "on" : "off");
                }

                var isForAll = change.Groups.Count > 0 || change.ByDefault is not null;
                return await _seating.SettleAsync(
                    context,
                    new SeatingChange(actor, _database.Now)
                    {
                        Only = isForAll ? null : [.. change.Users.Keys.Select(id => id.Value)],
                        IsDemanded = id => change.ByDefault == true || demanded.Contains(id),
                    },
                    cancellationToken);
            },
            cancellationToken);
    }

    private async Task ChooseUsersAsync(SystemContext context, Actor actor, IReadOnlyDictionary<AccountId, ActivationChoice> choices, CancellationToken cancellationToken)
    {
        foreach (var ids in choices.Keys.Select(id => id.Value).Chunk(500))
        {
            var rows = await context.Accounts.Where(row => ids.Contains(row.Id)).ToListAsync(cancellationToken);
            if (rows.Count != ids.Length)
            {
                throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));
            }

            foreach (var row in rows.Where(row => row.Activation != (int)choices[new AccountId(row.Id)]))
            {
                AccountRules.RequireMayTouch(actor, row);
                row.Activation = (int)choices[new AccountId(row.Id)];
                Record(context, actor, row.Activation == (int)ActivationChoice.Activate ? "AccountActivated" : row.Activation == (int)ActivationChoice.Deactivate ? "AccountDeactivated" : "AccountActivationCleared", row.Name);
            }
        }
    }

    private async Task ChooseGroupsAsync(SystemContext context, Actor actor, IReadOnlyDictionary<GroupId, ActivationChoice> choices, HashSet<long> demanded, CancellationToken cancellationToken)
    {
        foreach (var (id, choice) in choices)
        {
            var row = await context.Groups.FirstOrDefaultAsync(row => row.Id == id.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "GroupUnknown"));
            row.Activation = (int)choice;
            Record(context, actor, choice == ActivationChoice.Activate ? "GroupActivated" : choice == ActivationChoice.Deactivate ? "GroupDeactivated" : "GroupActivationCleared", row.Name);
            if (choice == ActivationChoice.Activate)
            {
                demanded.UnionWith(await context.GroupMembers.Where(member => member.GroupId == id.Value).Select(member => member.AccountId).ToListAsync(cancellationToken));
            }
        }
    }

    private void Record(SystemContext context, Actor actor, string action, string target) =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = _database.Now, Client = actor.Address });
}
