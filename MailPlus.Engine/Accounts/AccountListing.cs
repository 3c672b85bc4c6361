using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>Finds, orders and pages accounts in the database, so that thousands cost no memory (ACC-35).</summary>
internal static class AccountListing
{
    private const int MaximumRows = 1000;

    internal static async Task<Page<Account>> ReadAsync(SystemContext context, AccountQuery query, CancellationToken cancellationToken)
    {
        var rows = Filter(context.Accounts, query);
        if (query.Group is { } group)
        {
            rows = rows.Where(row => context.GroupMembers.Any(member => member.GroupId == group.Value && member.AccountId == row.Id));
        }

        var total = await rows.CountAsync(cancellationToken);
        var page = await Sort(rows, query).Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows)).Include(row => row.Addresses).ToListAsync(cancellationToken);
        return new Page<Account>([.. page.Select(AccountRows.ToAccount)], total);
    }

    private static IQueryable<AccountRow> Filter(IQueryable<AccountRow> rows, AccountQuery query)
    {
        if (query.Search.Trim().Length > 0)
        {
            var key = AddressBook.NameKey(query.Search);
            rows = rows.Where(row => row.NameKey.Contains(key) || row.DisplayKey.Contains(key) || row.Addresses.Any(address => address.AddressKey.Contains(key)));
        }

        if (query.State is { } state)
        {
            rows = rows.Where(row => row.State == (int)state);
        }

        if (query.Reason is { } reason)
        {
            rows = rows.Where(row => row.Reason == (int)reason);
        }

        if (query.Domain is { } domain)
        {
            rows = rows.Where(row => row.Addresses.Any(address => address.DomainId == domain.Value));
        }

        return query.AdministratorsOnly ? rows.Where(row => row.IsAdministrator) : rows;
    }

    private static IQueryable<AccountRow> Sort(IQueryable<AccountRow> rows, AccountQuery query)
    {
        var sorted = (query.Sort, query.Descending) switch
        {
            (AccountSort.DisplayName, false) => rows.OrderBy(row => row.DisplayKey),
            (AccountSort.DisplayName, true) => rows.OrderByDescending(row => row.DisplayKey),
            (AccountSort.Address, false) => rows.OrderBy(row => row.Addresses.Where(address => address.IsPrimary).Select(address => address.AddressKey).FirstOrDefault()),
            (AccountSort.Address, true) => rows.OrderByDescending(row => row.Addresses.Where(address => address.IsPrimary).Select(address => address.AddressKey).FirstOrDefault()),
            (AccountSort.State, false) => rows.OrderBy(row => row.State),
            (AccountSort.State, true) => rows.OrderByDescending(row => row.State),
            (AccountSort.Created, false) => rows.OrderBy(row => row.Created),
            (AccountSort.Created, true) => rows.OrderByDescending(row => row.Created),
            (AccountSort.LastSignIn, false) => rows.OrderBy(row => row.LastSignIn ?? 0),
            (AccountSort.LastSignIn, true) => rows.OrderByDescending(row => row.LastSignIn ?? 0),
            (_, true) => rows.OrderByDescending(row => row.NameKey),
            _ => rows.OrderBy(row => row.NameKey),
        };
        return sorted.ThenBy(row => row.Id);
    }
}
