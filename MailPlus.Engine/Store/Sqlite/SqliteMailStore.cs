using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>
/// Accounts as folders <c>accounts/ID/</c> with <c>mail.db</c> and <c>bodies/</c>. Open accounts that nobody uses are kept, the least recently used ones closed.
/// </summary>
public sealed class SqliteMailStore : IMailStore
{
    private const string DeletedEnding = ".deleted";

    private readonly string _folder;
    private readonly AccountSurroundings _around;
    private readonly Lock _gate = new();
    private readonly Dictionary<AccountId, Entry> _open = [];
    private readonly LinkedList<Entry> _idle = new(); // Least recently used first.
    private bool _closing;

    /// <param name="folder">The folder of all accounts; made when it is not there.</param>
    /// <param name="threads">Where all blocking work runs; outlives the store.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="options">Sizes; null for the defaults.</param>
    public SqliteMailStore(string folder, SqliteThreads threads, TimeProvider clock, MailStoreOptions? options = null)
    {
        _folder = Path.GetFullPath(folder);
        _around = new AccountSurroundings(threads, clock, Changes, options ?? new MailStoreOptions());
    }

    /// <inheritdoc/>
    public ChangeFeed Changes { get; } = new();

    /// <inheritdoc/>
    public async Task CreateAsync(AccountId account, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var lease = await LeaseAsync(account, create: true);
    }

    /// <inheritdoc/>
    public async ValueTask<IAccountStore> OpenAsync(AccountId account, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await LeaseAsync(account, create: false);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(AccountId account, CancellationToken cancellationToken)
    {
        // Whoever opens meanwhile waits, and then finds nothing. Leases that are out get Unavailable.
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entry = await TakeForClosingAsync(account, done.Task);
        try
        {
            await CloseAsync(entry);
            await _around.Threads.RunAsync(() => Remove(account), CancellationToken.None);
        }
        finally
        {
            Forget(entry);
            done.SetResult();
        }
    }

    /// <inheritdoc/>
    public async Task CopyToAsync(AccountId account, string folder, CancellationToken cancellationToken)
    {
        await using var lease = await LeaseAsync(account, create: false);
        await lease.Source.CopyToAsync(folder, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        List<Entry> entries;
        lock (_gate)
        {
            _closing = true;
            entries = [.. _open.Values];
            _idle.Clear();
        }

        await Task.WhenAll(entries.Select(entry => entry.Closing ?? CloseAsync(entry)));
    }

    private static async Task CloseAsync(Entry entry)
    {
        SqliteAccount? account = null;
        try
        {
            account = entry.Opening is null ? null : await entry.Opening;
        }
        catch (RefusedException)
        {
            // It never opened, as whoever wanted it has been told.
        }

        if (account is not null)
        {
            await account.CloseAsync();
        }
    }

    private async ValueTask<SqliteAccountStore> LeaseAsync(AccountId account, bool create)
    {
        while (true)
        {
            Entry? entry;
            Task? closing;
            var first = false;
            lock (_gate)
            {
                if (_closing)
                {
                    throw SqliteFailures.Unavailable(_folder, "the server stops");
                }

                if (!_open.TryGetValue(account, out entry))
                {
                    first = true;
                    entry = new Entry(account) { Opening = SqliteAccount.OpenAsync(account, FolderOf(account), create, _around) };
                    _open.Add(account, entry);
                }

                closing = entry.Closing;
                if (closing is null)
                {
                    entry.Leases++;
                    Unlist(entry);
                }
            }

            if (closing is not null)
            {
                await closing;
                continue;
            }

            try
            {
                return new SqliteAccountStore(await entry.Opening!, () => GiveBack(entry));
            }
            catch (Exception failure)
            {
                Forget(entry);
                if (create && !first && failure is RefusedException { Refusal.Kind: RefusalKind.NotFound })
                {
                    continue; // Somebody's mere opening came first.
                }

                throw;
            }
        }
    }

    private void GiveBack(Entry entry)
    {
        Entry? oldest = null;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (--entry.Leases > 0 || entry.Closing is not null || _closing)
            {
                return;
            }

            entry.Listed = _idle.AddLast(entry);
            if (_idle.Count > _around.Options.IdleAccounts)
            {
                oldest = _idle.First!.Value;
                Unlist(oldest);
                oldest.Closing = done.Task;
            }
        }

        if (oldest is not null)
        {
            _ = CloseIdleAsync(oldest, done);
        }
    }

    private async Task CloseIdleAsync(Entry entry, TaskCompletionSource done)
    {
        try
        {
            await CloseAsync(entry);
        }
        catch (Exception failure)
        {
            _around.Threads.Report(failure);
        }
        finally
        {
            Forget(entry);
            done.SetResult();
        }
    }

    private async Task<Entry> TakeForClosingAsync(AccountId account, Task done)
    {
        while (true)
        {
            Task closing;
            lock (_gate)
            {
                if (!_open.TryGetValue(account, out var entry))
                {
                    entry = new Entry(account) { Closing = done };
                    _open.Add(account, entry);
                    return entry;
                }

                if (entry.Closing is null)
                {
                    entry.Closing = done;
                    Unlist(entry);
                    return entry;
                }

                closing = entry.Closing;
            }

            await closing;
        }
    }

    private void Forget(Entry entry)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(entry.Account, out var present) && ReferenceEquals(present, entry))
            {
                _open.Remove(entry.Account);
            }
        }
    }

    private void Unlist(Entry entry)
    {
        if (entry.Listed is not null)
        {
            _idle.Remove(entry.Listed);
            entry.Listed = null;
        }
    }

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

    private sealed class Entry(AccountId account)
    {
        public AccountId Account => account;

        /// <summary>Null for an account that is being removed without having been open.</summary>
        public Task<SqliteAccount>? Opening { get; init; }

        public int Leases { get; set; }

        /// <summary>Set once the account is being closed; it may be opened anew after that.</summary>
        public Task? Closing { get; set; }

        public LinkedListNode<Entry>? Listed { get; set; }
    }
}
