using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains;

/// <summary>Operations on hosted domains (Domain page, <c>domain</c> verbs, REST). Permission ManageDomains.</summary>
public sealed class DomainOperations(SystemDatabase database, AddressBook addressBook)
{
    /// <summary>Forgets the keys of a removed domain; null where nothing signs.</summary>
    internal DkimKeys.DkimKeyring? Keyring { get; init; }

    private const int MaximumRows = 1000;
    private const int LongestDescription = 500;

    /// <summary>Adds a domain.</summary>
    /// <exception cref="RefusedException">AlreadyExists; Invalid.</exception>
    public Task<MailDomain> AddAsync(Actor actor, NewDomain domain, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        CheckDescription(domain.Description);
        return database.WriteAsync(
            async context =>
            {
                var row = await DomainCreation.AddAsync(context, addressBook, actor, domain, database.Now);
                await context.SaveChangesAsync(cancellationToken); // the id
                return ToDomain(row, 0);
            },
            cancellationToken);
    }

    /// <summary>Lists domains by name.</summary>
    public Task<Page<MailDomain>> ListAsync(Actor actor, DomainQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.ReadAsync(
            async context =>
            {
                IQueryable<DomainRow> rows = context.Domains.Include(row => row.Additional);
                if (query.Search.Trim().Length > 0)
                {
                    var key = AddressBook.NameKey(query.Search);
                    rows = rows.Where(row => row.Name.Contains(key) || row.Unicode.Contains(key) || row.Description.Contains(query.Search.Trim()));
                }

                var total = await rows.CountAsync(cancellationToken);
                var sorted = query.Descending ? rows.OrderByDescending(row => row.Name) : rows.OrderBy(row => row.Name);
                var page = await sorted.Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows))
                    .Select(row => new { Row = row, Members = context.Addresses.Where(address => address.DomainId == row.Id).Select(address => address.AccountId).Distinct().Count() })
                    .ToListAsync(cancellationToken);
                return new Page<MailDomain>([.. page.Select(found => ToDomain(found.Row, found.Members))], total);
            },
            cancellationToken);
    }

    /// <summary>One domain.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<MailDomain> GetAsync(Actor actor, DomainId domain, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.ReadAsync(
            async context => ToDomain(await FindAsync(context, domain, cancellationToken), await CountMembersAsync(context, domain, cancellationToken)), cancellationToken);
    }

    /// <summary>Changes properties.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid.</exception>
    public Task<MailDomain> UpdateAsync(Actor actor, DomainId domain, DomainChange change, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        CheckDescription(change.Description ?? "");
        return database.WriteAsync(
            async context =>
            {
                var row = await FindAsync(context, domain, cancellationToken);
                var before = DomainChanges.Describe(row);
                row.Description = change.Description?.Trim() ?? row.Description;
                row.PostmasterAccountId = await DomainChanges.ChosenAsync(context, change.Postmaster, row.PostmasterAccountId, "Postmaster", cancellationToken);
                row.CatchAllAccountId = await DomainChanges.ChosenAsync(context, change.CatchAll, row.CatchAllAccountId, "CatchAll", cancellationToken);
                if (change.Additional is { } additional)
                {
                    await DomainChanges.SetAdditionalAsync(context, row, additional, cancellationToken);
                }

                if (change.Limits is { } limits)
                {
                    DomainChanges.SetLimits(row, limits);
                }

                Record(context, actor, "DomainChanged", row.Unicode, DomainChanges.Difference(before, DomainChanges.Describe(row)));
                context.AfterCommit(() => addressBook.SetDomain(row));
                return ToDomain(row, await CountMembersAsync(context, domain, cancellationToken));
            },
            cancellationToken);
    }

    /// <summary>Removes a domain with the addresses in it. Refused while it holds the only address of an account, or is the last domain.</summary>
    /// <exception cref="RefusedException">NotFound; Conflict with key DomainInUse.</exception>
    public Task RemoveAsync(Actor actor, DomainId domain, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.WriteAsync(
            async context =>
            {
                var row = await FindAsync(context, domain, cancellationToken);
                var addresses = await context.Addresses.Where(address => address.DomainId == domain.Value).Select(address => address.AddressKey).ToListAsync(cancellationToken);
                if (await context.Domains.CountAsync(cancellationToken) == 1
                    || await context.Accounts.AnyAsync(
                        account => account.Addresses.Any(address => address.DomainId == domain.Value) && account.Addresses.All(address => address.DomainId == domain.Value), cancellationToken))
                {
                    throw new RefusedException(new Refusal(RefusalKind.Conflict, "DomainInUse") { Arguments = [row.Unicode] });
                }

                await DomainMembers.TakeAsync(context, addressBook, domain, addresses, cancellationToken);
                context.Domains.Remove(row);
                Record(context, actor, "DomainRemoved", row.Unicode);
                context.AfterCommit(() =>
                {
                    addressBook.RemoveAliasesOf(domain);
                    addressBook.RemoveDomain(row.Name);
                    Keyring?.Remove(row.Name);
                });
                return true;
            },
            cancellationToken);
    }

    /// <summary>Accounts in a domain, by address.</summary>
    public Task<Page<DomainMember>> ListMembersAsync(Actor actor, DomainId domain, MemberQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.ReadAsync(context => DomainMembers.ListAsync(context, domain, query, cancellationToken), cancellationToken);
    }

    /// <summary>Gives accounts an address in the domain; all or none. Returns how many were added; accounts that have the very address are passed over.</summary>
    /// <exception cref="RefusedException">NotFound; AlreadyExists when another account has an address; Invalid.</exception>
    public Task<int> AddMembersAsync(Actor actor, DomainId domain, IReadOnlyList<NewMember> members, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.WriteAsync(
            async context =>
            {
                var row = await FindAsync(context, domain, cancellationToken);
                var added = await DomainMembers.AddAsync(context, addressBook, row, members, cancellationToken);
                if (added.Count > 0)
                {
                    Record(context, actor, "DomainMembersAdded", row.Unicode, string.Join("\n", added));
                }

                return added.Count;
            },
            cancellationToken);
    }

    /// <summary>Takes addresses away. An account keeps at least one; a primary one passes to another of its addresses. Returns how many.</summary>
    /// <exception cref="RefusedException">Conflict with key LastAddress.</exception>
    public Task<int> RemoveMembersAsync(Actor actor, DomainId domain, IReadOnlyList<EmailAddress> addresses, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.WriteAsync(
            async context =>
            {
                var row = await FindAsync(context, domain, cancellationToken);
                var taken = await DomainMembers.TakeAsync(context, addressBook, domain, [.. addresses.Select(address => address.Key)], cancellationToken);
                if (taken > 0)
                {
                    Record(context, actor, "DomainMembersRemoved", row.Unicode, string.Join("\n", addresses.Select(address => address.ToDisplayString())));
                }

                return taken;
            },
            cancellationToken);
    }

    private static MailDomain ToDomain(DomainRow row, int members) => new(new DomainId(row.Id), DomainName.Parse(row.Name))
    {
        Description = row.Description,
        Postmaster = row.PostmasterAccountId is { } id ? new AccountId(id) : null,
        CatchAll = row.CatchAllAccountId is { } catchAll ? new AccountId(catchAll) : null,
        Additional = [.. row.Additional.OrderBy(additional => additional.Name, StringComparer.Ordinal).Select(additional => DomainName.Parse(additional.Name))],
        Limits = DomainEntry.LimitsOf(row),
        Members = members,
        Created = new Instant(row.Created),
    };

    private static async Task<DomainRow> FindAsync(SystemContext context, DomainId domain, CancellationToken cancellationToken) =>
        await context.Domains.Include(row => row.Additional).FirstOrDefaultAsync(row => row.Id == domain.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DomainUnknown"));

    private static Task<int> CountMembersAsync(SystemContext context, DomainId domain, CancellationToken cancellationToken) =>
        context.Addresses.Where(address => address.DomainId == domain.Value).Select(address => address.AccountId).Distinct().CountAsync(cancellationToken);

    private static void CheckDescription(string description)
    {
        if (description.Length > LongestDescription || description.Any(char.IsControl))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "TextTooLong")
            {
                Field = "Description", Arguments = [LongestDescription.ToString(System.Globalization.CultureInfo.InvariantCulture)],
            });
        }
    }

    private void Record(SystemContext context, Actor actor, string action, string target, string detail = "") =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = database.Now, Client = actor.Address, Detail = detail });
}
