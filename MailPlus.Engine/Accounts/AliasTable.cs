using System.Collections.Immutable;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts;

/// <summary>One of those an alias stands for; one of the three is set.</summary>
internal readonly record struct AliasTarget(AccountId? Account, long? Alias, EmailAddress? Elsewhere);

/// <summary>An alias in the address book.</summary>
internal sealed record AliasEntry(long Id, DomainId Domain, string Key, DomainName DomainName)
{
    internal IReadOnlyList<AliasTarget> Targets { get; init; } = [];

    /// <param name="row">Its row with its members loaded, and saved: it has its id.</param>
    internal static AliasEntry Of(AliasRow row) => new(row.Id, new DomainId(row.DomainId), row.AddressKey, DomainName.Parse(row.AddressKey[(row.AddressKey.LastIndexOf('@') + 1)..]))
    {
        Targets =
        [
            .. row.Members.Select(member => new AliasTarget(
                member.AccountId is { } account ? new AccountId(account) : null,
                member.TargetId,
                member.Address.Length > 0 && EmailAddress.TryParse(member.Address, out var elsewhere) ? elsewhere : null)),
        ],
    };
}

/// <summary>All aliases, immutable.</summary>
internal sealed record AliasTable
{
    private readonly ImmutableDictionary<string, AliasEntry> _byKey = ImmutableDictionary.Create<string, AliasEntry>(StringComparer.Ordinal);
    private readonly ImmutableDictionary<long, string> _keys = ImmutableDictionary<long, string>.Empty;

    private AliasTable()
    {
    }

    private AliasTable(ImmutableDictionary<string, AliasEntry> byKey, ImmutableDictionary<long, string> keys) => (_byKey, _keys) = (byKey, keys);

    internal static AliasTable Empty { get; } = new();

    internal AliasEntry? Find(EmailAddress address) => _byKey.GetValueOrDefault(address.Key);

    internal AliasEntry? Find(long id) => _keys.TryGetValue(id, out var key) ? _byKey.GetValueOrDefault(key) : null;

    internal AliasTable With(AliasEntry alias) => new(_byKey.SetItem(alias.Key, alias), _keys.SetItem(alias.Id, alias.Key));

    internal AliasTable Without(long id) => _keys.TryGetValue(id, out var key) ? new AliasTable(_byKey.Remove(key), _keys.Remove(id)) : this;

    internal AliasTable Without(DomainId domain) => _byKey.Values.Where(alias => alias.Domain == domain).Aggregate(this, (table, alias) => table.Without(alias.Id));
}

/// <summary>
/// Follows an alias to everybody it stands for in the end: aliases within it are entered once, so that a ring ends, and nobody is named twice (DOM-082).
/// </summary>
/// <param name="aliases">All aliases.</param>
/// <param name="leadsTo">Where a written address leads.</param>
/// <param name="reachable">An account that takes mail now, else null.</param>
internal sealed class AliasExpansion(AliasTable aliases, Func<EmailAddress, (AddressResolution Account, AliasEntry? Alias)> leadsTo, Func<AccountId, Account?> reachable)
{
    /// <summary>Addresses one message may become by one alias.</summary>
    internal const int MostAddresses = 10_000;

    private readonly List<EmailAddress> _found = [];
    private readonly HashSet<long> _entered = [];
    private readonly HashSet<AccountId> _accounts = [];
    private readonly HashSet<string> _elsewhere = new(StringComparer.Ordinal);
    private readonly Stack<AliasEntry> _open = new();

    internal IReadOnlyList<EmailAddress> Of(AliasEntry alias)
    {
        _open.Push(alias);
        while (_found.Count < MostAddresses && _open.TryPop(out var next))
        {
            if (_entered.Add(next.Id))
            {
                Enter(next);
            }
        }

        return _found;
    }

    private void Enter(AliasEntry alias)
    {
        foreach (var target in alias.Targets)
        {
            if (target.Alias is { } id && aliases.Find(id) is { } inner)
            {
                _open.Push(inner);
            }
            else if (target.Account is { } account)
            {
                Add(account, alias.DomainName);
            }
            else if (target.Elsewhere is { } address)
            {
                AddWritten(address, alias.DomainName);
            }
        }
    }

    private void AddWritten(EmailAddress address, DomainName domain)
    {
        var (found, alias) = leadsTo(address); // an address elsewhere may have become one of ours since it was written
        if (alias is not null)
        {
            _open.Push(alias);
        }
        else if (found.Kind == AddressKind.Account)
        {
            Add(found.Account, domain);
        }
        else if (found.Kind == AddressKind.NotLocal && _elsewhere.Add(address.Key))
        {
            _found.Add(address);
        }
    }

    private void Add(AccountId id, DomainName domain)
    {
        if (reachable(id) is { } account && _accounts.Add(id))
        {
            _found.Add(account.Addresses.FirstOrDefault(own => own.Domain == domain) ?? account.PrimaryAddress);
        }
    }
}
