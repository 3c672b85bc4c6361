using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.Aliases;

/// <summary>Operations on aliases (Alias tab, <c>alias</c> verbs, REST; DOM-080 to DOM-086). Permission ManageDomains.</summary>
public sealed class AliasOperations(SystemDatabase database, AddressBook addressBook)
{
    private const int MaximumRows = 1000;
    private const int MaximumAtOnce = 10_000;

    /// <summary>Aliases of a domain by name.</summary>
    public Task<Page<MailAlias>> ListAsync(Actor actor, DomainId domain, AliasQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.ReadAsync(
            async context =>
            {
                await FindDomainAsync(context, domain, cancellationToken);
                var rows = context.Aliases.Where(row => row.DomainId == domain.Value);
                var key = AddressBook.NameKey(query.Search);
                if (key.Length > 0)
                {
                    rows = rows.Where(row => row.AddressKey.Contains(key) || row.Members.Any(member =>
                        member.Address.Contains(key) || member.Target!.AddressKey.Contains(key) || context.Addresses.Any(address => address.AccountId == member.AccountId && address.AddressKey.Contains(key))));
                }

                var total = await rows.CountAsync(cancellationToken);
                var sorted = query.Descending ? rows.OrderByDescending(row => row.AddressKey) : rows.OrderBy(row => row.AddressKey);
                var page = await WithMembers(sorted.Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows))).ToListAsync(cancellationToken);
                return new Page<MailAlias>([.. page.Select(ToAlias)], total);
            },
            cancellationToken);
    }

    /// <summary>Adds an alias.</summary>
    /// <exception cref="RefusedException">AlreadyExists; Invalid; NotFound for a member; Conflict for a ring.</exception>
    public Task<MailAlias> CreateAsync(Actor actor, DomainId domain, AliasDraft draft, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.WriteAsync(
            async context =>
            {
                var home = await FindDomainAsync(context, domain, cancellationToken);
                var address = AddressOf(draft.LocalPart, home);
                if (await IsTakenAsync(context, address, cancellationToken))
                {
                    throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "AddressTaken") { Field = "LocalPart", Arguments = [address.ToDisplayString()] });
                }

                var row = new AliasRow { DomainId = domain.Value, LocalPart = address.LocalPart, AddressKey = address.Key };
                context.Aliases.Add(row);
                row.Members.AddRange(await new AliasMembers(context, DomainName.Parse(home.Name)).ReadAsync(draft.Members, cancellationToken));
                await context.SaveChangesAsync(cancellationToken); // the id
                await new AliasMembers(context, DomainName.Parse(home.Name)).RequireNoRingAsync(row, cancellationToken);
                Record(context, actor, "AliasCreated", address.ToDisplayString(), Written(draft.Members));
                context.AfterCommit(() => addressBook.SetAlias(AliasEntry.Of(row)));
                return ToAlias(await WithMembers(context.Aliases.Where(one => one.Id == row.Id)).FirstAsync(cancellationToken));
            },
            cancellationToken);
    }

    /// <summary>Renames an alias, or gives it other members.</summary>
    /// <exception cref="RefusedException">NotFound; AlreadyExists; Invalid; Conflict for a ring.</exception>
    public Task<MailAlias> UpdateAsync(Actor actor, DomainId domain, AliasId alias, AliasDraft draft, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.WriteAsync(
            async context =>
            {
                var home = await FindDomainAsync(context, domain, cancellationToken);
                var row = await context.Aliases.Include(one => one.Members).FirstOrDefaultAsync(one => one.Id == alias.Value && one.DomainId == domain.Value, cancellationToken)
                    ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AliasUnknown"));
                var address = AddressOf(draft.LocalPart, home);
                if (address.Key != row.AddressKey && await IsTakenAsync(context, address, cancellationToken))
                {
                    throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "AddressTaken") { Field = "LocalPart", Arguments = [address.ToDisplayString()] });
                }

                (row.LocalPart, row.AddressKey) = (address.LocalPart, address.Key);
                var members = new AliasMembers(context, DomainName.Parse(home.Name));
                var wanted = await members.ReadAsync(draft.Members, cancellationToken);
                context.AliasMembers.RemoveRange(row.Members);
                row.Members = wanted;
                await context.SaveChangesAsync(cancellationToken);
                await members.RequireNoRingAsync(row, cancellationToken);
                Record(context, actor, "AliasChanged", address.ToDisplayString(), Written(draft.Members));
                context.AfterCommit(() => addressBook.SetAlias(AliasEntry.Of(row)));
                return ToAlias(await WithMembers(context.Aliases.Where(one => one.Id == row.Id)).FirstAsync(cancellationToken));
            },
            cancellationToken);
    }

    /// <summary>Removes aliases; those that hold them lose them. Returns how many.</summary>
    public Task<int> RemoveAsync(Actor actor, DomainId domain, IReadOnlyList<AliasId> aliases, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        if (aliases.Count > MaximumAtOnce)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }

        return database.WriteAsync(
            async context =>
            {
                await FindDomainAsync(context, domain, cancellationToken);
                var ids = aliases.Select(alias => alias.Value).ToList();
                var rows = await context.Aliases.Where(row => row.DomainId == domain.Value && ids.Contains(row.Id)).ToListAsync(cancellationToken);
                await context.AliasMembers.Where(member => member.TargetId != null && ids.Contains(member.TargetId.Value) && member.Target!.DomainId == domain.Value).ExecuteDeleteAsync(cancellationToken);
                context.Aliases.RemoveRange(rows);
                foreach (var row in rows)
                {
                    Record(context, actor, "AliasRemoved", row.AddressKey);
                    context.AfterCommit(() => addressBook.RemoveAlias(row.Id));
                }

                return rows.Count;
            },
            cancellationToken);
    }

    /// <summary>Takes over a file of Postfix. A name that is there already is neither imported nor updated (DOM-084).</summary>
    /// <exception cref="RefusedException">TooLarge.</exception>
    public Task<ImportOutcome> ImportAsync(Actor actor, DomainId domain, string text, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        var (entries, unreadable) = AliasFile.Read(text);
        return database.WriteAsync(
            async context =>
            {
                var home = await FindDomainAsync(context, domain, cancellationToken);
                var import = new AliasImport(context, home);
                var outcome = await import.RunAsync(entries, unreadable, cancellationToken);
                if (import.Rows.Count > 0)
                {
                    Record(context, actor, "AliasesImported", home.Unicode, Written(outcome.Created));
                    context.AfterCommit(() => import.Rows.ForEach(row => addressBook.SetAlias(AliasEntry.Of(row))));
                }

                return outcome;
            },
            cancellationToken);
    }

    /// <summary>All aliases of a domain in the form of Postfix's aliases(5).</summary>
    public Task<string> ExportAsync(Actor actor, DomainId domain, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return database.ReadAsync(
            async context =>
            {
                var home = await FindDomainAsync(context, domain, cancellationToken);
                var rows = await WithMembers(context.Aliases.Where(row => row.DomainId == domain.Value).OrderBy(row => row.AddressKey)).ToListAsync(cancellationToken);
                return AliasFile.Write(rows.Select(ToAlias).Select(alias => (Local(alias.Address), alias.Members.Select(member => member.Address.Domain.Ascii == home.Name ? Local(member.Address) : member.Address.ToString()))));
            },
            cancellationToken);
    }

    internal static EmailAddress AddressOf(string localPart, DomainRow home) =>
        EmailAddress.TryCreate(localPart.Trim(), DomainName.Parse(home.Name), out var address) && !address.LocalPart.Contains('+', StringComparison.Ordinal)
            ? address
            : throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressMalformed") { Field = "LocalPart", Arguments = [localPart] });

    internal static async Task<bool> IsTakenAsync(SystemContext context, EmailAddress address, CancellationToken cancellationToken) =>
        await context.Aliases.AnyAsync(row => row.AddressKey == address.Key, cancellationToken) || await context.Addresses.AnyAsync(row => row.AddressKey == address.Key, cancellationToken);

    private static string Local(EmailAddress address)
    {
        var text = address.ToString();
        return text[..text.LastIndexOf('@')];
    }

    private static string Written(IReadOnlyList<string> names) => names.Count <= 50 ? string.Join('\n', names) : string.Join('\n', names.Take(50)) + $"\n… {names.Count}";

    private static IQueryable<Row> WithMembers(IQueryable<AliasRow> aliases) => aliases.Select(alias => new Row(alias.Id, alias.AddressKey, alias.LocalPart)
    {
        Members = alias.Members.Select(member => new MemberRow(member.AccountId, member.Address) { Alias = member.Target!.AddressKey }).ToList(),
    });

    private static async Task<DomainRow> FindDomainAsync(SystemContext context, DomainId domain, CancellationToken cancellationToken) =>
        await context.Domains.FirstOrDefaultAsync(row => row.Id == domain.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DomainUnknown"));

    private static EmailAddress Read(string key) =>
        EmailAddress.TryParse(key, out var address) || EmailAddress.TryParse($"\"{key[..key.LastIndexOf('@')]}\"{key[key.LastIndexOf('@')..]}", out address)
            ? address
            : throw new InvalidDataException($"stored address {key} is malformed");

    private MailAlias ToAlias(Row row)
    {
        var key = Read(row.Key);
        var address = EmailAddress.TryCreate(row.LocalPart, key.Domain, out var written) ? written : key;
        return new MailAlias(new AliasId(row.Id), address) { Members = [.. row.Members.Select(ToMember).OfType<AliasMember>().OrderBy(member => member.Kind).ThenBy(member => member.Address.Key, StringComparer.Ordinal)] };
    }

    private AliasMember? ToMember(MemberRow member)
    {
        if (member.AccountId is { } id)
        {
            return addressBook.Find(new AccountId(id)) is { } account ? new AliasMember(AliasMemberKind.User, account.PrimaryAddress) { Name = account.DisplayName } : null;
        }

        return member.Alias is { } alias ? new AliasMember(AliasMemberKind.Alias, Read(alias)) : new AliasMember(AliasMemberKind.External, Read(member.Address));
    }

    private void Record(SystemContext context, Actor actor, string action, string target, string detail = "") =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = database.Now, Client = actor.Address, Detail = detail });

    private sealed record Row(long Id, string Key, string LocalPart)
    {
        public IReadOnlyList<MemberRow> Members { get; init; } = [];
    }

    private sealed record MemberRow(long? AccountId, string Address)
    {
        public string? Alias { get; init; }
    }
}
