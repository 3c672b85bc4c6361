using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>The accounts of a store that are open. Those that nobody uses are kept, the least recently used ones closed.</summary>
/// <param name="open">Opens an account, making it when the flag says so.</param>
/// <param name="around">What all accounts share.</param>
internal sealed class AccountLeases(Func<AccountId, bool, Task<OpenAccount>> open, AccountSurroundings around)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AccountId, Entry> _open = [];
    private readonly LinkedList<Entry> _idle = new(); // Least recently used first.
    private bool _closing;

    /// <summary>Those that are open or being opened now.</summary>
    public IReadOnlyList<AccountId> Open
    {
        get
        {
            lock (_gate)
            {
                return [.. _open.Values.Where(entry => entry.Closing is null).Select(entry => entry.Account)];
            }
        }
    }

    /// <summary>Whether an account is open.</summary>
    public bool IsOpen(AccountId account)
    {
        lock (_gate)
        {
            return _open.TryGetValue(account, out var entry) && entry.Closing is null;
        }
    }

    /// <summary>A lease of an account; disposing it lets the account be closed.</summary>
    /// <exception cref="RefusedException">What the opening says; Unavailable when the server stops.</exception>
    public async ValueTask<AccountStore> LeaseAsync(AccountId account, bool create)
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
                    throw SqliteFailures.Unavailable("accounts", "the server stops");
                }

                if (!_open.TryGetValue(account, out entry))
                {
                    first = true;
                    entry = new Entry(account) { Opening = open(account, create) };
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
                return new AccountStore(await entry.Opening!, () => GiveBack(entry));
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

    /// <summary>Closes an account and removes it. Whoever opens it meanwhile waits, and then finds nothing; leases that are out get Unavailable.</summary>
    public async Task DeleteAsync(AccountId account, Func<Task> remove)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entry = await TakeForClosingAsync(account, done.Task);
        try
        {
            await CloseAsync(entry);
            await remove();
        }
        finally
        {
            Forget(entry);
            done.SetResult();
        }
    }

    /// <summary>Closes all.</summary>
    public async Task CloseAsync()
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
        OpenAccount? account = null;
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
            if (_idle.Count > around.Options.IdleAccounts)
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
            around.Threads.Report(failure);
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

    private sealed class Entry(AccountId account)
    {
        public AccountId Account => account;

        /// <summary>Null for an account that is being removed without having been open.</summary>
        public Task<OpenAccount>? Opening { get; init; }

        public int Leases { get; set; }

        /// <summary>Set once the account is being closed; it may be opened anew after that.</summary>
        public Task? Closing { get; set; }

        public LinkedListNode<Entry>? Listed { get; set; }
    }
}
