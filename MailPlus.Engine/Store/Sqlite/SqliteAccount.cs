using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>What every account of a store shares.</summary>
/// <param name="Threads">Where blocking work runs.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Changes">Where commits are announced.</param>
/// <param name="Options">Sizes.</param>
internal sealed record AccountSurroundings(SqliteThreads Threads, TimeProvider Clock, ChangeFeed Changes, MailStoreOptions Options);

/// <summary>One open account: its database, its folder of big bodies and the published picture.</summary>
internal sealed class SqliteAccount
{
    public const string DatabaseName = "mail.db";
    private const int ModSeqBlock = 100_000;

    private readonly AccountSurroundings _around;
    private readonly AccountEdit _edit;
    private readonly Lock _gate = new();
    private SqliteFile? _file;
    private AccountImage? _published;
    private Task _clearing = Task.CompletedTask;
    private volatile bool _closing;

    private SqliteAccount(AccountId account, string folder, AccountSurroundings around)
    {
        Account = account;
        _around = around;
        _edit = new AccountEdit(this);
        Bodies = new BodyFolder(Path.Combine(folder, BodyFolder.Name));
    }

    public AccountId Account { get; }

    public BodyFolder Bodies { get; }

    public TimeProvider Clock => _around.Clock;

    public SqliteThreads Threads => _around.Threads;

    public MailStoreOptions Options => _around.Options;

    /// <summary>The picture as of the last commit.</summary>
    public AccountImage Published => Volatile.Read(ref _published) ?? throw new InvalidOperationException("Not open.");

    private SqliteFile File => _file ?? throw new InvalidOperationException("Not open.");

    /// <summary>Opens the account in a folder, making its database when <paramref name="create"/>.</summary>
    /// <exception cref="RefusedException">NotFound, Unavailable.</exception>
    public static async Task<SqliteAccount> OpenAsync(AccountId id, string folder, bool create, AccountSurroundings around)
    {
        var account = new SqliteAccount(id, folder, around);
        var unclean = await around.Threads.RunAsync(() => PrepareFolder(folder, create), CancellationToken.None);
        account._file = await SqliteFile.OpenAsync(
            new SqliteFileOptions
            {
                FileName = Path.Combine(folder, DatabaseName), ApplicationId = MailSchema.ApplicationId, Scripts = MailSchema.Scripts,
                PageSize = around.Options.PageSize, WriterCache = 512, ReaderCache = 256, Readers = 3, CheckpointOctets = around.Options.CheckpointOctets,
                BeforeCommit = account._edit.Finish,
            },
            around.Threads,
            CancellationToken.None);
        try
        {
            await account._file.WriteAsync(
                session =>
                {
                    account._published = AccountOpening.Read(session, around.Clock);
                    return account._edit.Run(session, MailboxChanges.EnsureStandard);
                },
                Durability.Full,
                CancellationToken.None);
            if (unclean)
            {
                var known = await account._file.ReadAsync(BodyFolder.KnownFiles, CancellationToken.None);
                await around.Threads.RunAsync(() => account.Bodies.Sweep(known), CancellationToken.None);
            }
        }
        catch
        {
            await account._file.DisposeAsync();
            throw;
        }

        account.ClearDoomed();
        return account;
    }

    /// <summary>Runs a change in the next group commit.</summary>
    public async Task<T> WriteAsync<T>(Func<AccountEdit, T> work, Durability durability, CancellationToken cancellationToken)
    {
        try
        {
            return await File.WriteAsync(session => _edit.Run(session, work), durability, cancellationToken);
        }
        catch (Exception failure)
        {
            throw ForCaller(failure);
        }
    }

    /// <summary>Runs a read on a connection of its own.</summary>
    public async Task<T> ReadAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken)
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

    /// <summary>Makes room for MODSEQs that commits without a flush may give out, so that numbers never go back after a power cut (mail-rules 6).</summary>
    public async ValueTask ReserveModSeqsAsync(CancellationToken cancellationToken)
    {
        // Half a block of slack: far more than can wait in the queue of writes before the next reservation.
        if (Published.ModSeqLimit - Published.ModSeq < ModSeqBlock / 2)
        {
            await WriteAsync(
                edit =>
                {
                    var limit = edit.Image.ModSeq + ModSeqBlock;
                    edit.Session.Statement("UPDATE account SET modseq_limit=?").Bind(0, limit).Execute();
                    edit.Image = edit.Image with { ModSeqLimit = limit };
                    return true;
                },
                Durability.Full,
                cancellationToken);
        }
    }

    /// <summary>Makes a commit visible: the picture, then the removal of files, then the announcements in order.</summary>
    public void Publish(AccountImage image, StoreChange[] events, string[] files)
    {
        Volatile.Write(ref _published, image);
        foreach (var file in files)
        {
            Bodies.Remove(file);
        }

        foreach (var change in events)
        {
            _around.Changes.Publish(change);
        }
    }

    /// <summary>Writes a consistent copy into a new folder; it takes a new epoch and new UIDVALIDITYs when first opened.</summary>
    public async Task CopyToAsync(string folder, CancellationToken cancellationToken)
    {
        // Files that go meanwhile may still be rows of the copy.
        using var held = Bodies.HoldRemovals();
        await Threads.RunAsync(() => AccountCopy.MakeFolder(folder), cancellationToken);
        await File.CopyToAsync(Path.Combine(folder, DatabaseName), cancellationToken);
        await Threads.RunAsync(() => AccountCopy.Finish(folder, Bodies), cancellationToken);
    }

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
        try
        {
            await WriteAsync(AccountOpening.GiveSpaceBack, Durability.Process, CancellationToken.None);
            if (Published.ModSeqLimit > Published.ModSeq)
            {
                await WriteAsync(AccountOpening.MarkClean, Durability.Full, CancellationToken.None);
            }
        }
        catch (RefusedException failure)
        {
            Threads.Report(failure); // The next opening then skips the rest of the block, as after a crash.
        }

        await File.DisposeAsync();
    }

    private static bool PrepareFolder(string folder, bool create)
    {
        try
        {
            if (create)
            {
                DurableFiles.CreateFolder(Path.GetDirectoryName(folder)!);
                DurableFiles.CreateFolder(folder);
                DurableFiles.CreateFolder(Path.Combine(folder, BodyFolder.Name));
            }
            else if (!System.IO.File.Exists(Path.Combine(folder, DatabaseName)))
            {
                throw AccountEdit.Refused(RefusalKind.NotFound, "AccountMailNotFound");
            }

            // SQLite removes the log when the last connection closes.
            return System.IO.File.Exists(Path.Combine(folder, DatabaseName + "-wal"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw SqliteFailures.Unavailable(folder, failure.Message);
        }
    }

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
        InvalidDataException => SqliteFailures.Unavailable(DatabaseName, failure.Message),
        _ => failure,
    };
}
