using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Accounts.Credentials;

/// <summary>An app password that was recognised.</summary>
/// <param name="Id">Its row.</param>
/// <param name="Name">What its owner calls it.</param>
internal sealed record AppPasswordMatch(long Id, string Name);

/// <summary>All app passwords in memory, swapped whole when one is made or revoked: a log-in with one costs a hash, not Argon2id.</summary>
public sealed class AppPasswordBook
{
    private FrozenDictionary<AccountId, AppPasswordRow[]> _all = FrozenDictionary<AccountId, AppPasswordRow[]>.Empty;

    /// <summary>Reads everything.</summary>
    public async Task LoadAsync(SystemDatabase database, CancellationToken cancellationToken) =>
        Volatile.Write(ref _all, await database.ReadAsync(context => ReadAsync(context, cancellationToken), cancellationToken));

    /// <summary>Reads everything anew inside a change; in force with its commit.</summary>
    internal async Task RefreshAsync(SystemContext context, CancellationToken cancellationToken)
    {
        await context.SaveChangesAsync(cancellationToken); // the query sees what was changed
        var all = await ReadAsync(context, cancellationToken);
        context.AfterCommit(() => Volatile.Write(ref _all, all));
    }

    /// <summary>The app password of an account that a text is, null when it is none.</summary>
    internal AppPasswordMatch? Match(AccountId account, string text)
    {
        if (!Volatile.Read(ref _all).TryGetValue(account, out var passwords) || AppPasswordText.Hash(text) is not { } hash)
        {
            return null;
        }

        var octets = Encoding.ASCII.GetBytes(hash);
        return Array.Find(passwords, password => CryptographicOperations.FixedTimeEquals(octets, Encoding.ASCII.GetBytes(password.Hash))) is { } found ? new AppPasswordMatch(found.Id, found.Name) : null;
    }

    private static async Task<FrozenDictionary<AccountId, AppPasswordRow[]>> ReadAsync(SystemContext context, CancellationToken cancellationToken) =>
        (await context.AppPasswords.AsNoTracking().ToListAsync(cancellationToken)).GroupBy(row => new AccountId(row.AccountId)).ToFrozenDictionary(group => group.Key, group => group.ToArray());
}
