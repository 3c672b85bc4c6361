using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>What every account of a store shares.</summary>
/// <param name="Threads">Where blocking work runs.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Changes">Where commits are announced.</param>
/// <param name="Options">Sizes.</param>
internal sealed record AccountSurroundings(SqliteThreads Threads, TimeProvider Clock, ChangeFeed Changes, MailStoreOptions Options)
{
    /// <summary>Sort columns of all accounts.</summary>
    public SortCache Sorting { get; } = new(Options.SortOctets);
}

/// <summary>One open account: its tables, its big bodies and the published picture. A backend says where these lie and how a commit is told to other processes.</summary>
internal abstract class OpenAccount
{
    private readonly AccountSurroundings _around;
    private readonly Lock _gate = new();
    private AccountImage? _published;
    private Task _clearing = Task.CompletedTask;
    private volatile bool _closing;

    protected OpenAccount(AccountId account, AccountSurroundings around)
    {
        Account = account;
        _around = around;
        Edit = new AccountEdit(this);
    }

    public AccountId Account { get; }

    /// <summary>Where big bodies lie.</summary>
    public abstract IBigBodies Bodies { get; }

    public TimeProvider Clock => _around.Clock;

    public SqliteThreads Threads => _around.Threads;

    public MailStoreOptions Options => _around.Options;

    public SortCache Sorting => _around.Sorting;

    /// <summary>The picture as of the last commit that this process knows of.</summary>
    public AccountImage Published => Volatile.Read(ref _published) ?? throw new InvalidOperationException("Not open.");

    /// <summary>Whether the picture has been read.</summary>
    protected bool IsOpen => Volatile.Read(ref _published) is not null;

    /// <summary>The account as the items of a commit see it.</summary>
    protected AccountEdit Edit { get; }

    /// <summary>The tables.</summary>
    protected abstract SqlFile File { get; }

    /// <summary>The picture as of now, whichever process made the last commit.</summary>
    public virtual ValueTask<AccountImage> PresentAsync(CancellationToken cancellationToken) => new(Published);

    /// <summary>Runs a change in the next group commit.</summary>
    public async Task<T> WriteAsync<T>(Func<AccountEdit, T> work, Durability durability, CancellationToken cancellationToken)
    {
        try
        {
            return await File.WriteAsync(session => Edit.Run(session, work), durability, cancellationToken);
        }
        catch (Exception failure)
        {
            throw ForCaller(failure);
        }
    }

    /// <summary>Runs a change of flags of a mailbox whose snapshot is in memory.</summary>
    public async Task<T> WriteSmallAsync<T>(Func<AccountEdit, T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await File.WriteSmallAsync(session => Edit.Run(session, work), cancellationToken);
        }
        catch (Exception failure)
        {
            throw ForCaller(failure);
        }
    }

    /// <summary>Runs a read on a connection of its own.</summary>
    public async Task<T> ReadAsync<T>(Func<SqlSession, T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAsync(work, cancellationToken);
        }
        catch (Exception failure)
        {
            throw ForCaller(failure);
        }
    }

    /// <summary>Makes room for MODSEQs that commits without a flush may give out (mail-rules 6).</summary>
    public virtual ValueTask ReserveModSeqsAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Last in a commit: writes what tells other processes of it. Returns the picture to be published.</summary>
    public virtual AccountImage Seal(SqlSession session, AccountImage image) => image;

    /// <summary>Makes a commit visible: the picture, then the removal of files, then the announcements in order.</summary>
    public void Publish(AccountImage image, StoreChange[] events, string[] files)
    {
        Volatile.Write(ref _published, image);
        foreach (var file in files)
        {
            Bodies.Withdraw(file);
        }

        foreach (var change in events)
        {
            _around.Changes.Publish(change);
        }

        if (events.Length > 0)
        {
            Announced(events);
        }
    }

    /// <summary>Writes a consistent copy into a new folder; it takes a new epoch and new UIDVALIDITYs when first opened.</summary>
    public abstract Task CopyToAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Clears messages of removed mailboxes away, a bit at a time, so that deliveries go on between.</summary>
    public void ClearDoomed()
    {
        lock (_gate)
        {
            _clearing = ClearAsync(_clearing);
        }
    }

    /// <summary>Finishes and closes.</summary>
    public async Task CloseAsync()
    {
        _closing = true;
        Task clearing;
        lock (_gate)
        {
            clearing = _clearing;
        }

        await clearing;
        await SettleAsync();
        await File.DisposeAsync();
    }

    /// <summary>Takes a picture that was just read.</summary>
    protected void Begin(AccountImage image) => Volatile.Write(ref _published, image);

    /// <summary>A commit of this process has been announced here.</summary>
    protected virtual void Announced(StoreChange[] events)
    {
        // Nobody else to tell.
    }

    /// <summary>What is written before the tables are closed.</summary>
    protected virtual Task SettleAsync() => Task.CompletedTask;

    private async Task ClearAsync(Task before)
    {
        await before;
        try
        {
            while (!_closing && await WriteAsync(Expunging.ClearDoomed, Durability.Full, CancellationToken.None))
            {
                // Each round is a commit of its own.
            }
        }
        catch (Exception failure)
        {
            Threads.Report(failure); // Goes on when the account is next opened.
        }
    }

    private Exception ForCaller(Exception failure) => failure switch
    {
        // The account was deleted, or the server stops.
        ObjectDisposedException => new RefusedException(new Refusal(RefusalKind.Unavailable, "StorageUnavailable") { Temporary = true, Detail = $"account {Account} is closed" }),
        InvalidDataException => SqliteFailures.Unavailable($"account {Account}", failure.Message),
        _ => failure,
    };
}
