using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Mailboxes;
using MailPlus.Engine.Store.Sqlite;
using Npgsql;

namespace MailPlus.Engine.Store.Postgres;

/// <summary>
/// One open account in PostgreSQL. Each commit holds the account's row, so that numbers are given out in the order they become visible whichever process gives them
/// (mail-rules 6), and takes the picture on where another process has committed since.
/// </summary>
internal sealed class PostgresAccount : OpenAccount
{
    private const int MostTries = 5;

    private readonly PostgresServer _server;
    private readonly AccountSurroundings _around;
    private readonly BodyParts _bodies;
    private readonly SqlFile _file;
    private readonly Action<StoreChange[]> _tell;

    private PostgresAccount(AccountId account, PostgresParts parts, AccountSurroundings around)
        : base(account, around)
    {
        _server = parts.Server;
        _around = around;
        _tell = parts.Tell;
        _bodies = new BodyParts(parts.SpoolFolder);
        _file = PostgresFile.Open(_server, MailTables.Area, new PostgresFileOptions(account.Value) { AfterBegin = Lock, BeforeCommit = Edit.Finish });
    }

    public override IBigBodies Bodies => _bodies;

    protected override SqlFile File => _file;

    /// <summary>Opens an account, making it when <paramref name="create"/>.</summary>
    /// <exception cref="RefusedException">NotFound, Unavailable.</exception>
    public static async Task<PostgresAccount> OpenAsync(AccountId id, bool create, PostgresParts parts, AccountSurroundings around)
    {
        if (create)
        {
            await around.Threads.RunAsync(() => Make(id, parts.Server), CancellationToken.None);
        }

        var account = new PostgresAccount(id, parts, around);
        try
        {
            await account._file.WriteAsync(session => account.Edit.Run(session, MailboxChanges.EnsureStandard), Durability.Full, CancellationToken.None);
        }
        catch
        {
            await account._file.DisposeAsync();
            throw;
        }

        account.ClearDoomed();
        return account;
    }

    /// <summary>Looks at one row: whether another process has committed since.</summary>
    public override async ValueTask<AccountImage> PresentAsync(CancellationToken cancellationToken)
    {
        for (var tries = 1; await ReadAsync(Version, cancellationToken) != Published.Version; tries++)
        {
            try
            {
                await WriteAsync(_ => true, Durability.Process, cancellationToken);
                break;
            }
            catch (RefusedException full) when (full.Refusal.IsStorageFull && tries < MostTries)
            {
                // It shared its transaction with what a full disk has no room for, and writes nothing itself.
            }
        }

        return Published;
    }

    /// <summary>Raises the version with what was written.</summary>
    public override AccountImage Seal(SqlSession session, AccountImage image)
    {
        if (!((PostgresSession)session).HasWritten)
        {
            return image;
        }

        session.Statement("UPDATE account SET modseq=greatest(modseq, ?), version=? WHERE account=$1").Bind(0, image.ModSeq).Bind(1, image.Version + 1).Execute();
        return image with { Version = image.Version + 1 };
    }

    public override async Task CopyToAsync(string folder, CancellationToken cancellationToken)
    {
        await Threads.RunAsync(() => AccountCopy.MakeFolder(folder), cancellationToken);
        await Threads.RunAsync(
            () => PostgresCopy.ToSqlite(_server, MailTables.Area, Account.Value, Path.Combine(folder, SqliteAccount.DatabaseName), source => CopyBodies(source, Path.Combine(folder, BodyFolder.Name))),
            cancellationToken);
        await Threads.RunAsync(() => AccountCopy.Finish(folder, null), cancellationToken);
    }

    protected override void Announced(StoreChange[] events) => _tell(events);

    private static bool Make(AccountId id, PostgresServer server)
    {
        try
        {
            using var connection = server.Connect(MailTables.Area);
            using var command = new NpgsqlCommand("INSERT INTO account(account) VALUES($1) ON CONFLICT DO NOTHING", connection);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id.Value });
            command.ExecuteNonQuery();
            return true;
        }
        catch (Exception failure)
        {
            throw PostgresFailures.ForCaller(failure);
        }
    }

    private static long Version(SqlSession session)
    {
        var row = session.Statement("SELECT version FROM account WHERE account=$1");
        return row.Step() ? row.Long(0) : 0;
    }

    /// <summary>First in each transaction.</summary>
    private void Lock(SqlSession session)
    {
        var row = session.Statement("SELECT version FROM account WHERE account=$1 FOR UPDATE");
        var version = row.Step() ? row.Long(0) : 0;
        row.Reset();
        if (version == 0)
        {
            throw IsOpen
                ? SqliteFailures.Unavailable($"account {Account}", "was deleted")
                : AccountEdit.Refused(RefusalKind.NotFound, "AccountMailNotFound");
        }

        if (!IsOpen)
        {
            Begin(AccountOpening.Read(session, Clock));
        }
        else if (Published.Version != version)
        {
            var before = Published;
            var after = AccountFollowing.Next(session, before, Clock);
            Begin(after);
            foreach (var change in AccountFollowing.Differences(Account, before, after))
            {
                _around.Changes.Publish(change);
            }
        }
    }

    private void CopyBodies(NpgsqlConnection source, string folder)
    {
        var names = new List<string>();
        using (var list = new NpgsqlCommand("SELECT file FROM body WHERE account=$1 AND file IS NOT NULL", source))
        {
            list.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Account.Value });
            using var rows = list.ExecuteReader();
            while (rows.Read())
            {
                names.Add(rows.GetString(0));
            }
        }

        foreach (var name in names)
        {
            using var parts = new NpgsqlCommand("SELECT data FROM big_body WHERE account=$1 AND name=$2 ORDER BY part", source);
            parts.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Account.Value });
            parts.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
            using var rows = parts.ExecuteReader();
            using var file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write);
            while (rows.Read())
            {
                file.Write(rows.GetFieldValue<byte[]>(0));
            }

            file.Flush(flushToDisk: true);
        }
    }
}
