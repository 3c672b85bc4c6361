using System.Collections.Immutable;
using System.Text;
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
internal sealed record DomainEntry(DomainId Id, AccountId? Postmaster);

/// <summary>All accounts, addresses and domains in memory, in immutable maps swapped after each commit of the system database.</summary>
public sealed class AddressBook : IAddressBook
{
    private State _state = new();

    /// <summary>All accounts by id, no order.</summary>
    internal IEnumerable<AccountEntry> Entries => Volatile.Read(ref _state).Accounts.Values;

    /// <summary>Hosted domains.</summary>
    internal int DomainCount => Volatile.Read(ref _state).Domains.Count;

    /// <summary>Hosted domains as A-labels.</summary>
    internal IEnumerable<string> DomainNames => Volatile.Read(ref _state).Domains.Keys;

    /// <summary>Reads everything.</summary>
    public async Task LoadAsync(SystemDatabase database, CancellationToken cancellationToken)
    {
        var (accounts, domains) = await database.ReadAsync(
            async context => (await context.Accounts.Include(row => row.Addresses).AsSplitQuery().ToListAsync(cancellationToken), await context.Domains.ToListAsync(cancellationToken)),
            cancellationToken);
        var state = domains.Aggregate(new State(), (made, row) => made with { Domains = made.Domains.SetItem(row.Name, new DomainEntry(new DomainId(row.Id), Postmaster(row))) });
        Volatile.Write(ref _state, accounts.Aggregate(state, (made, row) => made.With(AccountRows.ToEntry(row))));
    }

    /// <inheritdoc/>
    public AddressResolution Resolve(EmailAddress address)
    {
        var state = Volatile.Read(ref _state);
        if (!state.Domains.TryGetValue(address.Domain.Ascii, out var domain))
        {
            return new AddressResolution(AddressKind.NotLocal);
        }

        if (state.Addresses.TryGetValue(address.Key, out var account))
        {
            return Resolved(state, account, null);
        }

        var plus = address.LocalPart.IndexOf('+', StringComparison.Ordinal);
        if (plus > 0 && EmailAddress.TryCreate(address.LocalPart[..plus], address.Domain, out var bare) && state.Addresses.TryGetValue(bare.Key, out account))
        {
            return Resolved(state, account, address.LocalPart[(plus + 1)..]);
        }

        // RFC 5321 4.5.1, RFC 2142: always reachable, whoever reads it.
        var local = address.LocalPart;
        return local.Equals("postmaster", StringComparison.OrdinalIgnoreCase) || local.Equals("abuse", StringComparison.OrdinalIgnoreCase)
            ? Postmaster(state, domain.Postmaster)
            : new AddressResolution(AddressKind.Unknown);
    }

    /// <inheritdoc/>
    public AddressResolution ResolvePostmaster() => Postmaster(Volatile.Read(ref _state), null);

    /// <inheritdoc/>
    public bool IsLocal(DomainName domain) => Volatile.Read(ref _state).Domains.ContainsKey(domain.Ascii);

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

        if (state.Names.TryGetValue(NameKey(nameOrAddress), out var account) || EmailAddress.TryParse(nameOrAddress.Trim(), out var address) && state.Addresses.TryGetValue(address.Key, out account))
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

    internal void SetDomain(DomainRow row) =>
        Volatile.Write(ref _state, _state with { Domains = _state.Domains.SetItem(row.Name, new DomainEntry(new DomainId(row.Id), Postmaster(row))) });

    internal void RemoveDomain(string ascii) => Volatile.Write(ref _state, _state with { Domains = _state.Domains.Remove(ascii) });

    private static AccountId? Postmaster(DomainRow row) => row.PostmasterAccountId is { } id ? new AccountId(id) : null;

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

        internal ImmutableSortedSet<long> Administrators { get; init; } = [];

        /// <summary>The active administrator of the lowest id.</summary>
        internal AccountId? FirstAdministrator => Administrators.IsEmpty ? null : new AccountId(Administrators[0]);

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
