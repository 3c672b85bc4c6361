using System.Collections.Immutable;
using System.Text;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts;

/// <summary>What the address book knows of an account beyond what operations show.</summary>
/// <param name="Account">The account.</param>
/// <param name="PasswordHash">Argon2id.</param>
/// <param name="ScramVerifier">SCRAM-SHA-256.</param>
/// <param name="Generation">Of its mail (mail-rules 7).</param>
internal sealed record AccountEntry(Account Account, string PasswordHash, string ScramVerifier, long Generation);

/// <summary>A hosted domain in the address book.</summary>
internal sealed record DomainEntry(DomainId Id, AccountId? Postmaster)
{
    /// <summary>Gets what nobody else gets.</summary>
    internal AccountId? CatchAll { get; init; }

    /// <summary>Its further names, as A-labels.</summary>
    internal IReadOnlyList<string> Additional { get; init; } = [];

    /// <summary>What it limits its users to.</summary>
    internal DomainLimits Limits { get; init; } = DomainLimits.None;

    internal static DomainLimits LimitsOf(DomainRow row) => new()
    {
        ForbidForwarding = row.ForbidsForwarding, DailyMessages = row.DailyMessages, DailyMegabytes = row.DailyMegabytes, AttachmentMegabytes = row.AttachmentMegabytes,
    };

    internal static DomainEntry Of(DomainRow row) => new(new DomainId(row.Id), row.PostmasterAccountId is { } postmaster ? new AccountId(postmaster) : null)
    {
        CatchAll = row.CatchAllAccountId is { } catchAll ? new AccountId(catchAll) : null,
        Additional = [.. row.Additional.Select(additional => additional.Name)],
        Limits = LimitsOf(row),
    };
}

/// <summary>All accounts, addresses and domains in memory, in immutable maps swapped after each commit of the system database.</summary>
public sealed class AddressBook : IAddressBook
{
    private State _state = new();

    /// <summary>Has other processes' changes read; nothing where there are none.</summary>
    internal Func<CancellationToken, Task> Follow { get; set; } = _ => Task.CompletedTask;

    /// <summary>All accounts by id, no order.</summary>
    internal IEnumerable<AccountEntry> Entries => Volatile.Read(ref _state).Accounts.Values;

    /// <summary>Hosted domains.</summary>
    internal int DomainCount => Volatile.Read(ref _state).Domains.Count;

    /// <summary>Hosted domains as A-labels.</summary>
    internal IEnumerable<string> DomainNames => Volatile.Read(ref _state).Domains.Keys;

    /// <summary>Reads everything.</summary>
    public async Task LoadAsync(SystemDatabase database, CancellationToken cancellationToken)
    {
        var (accounts, domains, aliases) = await database.ReadAsync(
            async context => (
                await context.Accounts.Include(row => row.Addresses).AsSplitQuery().ToListAsync(cancellationToken),
                await context.Domains.Include(row => row.Additional).ToListAsync(cancellationToken),
                await context.Aliases.Include(row => row.Members).AsSplitQuery().ToListAsync(cancellationToken)),
            cancellationToken);
        var state = domains.Aggregate(new State(), (made, row) => made.WithDomain(row.Name, DomainEntry.Of(row)));
        state = accounts.Aggregate(state, (made, row) => made.With(AccountRows.ToEntry(row)));
        Volatile.Write(ref _state, state with { Aliases = aliases.Aggregate(state.Aliases, (made, row) => made.With(AliasEntry.Of(row))) });
    }

    /// <inheritdoc/>
    public AddressResolution Resolve(EmailAddress address)
    {
        var state = Volatile.Read(ref _state);
        var canonical = state.Canonical(address);
        if (!state.Domains.TryGetValue(canonical.Domain.Ascii, out var domain))
        {
            return new AddressResolution(AddressKind.NotLocal);
        }

        var found = Named(state, domain, canonical);
        return found.Kind is AddressKind.Unknown or AddressKind.Deactivated && domain.CatchAll is { } account && Resolved(state, account, null) is { Kind: AddressKind.Account } open
            ? open with { IsCatchAll = true }
            : found;
    }

    /// <inheritdoc/>
    public EmailAddress Canonical(EmailAddress address) => Volatile.Read(ref _state).Canonical(address);

    /// <inheritdoc/>
    public IReadOnlyList<EmailAddress> Expand(EmailAddress address)
    {
        var state = Volatile.Read(ref _state);
        return state.FindAlias(state.Canonical(address)) is { } alias ? new AliasExpansion(state.Aliases, target => LeadsTo(state, target), id => Reachable(state, id)).Of(alias) : [address];
    }

    /// <inheritdoc/>
    public AddressResolution ResolvePostmaster() => Postmaster(Volatile.Read(ref _state), null);

    /// <inheritdoc/>
    public bool IsLocal(DomainName domain)
    {
        var state = Volatile.Read(ref _state);
        return state.Domains.ContainsKey(domain.Ascii) || state.Additional.ContainsKey(domain.Ascii);
    }

    /// <inheritdoc/>
    public Task CatchUpAsync(CancellationToken cancellationToken) => Follow(cancellationToken);

    public DomainLimits LimitsOf(DomainName domain)
    {
        var state = Volatile.Read(ref _state);
        var main = state.Additional.GetValueOrDefault(domain.Ascii, domain);
        return state.Domains.TryGetValue(main.Ascii, out var found) ? found.Limits : DomainLimits.None;
    }

    /// <inheritdoc/>
    public Account? Find(AccountId account) => FindEntry(account)?.Account;

    /// <inheritdoc/>
    public Account? FindByLogin(string nameOrAddress) => FindEntry(nameOrAddress)?.Account;

    /// <inheritdoc/>
    public IEnumerable<Account> Colleagues(IReadOnlySet<DomainName> domains) =>
        Volatile.Read(ref _state).Accounts.Values.Select(entry => entry.Account)
            .Where(account => account.State == AccountState.Active && account.Addresses.Any(address => domains.Contains(address.Domain)))
            .OrderBy(account => account.DisplayName, StringComparer.CurrentCultureIgnoreCase);

    internal AccountEntry? FindEntry(AccountId account) => Volatile.Read(ref _state).Accounts.GetValueOrDefault(account);

    internal AccountEntry? FindEntry(string nameOrAddress)
    {
        var state = Volatile.Read(ref _state);
        if (nameOrAddress.Length > 320)
        {
            return null;
        }

        if (state.Names.TryGetValue(NameKey(nameOrAddress), out var account) || EmailAddress.TryParse(nameOrAddress.Trim(), out var address) && state.Addresses.TryGetValue(state.Canonical(address).Key, out account))
        {
            return state.Accounts.GetValueOrDefault(account);
        }

        return null;
    }

    /// <summary>The key of log-in names.</summary>
    internal static string NameKey(string name)
    {
        var trimmed = name.Trim();
        try
        {
            return trimmed.Normalize(NormalizationForm.FormC).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return trimmed; // lone surrogates from a peer: no name has any
        }
    }

    // The following run after a commit, while the writer of the system database is held: one at a time.
    internal void Set(AccountEntry entry) => Volatile.Write(ref _state, _state.Without(entry.Account.Id).With(entry));

    internal void Remove(AccountId account) => Volatile.Write(ref _state, _state.Without(account));

    /// <param name="row">Its row with its additional domains loaded.</param>
    internal void SetDomain(DomainRow row) => Volatile.Write(ref _state, _state.WithoutDomain(row.Name).WithDomain(row.Name, DomainEntry.Of(row)));

    internal void RemoveDomain(string ascii) => Volatile.Write(ref _state, _state.WithoutDomain(ascii));

    internal void SetAlias(AliasEntry alias) => Volatile.Write(ref _state, _state with { Aliases = _state.Aliases.Without(alias.Id).With(alias) });

    internal void RemoveAlias(long id) => Volatile.Write(ref _state, _state with { Aliases = _state.Aliases.Without(id) });

    internal void RemoveAliasesOf(DomainId domain) => Volatile.Write(ref _state, _state with { Aliases = _state.Aliases.Without(domain) });

    /// <summary>What has the name in the domain, the catch-all apart.</summary>
    private static AddressResolution Named(State state, DomainEntry domain, EmailAddress address)
    {
        if (state.Addresses.TryGetValue(address.Key, out var account))
        {
            return Resolved(state, account, null);
        }

        if (state.Aliases.Find(address) is not null)
        {
            return new AddressResolution(AddressKind.Alias);
        }

        if (State.Bare(address) is { } bare)
        {
            var detail = address.LocalPart[(bare.LocalPart.Length + 1)..];
            if (state.Addresses.TryGetValue(bare.Key, out account))
            {
                return Resolved(state, account, detail);
            }

            if (state.Aliases.Find(bare) is not null)
            {
                return new AddressResolution(AddressKind.Alias, default, detail);
            }
        }

        // RFC 5321 4.5.1, RFC 2142: always reachable, whoever reads it.
        var local = address.LocalPart;
        return local.Equals("postmaster", StringComparison.OrdinalIgnoreCase) || local.Equals("abuse", StringComparison.OrdinalIgnoreCase)
            ? Postmaster(state, domain.Postmaster)
            : new AddressResolution(AddressKind.Unknown);
    }

    /// <summary>The account or alias an address written into an alias leads to now, null when it is elsewhere.</summary>
    private static (AddressResolution Account, AliasEntry? Alias) LeadsTo(State state, EmailAddress address)
    {
        var canonical = state.Canonical(address);
        if (!state.Domains.TryGetValue(canonical.Domain.Ascii, out var domain))
        {
            return (new AddressResolution(AddressKind.NotLocal), null);
        }

        var found = Named(state, domain, canonical);
        return found.Kind == AddressKind.Alias ? (found, state.FindAlias(canonical)) : (found, null);
    }

    private static Account? Reachable(State state, AccountId id) =>
        state.Accounts.TryGetValue(id, out var entry) && entry.Account.State == AccountState.Active ? entry.Account : null;

    private static AddressResolution Resolved(State state, AccountId account, string? detail) => state.Accounts.TryGetValue(account, out var entry)
        ? new AddressResolution(entry.Account.State == AccountState.Active ? AddressKind.Account : AddressKind.Deactivated, account, detail)
        : new AddressResolution(AddressKind.Unknown);

    private static AddressResolution Postmaster(State state, AccountId? chosen)
    {
        if (chosen is { } account && state.Accounts.TryGetValue(account, out var entry) && entry.Account.State == AccountState.Active)
        {
            return new AddressResolution(AddressKind.Account, account);
        }

        return state.FirstAdministrator is { } first ? new AddressResolution(AddressKind.Account, first) : new AddressResolution(AddressKind.Unknown);
    }

    private sealed record State
    {
        internal ImmutableDictionary<AccountId, AccountEntry> Accounts { get; init; } = ImmutableDictionary<AccountId, AccountEntry>.Empty;

        internal ImmutableDictionary<string, AccountId> Names { get; init; } = ImmutableDictionary.Create<string, AccountId>(StringComparer.Ordinal);

        internal ImmutableDictionary<string, AccountId> Addresses { get; init; } = ImmutableDictionary.Create<string, AccountId>(StringComparer.Ordinal);

        internal ImmutableDictionary<string, DomainEntry> Domains { get; init; } = ImmutableDictionary.Create<string, DomainEntry>(StringComparer.Ordinal);

        /// <summary>Additional domain to main domain, as A-labels.</summary>
        internal ImmutableDictionary<string, DomainName> Additional { get; init; } = ImmutableDictionary.Create<string, DomainName>(StringComparer.Ordinal);

        internal AliasTable Aliases { get; init; } = AliasTable.Empty;

        internal ImmutableSortedSet<long> Administrators { get; init; } = [];

        /// <summary>The active administrator of the lowest id.</summary>
        internal AccountId? FirstAdministrator => Administrators.IsEmpty ? null : new AccountId(Administrators[0]);

        /// <summary>The address without the part after '+', null when it has none.</summary>
        internal static EmailAddress? Bare(EmailAddress address)
        {
            var plus = address.LocalPart.IndexOf('+', StringComparison.Ordinal);
            return plus > 0 && EmailAddress.TryCreate(address.LocalPart[..plus], address.Domain, out var bare) ? bare : null;
        }

        internal EmailAddress Canonical(EmailAddress address) =>
            Additional.TryGetValue(address.Domain.Ascii, out var main) && EmailAddress.TryCreate($"\"{address.LocalPart.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"", main, out var canonical)
                ? canonical
                : address;

        internal AliasEntry? FindAlias(EmailAddress canonical) => Aliases.Find(canonical) ?? (Bare(canonical) is { } bare && !Addresses.ContainsKey(bare.Key) ? Aliases.Find(bare) : null);

        internal State WithDomain(string ascii, DomainEntry domain) => this with
        {
            Domains = Domains.SetItem(ascii, domain),
            Additional = Additional.SetItems(domain.Additional.Select(name => KeyValuePair.Create(name, DomainName.Parse(ascii)))),
        };

        internal State WithoutDomain(string ascii) => !Domains.TryGetValue(ascii, out var domain)
            ? this
            : this with { Domains = Domains.Remove(ascii), Additional = Additional.RemoveRange(domain.Additional) };

        internal State With(AccountEntry entry)
        {
            var account = entry.Account;
            return this with
            {
                Accounts = Accounts.SetItem(account.Id, entry),
                Names = Names.SetItem(NameKey(account.Name), account.Id),
                Addresses = Addresses.SetItems(account.Addresses.Select(address => KeyValuePair.Create(address.Key, account.Id))),
                Administrators = account is { IsAdministrator: true, State: AccountState.Active } ? Administrators.Add(account.Id.Value) : Administrators.Remove(account.Id.Value),
            };
        }

        internal State Without(AccountId id) => !Accounts.TryGetValue(id, out var entry)
            ? this
            : this with
            {
                Accounts = Accounts.Remove(id),
                Names = Names.Remove(NameKey(entry.Account.Name)),
                Addresses = Addresses.RemoveRange(entry.Account.Addresses.Select(address => address.Key)),
                Administrators = Administrators.Remove(id.Value),
            };
    }
}
