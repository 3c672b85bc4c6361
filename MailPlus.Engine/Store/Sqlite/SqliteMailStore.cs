using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Mailboxes;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>
/// Accounts as folders <c>accounts/ID/</c> with <c>mail.db</c> and <c>bodies/</c>. Open accounts that nobody uses are kept, the least recently used ones closed.
/// </summary>
public sealed class SqliteMailStore : IMailStore
{
    private const string DeletedEnding = ".deleted";

    private readonly string _folder;
    private readonly AccountSurroundings _around;
    private readonly AccountLeases _leases;

    /// <param name="folder">The folder of all accounts; made when it is not there.</param>
    /// <param name="threads">Where all blocking work runs; outlives the store.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="options">Sizes; null for the defaults.</param>
    public SqliteMailStore(string folder, SqliteThreads threads, TimeProvider clock, MailStoreOptions? options = null)
    {
        _folder = Path.GetFullPath(folder);
        _around = new AccountSurroundings(threads, clock, Changes, options ?? new MailStoreOptions());
        _leases = new AccountLeases(async (account, create) => await SqliteAccount.OpenAsync(account, FolderOf(account), create, _around), _around);
    }

    /// <inheritdoc/>
    public ChangeFeed Changes { get; } = new();

    /// <inheritdoc/>
    public async Task CreateAsync(AccountId account, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var lease = await _leases.LeaseAsync(account, create: true);
    }

    /// <inheritdoc/>
    public async ValueTask<IAccountStore> OpenAsync(AccountId account, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await _leases.LeaseAsync(account, create: false);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(AccountId account, CancellationToken cancellationToken) =>
        _leases.DeleteAsync(account, () => _around.Threads.RunAsync(() => Remove(account), CancellationToken.None));

    /// <inheritdoc/>
    public async Task CopyToAsync(AccountId account, string folder, CancellationToken cancellationToken)
    {
        await using var lease = await _leases.LeaseAsync(account, create: false);
        await lease.Source.CopyToAsync(folder, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _leases.CloseAsync();

    private string FolderOf(AccountId account) => Path.Combine(_folder, account.ToString());

    /// <summary>Takes the folder's name away first, so that half a removal is never opened; clears what an earlier crash left of others.</summary>
    private bool Remove(AccountId account)
    {
        try
        {
            var folder = FolderOf(account);
            if (Directory.Exists(folder))
            {
                Directory.Move(folder, folder + DeletedEnding);
                DurableFiles.FlushFolder(_folder);
            }

            if (Directory.Exists(_folder))
            {
                foreach (var left in Directory.GetDirectories(_folder, "*" + DeletedEnding))
                {
                    Directory.Delete(left, recursive: true);
                }
            }

            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw SqliteFailures.Unavailable(_folder, failure.Message);
        }
    }
}
