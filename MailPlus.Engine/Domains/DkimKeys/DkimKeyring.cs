using System.Collections.Immutable;
using MailPlus.Engine.Database;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.DkimKeys;

/// <summary>The algorithm of a key.</summary>
public enum DkimAlgorithm
{
    /// <summary>RSA with SHA-256 (RFC 6376).</summary>
    Rsa,

    /// <summary>Ed25519 (RFC 8463).</summary>
    Ed25519,
}

/// <summary>A key as signing needs it.</summary>
/// <param name="Selector">s=.</param>
/// <param name="Algorithm">Algorithm.</param>
/// <param name="PrivateKey">PKCS #8 of RSA, the seed of Ed25519.</param>
internal sealed record SigningKey(string Selector, DkimAlgorithm Algorithm, ReadOnlyMemory<byte> PrivateKey);

/// <summary>The keys that sign now, by main domain, in memory; swapped after each commit.</summary>
internal sealed class DkimKeyring
{
    private ImmutableDictionary<string, ImmutableArray<SigningKey>> _keys = ImmutableDictionary.Create<string, ImmutableArray<SigningKey>>(StringComparer.Ordinal);

    /// <summary>Reads everything.</summary>
    public async Task LoadAsync(SystemDatabase database, CancellationToken cancellationToken)
    {
        var (domains, keys) = await database.ReadAsync(
            async context => (await context.Domains.Where(row => row.SignsDkim).ToListAsync(cancellationToken), await context.DkimKeys.ToListAsync(cancellationToken)), cancellationToken);
        domains.ForEach(domain => Set(domain, keys.Where(key => key.DomainId == domain.Id)));
    }

    /// <summary>The keys of a main domain; empty when its mail is not signed.</summary>
    public IReadOnlyList<SigningKey> Find(string mainDomain) => Volatile.Read(ref _keys).TryGetValue(mainDomain, out var keys) ? keys : [];

    // The following run after a commit, while the writer of the system database is held: one at a time.
    internal void Set(DomainRow domain, IEnumerable<DkimKeyRow> keys)
    {
        ImmutableArray<SigningKey> active = !domain.SignsDkim
            ? []
            : [.. keys.Where(key => key.State == (int)DkimKeyState.Active).Select(key => new SigningKey(key.Selector, (DkimAlgorithm)key.Algorithm, Convert.FromBase64String(key.PrivateKey)))];
        Volatile.Write(ref _keys, active.IsEmpty ? _keys.Remove(domain.Name) : _keys.SetItem(domain.Name, active));
    }

    internal void Remove(string mainDomain) => Volatile.Write(ref _keys, _keys.Remove(mainDomain));
}
