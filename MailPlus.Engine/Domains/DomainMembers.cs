using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains;

/// <summary>Addresses of accounts in a domain.</summary>
internal static class DomainMembers
{
    private const int MaximumRows = 1000;
    private const int MaximumAtOnce = 10_000;

    internal static async Task<Page<DomainMember>> ListAsync(SystemContext context, DomainId domain, MemberQuery query, CancellationToken cancellationToken)
    {
        var rows = from address in context.Addresses
                   where address.DomainId == domain.Value
                   join account in context.Accounts on address.AccountId equals account.Id
                   select new { address, account };
        if (query.Search.Trim().Length > 0)
        {
            var key = AddressBook.NameKey(query.Search);
            rows = rows.Where(row => row.address.AddressKey.Contains(key) || row.account.NameKey.Contains(key) || row.account.DisplayKey.Contains(key));
        }

        var total = await rows.CountAsync(cancellationToken);
        var page = await rows.OrderBy(row => row.address.AddressKey).Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows))
            .Select(row => new { row.address, row.account.Id }).ToListAsync(cancellationToken);
        var ids = page.Select(row => row.Id).Distinct().ToList();
        var accounts = (await context.Accounts.Include(row => row.Addresses).Where(row => ids.Contains(row.Id)).ToListAsync(cancellationToken))
            .ToDictionary(row => row.Id, AccountRows.ToAccount);
        return new Page<DomainMember>([.. page.Select(row => new DomainMember(accounts[row.Id], AccountRows.ToAddress(row.address)))], total);
    }

    /// <returns>The addresses added, for people.</returns>
    internal static async Task<IReadOnlyList<string>> AddAsync(
        SystemContext context, AddressBook addressBook, DomainRow domain, IReadOnlyList<NewMember> members, CancellationToken cancellationToken)
    {
        RequireFew(members.Count);
        var name = DomainName.Parse(domain.Name);
        var added = new List<string>();
        foreach (var member in members)
        {
            var account = await context.Accounts.Include(row => row.Addresses).FirstOrDefaultAsync(row => row.Id == member.Account.Value, cancellationToken)
                ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));
            var local = member.LocalPart ?? AccountRows.ToAccount(account).PrimaryAddress.LocalPart;
            if (!EmailAddress.TryCreate(local, name, out var address))
            {
                throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressMalformed") { Field = "LocalPart", Arguments = [local] });
            }

            if (account.Addresses.Any(own => own.AddressKey == address.Key))
            {
                continue;
            }

            if (context.Addresses.Local.Any(row => row.AddressKey == address.Key)
                || await context.Addresses.AnyAsync(row => row.AddressKey == address.Key, cancellationToken)
                || await context.Aliases.AnyAsync(row => row.AddressKey == address.Key, cancellationToken))
            {
                throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "AddressTaken") { Field = "LocalPart", Arguments = [address.ToDisplayString()] });
            }

            account.Addresses.Add(new AddressRow { DomainId = domain.Id, LocalPart = address.LocalPart, AddressKey = address.Key });
            added.Add(address.ToDisplayString());
            context.AfterCommit(() => addressBook.Set(AccountRows.ToEntry(account)));
        }

        return added;
    }

    /// <summary>Takes addresses of a domain away from their accounts.</summary>
    internal static async Task<int> TakeAsync(SystemContext context, AddressBook addressBook, DomainId domain, IReadOnlyList<string> addressKeys, CancellationToken cancellationToken)
    {
        RequireFew(addressKeys.Count);
        var accounts = await context.Accounts.Include(row => row.Addresses)
            .Where(row => row.Addresses.Any(address => address.DomainId == domain.Value && addressKeys.Contains(address.AddressKey))).ToListAsync(cancellationToken);
        var taken = 0;
        foreach (var account in accounts)
        {
            var gone = account.Addresses.Where(address => address.DomainId == domain.Value && addressKeys.Contains(address.AddressKey)).ToList();
            taken += gone.Count;
            account.Addresses.RemoveAll(gone.Contains);
            if (account.Addresses.Count == 0)
            {
                throw new RefusedException(new Refusal(RefusalKind.Conflict, "LastAddress") { Arguments = [account.Name] });
            }

            if (!account.Addresses.Any(address => address.IsPrimary))
            {
                account.Addresses.OrderBy(address => address.AddressKey, StringComparer.Ordinal).First().IsPrimary = true;
            }

            context.AfterCommit(() => addressBook.Set(AccountRows.ToEntry(account)));
        }

        return taken;
    }

    private static void RequireFew(int count)
    {
        if (count > MaximumAtOnce)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }
    }
}
