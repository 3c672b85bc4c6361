using System.Globalization;
using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Groups;

/// <summary>Operations on groups (Account &gt; Group, <c>group</c> verbs, REST). Permission ManageAccounts.</summary>
public sealed class GroupOperations
{
    private const int LongestName = 100;
    private const int LongestDescription = 500;
    private const int MaximumRows = 1000;
    private const int MaximumAtOnce = 10_000;
    private readonly SystemDatabase _database;
    private readonly Seating _seating;

    /// <summary>Follows members of groups; null where there are no policies.</summary>
    internal PolicyBook? Policies { get; init; }

    internal GroupOperations(SystemDatabase database, Seating seating) => (_database, _seating) = (database, seating);

    /// <summary>Lists groups.</summary>
    public Task<Page<AccountGroup>> ListAsync(Actor actor, GroupQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        return _database.ReadAsync(
            async context =>
            {
                var key = AddressBook.NameKey(query.Search);
                var rows = context.Groups.Where(row => key.Length == 0 || row.NameKey.Contains(key) || row.Description.Contains(query.Search.Trim()))
                    .Select(row => new { Group = row, Members = context.GroupMembers.Count(member => member.GroupId == row.Id) });
                var sorted = (query.ByMembers, query.Descending) switch
                {
                    (true, false) => rows.OrderBy(row => row.Members).ThenBy(row => row.Group.NameKey),
                    (true, true) => rows.OrderByDescending(row => row.Members).ThenBy(row => row.Group.NameKey),
                    (_, true) => rows.OrderByDescending(row => row.Group.NameKey),
                    _ => rows.OrderBy(row => row.Group.NameKey),
                };
                var page = await sorted.Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows)).ToListAsync(cancellationToken);
                return new Page<AccountGroup>([.. page.Select(row => ToGroup(row.Group) with { Members = row.Members })], await rows.CountAsync(cancellationToken));
            },
            cancellationToken);
    }

    /// <summary>A group by its name, null when there is none.</summary>
    public Task<AccountGroup?> FindAsync(Actor actor, string name, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        var key = AddressBook.NameKey(name);
        return _database.ReadAsync(async context => await context.Groups.FirstOrDefaultAsync(row => row.NameKey == key, cancellationToken) is { } row ? ToGroup(row) : null, cancellationToken);
    }

    /// <summary>Adds a group.</summary>
    /// <exception cref="RefusedException">Invalid with a field; AlreadyExists.</exception>
    public Task<AccountGroup> AddAsync(Actor actor, string name, string description, CancellationToken cancellationToken) =>
        SaveAsync(actor, null, name, description, cancellationToken);

    /// <summary>Renames or describes a group.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid with a field; AlreadyExists.</exception>
    public Task<AccountGroup> UpdateAsync(Actor actor, GroupId group, string name, string description, CancellationToken cancellationToken) =>
        SaveAsync(actor, group, name, description, cancellationToken);

    /// <summary>Removes groups; what they gave their members goes with them.</summary>
    public Task<int> DeleteAsync(Actor actor, IReadOnlyList<GroupId> groups, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        RequireFew(groups.Count);
        var ids = groups.Select(group => group.Value).Distinct().ToList();
        return _database.WriteAsync(
            async context =>
            {
                var rows = await context.Groups.Where(row => ids.Contains(row.Id)).ToListAsync(cancellationToken);
                foreach (var row in rows)
                {
                    Record(context, actor, "GroupDeleted", row.Name);
                }

                context.Groups.RemoveRange(rows);
                await _seating.SettleAsync(context, new SeatingChange(actor, _database.Now), cancellationToken);
                await RefreshPoliciesAsync(context, cancellationToken);
                return rows.Count;
            },
            cancellationToken);
    }

    /// <summary>Puts accounts into a group and takes others out, all or none.</summary>
    /// <exception cref="RefusedException">NotFound; TooMany with key LicencesUsedUp when the group activates more accounts than there are licences for.</exception>
    public Task ChangeMembersAsync(Actor actor, GroupId group, IReadOnlyList<AccountId> joining, IReadOnlyList<AccountId> leaving, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        RequireFew(joining.Count + leaving.Count);
        return _database.WriteAsync(
            async context =>
            {
                var row = await FindAsync(context, group, cancellationToken);
                var present = await context.GroupMembers.Where(member => member.GroupId == group.Value).ToListAsync(cancellationToken);
                var away = leaving.Select(account => account.Value).ToHashSet();
                var gone = present.Where(member => away.Contains(member.AccountId)).ToList();
                var come = joining.Select(account => account.Value).Except(present.Select(member => member.AccountId)).Distinct().ToList();
                foreach (var ids in come.Chunk(500))
                {
                    if (await context.Accounts.CountAsync(account => ids.Contains(account.Id), cancellationToken) != ids.Length)
                    {
                        throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));
                    }
                }

                context.GroupMembers.RemoveRange(gone);
                context.GroupMembers.AddRange(come.Select(id => new GroupMemberRow { GroupId = group.Value, AccountId = id }));
                Record(context, actor, "GroupMembersChanged", row.Name, $"+{come.Count} -{gone.Count}");
                await _seating.SettleAsync(
                    context,
                    new SeatingChange(actor, _database.Now) { Only = [.. come, .. gone.Select(member => member.AccountId)], IsDemanded = come.Contains },
                    cancellationToken);
                await RefreshPoliciesAsync(context, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    private static async Task<GroupRow> FindAsync(SystemContext context, GroupId group, CancellationToken cancellationToken) =>
        await context.Groups.FirstOrDefaultAsync(row => row.Id == group.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "GroupUnknown"));

    private static AccountGroup ToGroup(GroupRow row) => new(new GroupId(row.Id), row.Name) { Description = row.Description, Activation = (ActivationChoice)row.Activation };

    private static void RequireFew(int count)
    {
        if (count > MaximumAtOnce)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }
    }

    private Task<AccountGroup> SaveAsync(Actor actor, GroupId? group, string name, string description, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageAccounts);
        var (trimmed, key) = (name.Trim(), AddressBook.NameKey(name));
        if (trimmed.Length is 0 or > LongestName || trimmed.Any(char.IsControl))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "NameMalformed") { Field = "Name", Arguments = [LongestName.ToString(CultureInfo.InvariantCulture)] });
        }

        if (description.Trim().Length > LongestDescription || description.Any(char.IsControl))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "DisplayNameMalformed") { Field = "Description", Arguments = [LongestDescription.ToString(CultureInfo.InvariantCulture)] });
        }

        return _database.WriteAsync(
            async context =>
            {
                if (await context.Groups.AnyAsync(other => other.NameKey == key && other.Id != (group == null ? 0 : group.Value.Value), cancellationToken))
                {
                    throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "NameTaken") { Field = "Name", Arguments = [trimmed] });
                }

                var row = group is { } id ? await FindAsync(context, id, cancellationToken) : context.Groups.Add(new GroupRow()).Entity;
                (row.Name, row.NameKey, row.Description) = (trimmed, key, description.Trim());
                Record(context, actor, group is null ? "GroupCreated" : "GroupChanged", trimmed);
                await context.SaveChangesAsync(cancellationToken);
                return ToGroup(row);
            },
            cancellationToken);
    }

    private Task RefreshPoliciesAsync(SystemContext context, CancellationToken cancellationToken) => Policies is null ? Task.CompletedTask : Policies.RefreshAsync(context, cancellationToken);

    private void Record(SystemContext context, Actor actor, string action, string target, string detail = "") =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = _database.Now, Client = actor.Address, Detail = detail });
}
