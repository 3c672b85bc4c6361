using System.Globalization;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Policies;

/// <summary>Operations on user policies (Account &gt; User Policy, <c>policy</c> verbs, REST). Permission ManageAccounts. The default policy is none of them: nobody can edit it, delete it or put anything below it (ACC-50, ACC-52).</summary>
public sealed class PolicyOperations
{
    private const int LongestName = 100;
    private const int MostPolicies = 500;
    private const int MostTargets = 10_000;
    private const long LargestValue = 1_000_000_000;
    private readonly SystemDatabase _database;
    private readonly PolicyBook _book;

    internal PolicyOperations(SystemDatabase database, PolicyBook book) => (_database, _book) = (database, book);

    /// <summary>All custom policies with their targets, the highest first.</summary>
    public Task<IReadOnlyList<UserPolicy>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        return _database.ReadAsync<IReadOnlyList<UserPolicy>>(
            async context =>
            {
                var rows = await context.Policies.AsNoTracking().OrderBy(row => row.Position).ThenBy(row => row.Id).ToListAsync(cancellationToken);
                var users = await context.PolicyTargets.Where(target => target.AccountId != null)
                    .Join(context.Accounts, target => target.AccountId, account => account.Id, (target, account) => new { target.PolicyId, account.Id, account.Name }).ToListAsync(cancellationToken);
                var groups = await context.PolicyTargets.Where(target => target.GroupId != null)
                    .Join(context.Groups, target => target.GroupId, group => group.Id, (target, group) => new { target.PolicyId, group.Id, group.Name }).ToListAsync(cancellationToken);
                var (usersOf, groupsOf) = (users.ToLookup(one => one.PolicyId), groups.ToLookup(one => one.PolicyId));
                return [.. rows.Select(row => ToPolicy(row) with
                {
                    Users = [.. usersOf[row.Id].OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => new PolicyTarget<AccountId>(new AccountId(one.Id), one.Name))],
                    Groups = [.. groupsOf[row.Id].OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => new PolicyTarget<GroupId>(new GroupId(one.Id), one.Name))],
                })];
            },
            cancellationToken);
    }

    /// <summary>Adds a policy above all others, below none.</summary>
    /// <exception cref="RefusedException">Invalid with a field; AlreadyExists; NotFound; TooMany.</exception>
    public Task<PolicyId> AddAsync(Actor actor, PolicyDraft draft, CancellationToken cancellationToken) => SaveAsync(actor, null, draft, cancellationToken);

    /// <summary>Makes a policy what the draft says; its place stays.</summary>
    /// <exception cref="RefusedException">Invalid with a field; AlreadyExists; NotFound.</exception>
    public Task UpdateAsync(Actor actor, PolicyId policy, PolicyDraft draft, CancellationToken cancellationToken) => SaveAsync(actor, policy, draft, cancellationToken);

    /// <summary>Removes a policy.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task DeleteAsync(Actor actor, PolicyId policy, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        return _database.WriteAsync(
            async context =>
            {
                var row = await FindAsync(context, policy, cancellationToken);
                context.Policies.Remove(row);
                Record(context, actor, "PolicyDeleted", row.Name);
                await _book.RefreshAsync(context, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Puts the policies into an order, the highest first (ACC-47, ACC-49).</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="order">Every custom policy once.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RefusedException">Conflict when the list is not that of the present policies.</exception>
    public Task ReorderAsync(Actor actor, IReadOnlyList<PolicyId> order, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        return _database.WriteAsync(
            async context =>
            {
                var rows = await context.Policies.ToDictionaryAsync(row => new PolicyId(row.Id), cancellationToken);
                if (order.Count != rows.Count || order.Distinct().Count() != order.Count || !order.All(rows.ContainsKey))
                {
                    throw new RefusedException(new Refusal(RefusalKind.Conflict, "PoliciesChanged"));
                }

                for (var place = 0; place < order.Count; place++)
                {
                    rows[order[place]].Position = place;
                }

                Record(context, actor, "PoliciesReordered", string.Join(" > ", order.Select(id => rows[id].Name)));
                await _book.RefreshAsync(context, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    private static async Task<PolicyRow> FindAsync(SystemContext context, PolicyId policy, CancellationToken cancellationToken) =>
        await context.Policies.FirstOrDefaultAsync(row => row.Id == policy.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "PolicyUnknown"));

    private static UserPolicy ToPolicy(PolicyRow row) => new(new PolicyId(row.Id), row.Name) { Color = (PolicyColor)row.Color, Rules = PolicyRows.RulesOf(row) };

    private static void Check(string name, PolicyDraft draft)
    {
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "NameMalformed") { Field = "Name", Arguments = [LongestName.ToString(CultureInfo.InvariantCulture)] });
        }

        if (draft.Users.Count + draft.Groups.Count > MostTargets)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce") { Field = "Targets" });
        }

        foreach (var (field, limit) in new[]
        {
            (nameof(PolicyRules.DailyMessages), draft.Rules.DailyMessages), (nameof(PolicyRules.DailyMegabytes), draft.Rules.DailyMegabytes),
            (nameof(PolicyRules.AttachmentMegabytes), draft.Rules.AttachmentMegabytes),
        })
        {
            if (limit.Value is < 0 or > LargestValue || !Enum.IsDefined(limit.State))
            {
                throw new RefusedException(new Refusal(RefusalKind.Invalid, "LimitOutOfRange") { Field = field, Arguments = [LargestValue.ToString(CultureInfo.InvariantCulture)] });
            }
        }

        if (!Enum.IsDefined(draft.Color) || !Enum.IsDefined(draft.Rules.ForbidForwarding))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "NotAllowed") { Field = nameof(PolicyDraft.Color) });
        }
    }

    /// <summary>The targets from now on; those that stay keep their rows.</summary>
    private static async Task TargetAsync(SystemContext context, PolicyRow row, PolicyDraft draft, CancellationToken cancellationToken)
    {
        var (users, groups) = (draft.Users.Select(id => id.Value).ToHashSet(), draft.Groups.Select(id => id.Value).ToHashSet());
        foreach (var ids in users.Chunk(500))
        {
            if (await context.Accounts.CountAsync(account => ids.Contains(account.Id), cancellationToken) != ids.Length)
            {
                throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown") { Field = "Users" });
            }
        }

        foreach (var ids in groups.Chunk(500))
        {
            if (await context.Groups.CountAsync(group => ids.Contains(group.Id), cancellationToken) != ids.Length)
            {
                throw new RefusedException(new Refusal(RefusalKind.NotFound, "GroupUnknown") { Field = "Groups" });
            }
        }

        foreach (var present in await context.PolicyTargets.Where(target => target.PolicyId == row.Id).ToListAsync(cancellationToken))
        {
            if (!(present.AccountId is { } user ? users.Remove(user) : groups.Remove(present.GroupId!.Value)))
            {
                context.PolicyTargets.Remove(present);
            }
        }

        context.PolicyTargets.AddRange(users.Select(id => new PolicyTargetRow { PolicyId = row.Id, AccountId = id }));
        context.PolicyTargets.AddRange(groups.Select(id => new PolicyTargetRow { PolicyId = row.Id, GroupId = id }));
    }

    private Task<PolicyId> SaveAsync(Actor actor, PolicyId? policy, PolicyDraft draft, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        var (name, key) = (draft.Name.Trim(), AddressBook.NameKey(draft.Name));
        Check(name, draft);
        return _database.WriteAsync(
            async context =>
            {
                if (await context.Policies.AnyAsync(other => other.NameKey == key && other.Id != (policy == null ? 0 : policy.Value.Value), cancellationToken))
                {
                    throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "NameTaken") { Field = "Name", Arguments = [name] });
                }

                var row = policy is { } id ? await FindAsync(context, id, cancellationToken) : await AddRowAsync(context, cancellationToken);
                (row.Name, row.NameKey, row.Color) = (name, key, (int)draft.Color);
                PolicyRows.Put(row, draft.Rules);
                await context.SaveChangesAsync(cancellationToken); // the id
                await TargetAsync(context, row, draft, cancellationToken);
                Record(context, actor, policy is null ? "PolicyCreated" : "PolicyChanged", name);
                await _book.RefreshAsync(context, cancellationToken);
                return new PolicyId(row.Id);
            },
            cancellationToken);
    }

    private static async Task<PolicyRow> AddRowAsync(SystemContext context, CancellationToken cancellationToken)
    {
        if (await context.Policies.CountAsync(cancellationToken) >= MostPolicies)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }

        var first = await context.Policies.MinAsync(row => (int?)row.Position, cancellationToken) ?? 0;
        return context.Policies.Add(new PolicyRow { Position = first - 1 }).Entity;
    }

    private void Record(SystemContext context, Actor actor, string action, string target) =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = _database.Now, Client = actor.Address });
}
