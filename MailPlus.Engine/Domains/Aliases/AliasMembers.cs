using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.Aliases;

/// <summary>Turns written members of an alias into rows, and keeps aliases free of rings.</summary>
/// <param name="context">The transaction.</param>
/// <param name="domain">The alias's domain.</param>
internal sealed class AliasMembers(SystemContext context, DomainName domain)
{
    internal const int MostMembers = 2000;

    /// <summary>The rows of written members, each once.</summary>
    /// <exception cref="RefusedException">Invalid or NotFound, naming the member.</exception>
    internal async Task<List<AliasMemberRow>> ReadAsync(IReadOnlyList<string> written, CancellationToken cancellationToken)
    {
        if (written.Count > MostMembers)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyMembers") { Field = "Members", Arguments = [$"{MostMembers}"] });
        }

        var rows = new List<AliasMemberRow>();
        foreach (var text in written.Select(one => one.Trim()).Where(one => one.Length > 0))
        {
            var row = await FindAsync(text, cancellationToken);
            if (!rows.Exists(other => other.AccountId == row.AccountId && ReferenceEquals(other.Target, row.Target) && string.Equals(other.Address, row.Address, StringComparison.OrdinalIgnoreCase)))
            {
                rows.Add(row);
            }
        }

        return rows.Count > 0 ? rows : throw new RefusedException(new Refusal(RefusalKind.Invalid, "AliasWithoutMembers") { Field = "Members" });
    }

    /// <summary>Ends the operation when an alias leads back to itself.</summary>
    /// <exception cref="RefusedException">Conflict.</exception>
    internal async Task RequireNoRingAsync(AliasRow alias, CancellationToken cancellationToken)
    {
        var stored = (await context.AliasMembers.AsNoTracking().Where(member => member.TargetId != null).Select(member => new { member.AliasId, member.TargetId }).ToListAsync(cancellationToken))
            .ToLookup(member => member.AliasId, member => member.TargetId!.Value);
        var entered = new HashSet<long>();
        var open = new Stack<long>(alias.Members.Select(member => member.Target?.Id ?? member.TargetId ?? 0).Where(id => id != 0));
        while (open.TryPop(out var id))
        {
            if (id == alias.Id)
            {
                throw new RefusedException(new Refusal(RefusalKind.Conflict, "AliasRing") { Field = "Members", Arguments = [alias.LocalPart] });
            }

            if (entered.Add(id))
            {
                foreach (var next in stored[id])
                {
                    open.Push(next);
                }
            }
        }
    }

    private async Task<AliasMemberRow> FindAsync(string text, CancellationToken cancellationToken)
    {
        var isWhole = EmailAddress.TryParse(text, out var address);
        if (!isWhole && (text.Contains('@', StringComparison.Ordinal) && !text.StartsWith('"') || !EmailAddress.TryCreate(text, domain, out address)))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressMalformed") { Field = "Members", Arguments = [text] });
        }

        var home = await context.AdditionalDomains.Where(row => row.Name == address!.Domain.Ascii).Join(context.Domains, row => row.DomainId, row => row.Id, (_, row) => row.Name).FirstOrDefaultAsync(cancellationToken)
            ?? address!.Domain.Ascii;
        var key = $"{address!.Key[..address.Key.LastIndexOf('@')]}@{home}";
        if ((context.Aliases.Local.FirstOrDefault(row => row.AddressKey == key) ?? await context.Aliases.FirstOrDefaultAsync(row => row.AddressKey == key, cancellationToken)) is { } alias)
        {
            return new AliasMemberRow { Target = alias };
        }

        if (await context.Addresses.Where(row => row.AddressKey == key).Select(row => (long?)row.AccountId).FirstOrDefaultAsync(cancellationToken) is { } owner)
        {
            return new AliasMemberRow { AccountId = owner };
        }

        var login = AddressBook.NameKey(text);
        if (!isWhole && await context.Accounts.Where(row => row.NameKey == login).Select(row => (long?)row.Id).FirstOrDefaultAsync(cancellationToken) is { } named)
        {
            return new AliasMemberRow { AccountId = named };
        }

        return isWhole && !await context.Domains.AnyAsync(row => row.Name == home, cancellationToken)
            ? new AliasMemberRow { Address = address.ToString() }
            : throw new RefusedException(new Refusal(RefusalKind.NotFound, "AliasMemberUnknown") { Field = "Members", Arguments = [text] });
    }
}
