using System.Collections.Frozen;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Policies;

/// <summary>
/// Which policy is in force for whom, in memory, swapped whole when policies, their targets or groups change: of those that are meant for a user, directly or
/// through a group, the one that stands highest, alone; settings are never merged (ACC-46, ACC-47).
/// </summary>
public sealed class PolicyBook(IAddressBook addresses)
{
    private FrozenDictionary<AccountId, PolicyRules> _rules = FrozenDictionary<AccountId, PolicyRules>.Empty;

    /// <summary>Told after a change whose mail is no longer indexed (false) or is from now on (true).</summary>
    internal Action<AccountId, bool> IndexingChanged { get; set; } = (_, _) => { };

    /// <summary>The settings of the policy in force, those of the default policy when no other is meant for the account.</summary>
    public PolicyRules RulesOf(AccountId account) => Volatile.Read(ref _rules).GetValueOrDefault(account, PolicyRules.Default);

    /// <summary>What is in force, the domain's part included.</summary>
    public PolicyInForce Of(AccountId account) =>
        new(RulesOf(account), addresses.Find(account) is { } found ? addresses.LimitsOf(found.PrimaryAddress.Domain) : DomainLimits.None);

    /// <summary>Reads everything.</summary>
    public async Task LoadAsync(SystemDatabase database, CancellationToken cancellationToken) =>
        Set(await database.ReadAsync(context => ReadAsync(context, cancellationToken), cancellationToken));

    /// <summary>Reads everything anew inside a change that touches policies or members of groups; in force with its commit.</summary>
    internal async Task RefreshAsync(SystemContext context, CancellationToken cancellationToken)
    {
        await context.SaveChangesAsync(cancellationToken); // queries below see what was changed so far
        var rules = await ReadAsync(context, cancellationToken);
        context.AfterCommit(() => Set(rules));
    }

    private static async Task<FrozenDictionary<AccountId, PolicyRules>> ReadAsync(SystemContext context, CancellationToken cancellationToken)
    {
        var policies = await context.Policies.AsNoTracking().OrderBy(row => row.Position).ThenBy(row => row.Id).ToListAsync(cancellationToken);
        if (policies.Count == 0)
        {
            return FrozenDictionary<AccountId, PolicyRules>.Empty;
        }

        var users = await context.PolicyTargets.Where(target => target.AccountId != null).Select(target => new { target.PolicyId, Account = target.AccountId!.Value }).ToListAsync(cancellationToken);
        var members = await context.PolicyTargets.Where(target => target.GroupId != null)
            .Join(context.GroupMembers, target => target.GroupId, member => member.GroupId, (target, member) => new { target.PolicyId, Account = member.AccountId }).ToListAsync(cancellationToken);
        var covered = users.Concat(members).ToLookup(one => one.PolicyId, one => one.Account);
        var rules = new Dictionary<AccountId, PolicyRules>();
        foreach (var policy in policies)
        {
            var settings = PolicyRows.RulesOf(policy);
            foreach (var account in covered[policy.Id])
            {
                rules.TryAdd(new AccountId(account), settings);
            }
        }

        return rules.ToFrozenDictionary();
    }

    // One at a time: after a commit while the writer of the system database is held, or before anything else runs.
    private void Set(FrozenDictionary<AccountId, PolicyRules> rules)
    {
        var before = Volatile.Read(ref _rules);
        Volatile.Write(ref _rules, rules);
        foreach (var account in before.Keys.Concat(rules.Keys).Distinct())
        {
            var isIndexed = rules.GetValueOrDefault(account, PolicyRules.Default).Search;
            if (isIndexed != before.GetValueOrDefault(account, PolicyRules.Default).Search)
            {
                IndexingChanged(account, isIndexed);
            }
        }
    }
}
