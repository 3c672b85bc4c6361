using System.Globalization;
using MailPlus.Engine.Accounts.Licensing;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Activation;

/// <summary>A change after which accounts are looked over.</summary>
/// <param name="Actor">Who made it.</param>
/// <param name="Now">When.</param>
internal sealed record SeatingChange(Actor Actor, Instant Now)
{
    /// <summary>Accounts it can have touched, null for all.</summary>
    internal IReadOnlyCollection<long>? Only { get; init; }

    /// <summary>Accounts it asks to activate: when licences do not suffice for them it is refused (LIC-B1, LIC-B6). Others wait for a seat (LIC-B7).</summary>
    internal Func<long, bool> IsDemanded { get; init; } = _ => false;
}

/// <summary>
/// Works out which accounts are active, inside the transaction of whatever changed. An account that is active and still wanted keeps its seat whatever the
/// licences say: nothing that happens to a key stops anybody's mail (LIC-20, LIC-B11).
/// </summary>
internal sealed class Seating(AddressBook addressBook, WebSessions sessions, Licences licences)
{
    internal const string DefaultState = "accounts.activate-by-default";
    internal const string TypeState = "accounts.type";

    internal WebSessions Sessions => sessions;

    internal static async Task<bool> IsByDefaultAsync(SystemContext context, CancellationToken cancellationToken) =>
        await context.States.AnyAsync(row => row.Name == DefaultState && row.Value == "1", cancellationToken);

    internal static async Task<AccountType> TypeAsync(SystemContext context, CancellationToken cancellationToken) =>
        await context.States.Where(row => row.Name == TypeState).Select(row => row.Value).FirstOrDefaultAsync(cancellationToken) is { } text ? Enum.Parse<AccountType>(text) : AccountType.Local;

    internal Task<LicenceSeats> CountAsync(SystemContext context, Instant now, CancellationToken cancellationToken) => licences.CountAsync(context, now, cancellationToken);

    /// <summary>Settles all that a change touched. Returns how many accounts became active or stopped being so.</summary>
    /// <exception cref="RefusedException">TooMany when licences do not suffice; NotAllowed with key LastAdministrator.</exception>
    internal async Task<int> SettleAsync(SystemContext context, SeatingChange change, CancellationToken cancellationToken)
    {
        await context.SaveChangesAsync(cancellationToken); // queries below see what was changed so far
        var hadAdministrator = await HasAdministratorAsync(context, cancellationToken);
        var candidates = await CandidatesAsync(context, change.Only, cancellationToken);
        var leaving = candidates.Where(one => one.IsActive && one.Wanted != ActivationReason.Activated).ToList();
        var seats = await licences.CountAsync(context, change.Now, cancellationToken);
        var free = seats.Total - (seats.Used - leaving.Count);
        var coming = candidates.Where(one => !one.IsActive && one.Wanted == ActivationReason.Activated).OrderBy(one => one.Id).ToList();
        var demanded = coming.Where(one => change.IsDemanded(one.Id)).ToList();
        if (demanded.Count > 0 && demanded.Count > free)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "LicencesUsedUp")
            {
                Field = "Activation", Arguments = [(demanded.Count - Math.Max(0, Math.Min(free.Value, demanded.Count))).ToString(CultureInfo.InvariantCulture)],
            });
        }

        var seated = demanded.Concat(coming.Except(demanded)).Take(free ?? int.MaxValue).Select(one => one.Id).ToHashSet();
        var changed = candidates.Select(one => one with { Wanted = one.Wanted == ActivationReason.Activated && !one.IsActive && !seated.Contains(one.Id) ? ActivationReason.NoLicence : one.Wanted })
            .Where(one => one.Wanted != one.Reason || one.IsActive != (one.Wanted == ActivationReason.Activated)).ToDictionary(one => one.Id);
        await StoreAsync(context, change, changed, cancellationToken);
        if (leaving.Count > 0)
        {
            await RequireAdministratorAsync(context, hadAdministrator, cancellationToken);
        }

        await FillFreedAsync(context, change, cancellationToken);
        return leaving.Count + seated.Count;
    }

    private async Task StoreAsync(SystemContext context, SeatingChange change, Dictionary<long, Candidate> changed, CancellationToken cancellationToken)
    {
        foreach (var ids in changed.Keys.Chunk(500))
        {
            foreach (var row in await context.Accounts.Include(row => row.Addresses).Where(row => ids.Contains(row.Id)).ToListAsync(cancellationToken))
            {
                var wanted = changed[row.Id].Wanted;
                var state = wanted == ActivationReason.Activated ? AccountState.Active : AccountState.Deactivated;
                if (row.State != (int)state)
                {
                    AccountRules.RequireMayTouch(change.Actor, row);
                }

                row.State = (int)state;
                row.Reason = (int)wanted;
                context.AfterCommit(() => addressBook.Set(AccountRows.ToEntry(row)));
            }
        }

        await context.SaveChangesAsync(cancellationToken);
        var ended = changed.Values.Where(one => one.IsActive && one.Wanted != ActivationReason.Activated).Select(one => one.Id).ToList();
        foreach (var ids in ended.Chunk(500))
        {
            await sessions.RemoveAsync(context, all => all.Where(session => ids.Contains(session.AccountId)), cancellationToken);
        }
    }

    /// <summary>Seats that a change freed go to those who wait, the longest known first.</summary>
    private async Task FillFreedAsync(SystemContext context, SeatingChange change, CancellationToken cancellationToken)
    {
        if (change.Only is null)
        {
            return; // all were looked at
        }

        var waiting = await context.Accounts.Where(row => row.Reason == (int)ActivationReason.NoLicence).Select(row => row.Id).ToListAsync(cancellationToken);
        if (waiting.Except(change.Only).Any())
        {
            await SettleAsync(context, new SeatingChange(change.Actor, change.Now), cancellationToken);
        }
    }

    private static async Task<List<Candidate>> CandidatesAsync(SystemContext context, IReadOnlyCollection<long>? only, CancellationToken cancellationToken)
    {
        var (byDefault, type) = (await IsByDefaultAsync(context, cancellationToken), await TypeAsync(context, cancellationToken));
        var rows = only is null ? context.Accounts : context.Accounts.Where(row => only.Contains(row.Id));
        var members = context.GroupMembers.Join(context.Groups, member => member.GroupId, group => group.Id, (member, group) => new { member.AccountId, group.Activation })
            .Where(pair => pair.Activation != (int)ActivationChoice.None);
        var groups = (await (only is null ? members : members.Where(pair => only.Contains(pair.AccountId))).ToListAsync(cancellationToken)).ToLookup(pair => pair.AccountId, pair => pair.Activation);
        var found = await rows.Select(row => new { row.Id, row.Name, row.Activation, row.IsDisabled, row.Source, row.State, row.Reason }).ToListAsync(cancellationToken);
        return [.. found.Select(row => new Candidate(row.Id, row.State == (int)AccountState.Active, (ActivationReason)row.Reason, row.Source != (int)type ? ActivationReason.OtherAccountType
            : new ActivationInputs((ActivationChoice)row.Activation, groups[row.Id].Contains((int)ActivationChoice.Activate), groups[row.Id].Contains((int)ActivationChoice.Deactivate), ActivationInputs.StatusOf(row.Name, row.IsDisabled)).Decide(byDefault)))];
    }

    private static Task<bool> HasAdministratorAsync(SystemContext context, CancellationToken cancellationToken) =>
        context.Accounts.AnyAsync(row => row.IsAdministrator && row.State == (int)AccountState.Active, cancellationToken);

    private static async Task RequireAdministratorAsync(SystemContext context, bool hadAdministrator, CancellationToken cancellationToken)
    {
        if (hadAdministrator && !await HasAdministratorAsync(context, cancellationToken))
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "LastAdministrator"));
        }
    }

    private sealed record Candidate(long Id, bool IsActive, ActivationReason Reason, ActivationReason Wanted);
}
