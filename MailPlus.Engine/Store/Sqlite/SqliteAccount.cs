using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Mailboxes;

namespace MailPlus.Engine.Store.Sqlite;

/// <summary>One open account: its database, its folder of big bodies and the published picture.</summary>
internal sealed class SqliteAccount : OpenAccount
{
    public const string DatabaseName = "mail.db";
    private const int ModSeqBlock = 100_000;

    private readonly BodyFolder _bodies;
    private SqliteFile? _file;

    private SqliteAccount(AccountId account, string folder, AccountSurroundings around)
        : base(account, around) => _bodies = new BodyFolder(Path.Combine(folder, BodyFolder.Name), around.Threads);

    public override IBigBodies Bodies => _bodies;

    protected override SqlFile File => _file ?? throw new InvalidOperationException("Not open.");

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
                BeforeCommit = account.Edit.Finish,
            },
            around.Threads,
            CancellationToken.None);
        try
        {
            await account._file.WriteAsync(
                session =>
                {
                    account.Begin(AccountOpening.Read(session, around.Clock));
                    return account.Edit.Run(session, MailboxChanges.EnsureStandard);
                },
                Durability.Full,
                CancellationToken.None);
            if (unclean)
            {
                var known = await account._file.ReadAsync(BodyFolder.KnownFiles, CancellationToken.None);
                await around.Threads.RunAsync(() => account._bodies.Sweep(known), CancellationToken.None);
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

    /// <summary>Makes room for MODSEQs that commits without a flush may give out, so that numbers never go back after a power cut (mail-rules 6).</summary>
    public override async ValueTask ReserveModSeqsAsync(CancellationToken cancellationToken)
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

    /// <summary>Writes a consistent copy into a new folder; it takes a new epoch and new UIDVALIDITYs when first opened.</summary>
    public override async Task CopyToAsync(string folder, CancellationToken cancellationToken)
    {
        // Files that go meanwhile may still be rows of the copy.
        using var held = _bodies.HoldRemovals();
        await Threads.RunAsync(() => AccountCopy.MakeFolder(folder), cancellationToken);
        await File.CopyToAsync(Path.Combine(folder, DatabaseName), cancellationToken);
        await Threads.RunAsync(() => AccountCopy.Finish(folder, _bodies), cancellationToken);
    }

    protected override async Task SettleAsync()
    {
        try
        {
            await WriteAsync(AccountClosing.GiveSpaceBack, Durability.Process, CancellationToken.None);
            if (Published.ModSeqLimit > Published.ModSeq)
            {
                await WriteAsync(AccountClosing.MarkClean, Durability.Full, CancellationToken.None);
            }
        }
        catch (RefusedException failure)
        {
            Threads.Report(failure); // The next opening then skips the rest of the block, as after a crash.
        }
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
}
