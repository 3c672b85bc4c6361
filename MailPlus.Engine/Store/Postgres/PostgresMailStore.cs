using System.Globalization;
using System.Threading.Channels;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Mailboxes;
using MailPlus.Engine.Store.Sqlite;
using Npgsql;

namespace MailPlus.Engine.Store.Postgres;

/// <summary>What the accounts of a <see cref="PostgresMailStore"/> share.</summary>
/// <param name="Server">The database.</param>
/// <param name="SpoolFolder">Where big bodies lie while they are read.</param>
/// <param name="Tell">Tells other processes what was committed.</param>
internal sealed record PostgresParts(PostgresServer Server, string SpoolFolder, Action<StoreChange[]> Tell);

/// <summary>All accounts in one PostgreSQL database, which several processes may serve at once.</summary>
public sealed class PostgresMailStore : IMailStore
{
    private readonly PostgresServer _server;
    private readonly AccountSurroundings _around;
    private const string AccountNotice = "a";
    private const int FollowedAtOnce = 4;

    private readonly AccountLeases _leases;
    private readonly Channel<AccountId> _heard = Channel.CreateBounded<AccountId>(new BoundedChannelOptions(100_000) { FullMode = BoundedChannelFullMode.DropOldest });

    private PostgresMailStore(PostgresServer server, string spoolFolder, TimeProvider clock, MailStoreOptions options)
    {
        _server = server;
        _around = new AccountSurroundings(server.Threads, clock, Changes, options);
        var parts = new PostgresParts(server, spoolFolder, Tell);
        _leases = new AccountLeases(async (account, create) => await PostgresAccount.OpenAsync(account, create, parts, _around), _around);
        server.Notices.OnNotice(Hear);
    }

    /// <inheritdoc/>
    public ChangeFeed Changes { get; } = new();

    /// <summary>Opens the store, making or upgrading its tables.</summary>
    /// <param name="server">The database.</param>
    /// <param name="spoolFolder">Where big bodies lie while they are read; on this machine.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="options">Sizes; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="RefusedException">Unavailable, Conflict.</exception>
    public static async Task<PostgresMailStore> OpenAsync(PostgresServer server, string spoolFolder, TimeProvider clock, MailStoreOptions? options, CancellationToken cancellationToken)
    {
        await server.PrepareAsync(MailTables.Area, cancellationToken);
        return new PostgresMailStore(server, spoolFolder, clock, options ?? new MailStoreOptions());
    }

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
        _leases.DeleteAsync(account, () => _server.Threads.RunAsync(() => Remove(account), CancellationToken.None));

    /// <inheritdoc/>
    public async Task CopyToAsync(AccountId account, string folder, CancellationToken cancellationToken)
    {
        await using var lease = await _leases.LeaseAsync(account, create: false);
        await lease.Source.CopyToAsync(folder, cancellationToken);
    }

    /// <summary>Reads an account's folder, as <see cref="CopyToAsync"/> writes it and the SQLite store has it when closed, into an account that must not have mail yet.</summary>
    /// <exception cref="RefusedException">Unavailable.</exception>
    public Task ReadFolderAsync(AccountId account, string folder, CancellationToken cancellationToken) => _server.Threads.RunAsync(
        () => PostgresCopy.FromSqlite(_server, MailTables.Area, account.Value, Path.Combine(folder, SqliteAccount.DatabaseName), target => Finish(target, account, Path.Combine(folder, BodyFolder.Name))),
        cancellationToken);

    /// <summary>Looks at accounts that other processes changed and announces what it finds, until cancelled. One look serves all notices that came before it.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (await _heard.Reader.WaitToReadAsync(cancellationToken))
        {
            var accounts = new HashSet<AccountId>();
            while (_heard.Reader.TryRead(out var account))
            {
                accounts.Add(account);
            }

            await Parallel.ForEachAsync(
                accounts.Where(Changes.IsHeard), new ParallelOptions { MaxDegreeOfParallelism = FollowedAtOnce, CancellationToken = cancellationToken }, async (account, token) => await FollowAsync(account, token));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _leases.CloseAsync();

    private static void Finish(NpgsqlConnection target, AccountId account, string folder)
    {
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            using var octets = File.OpenRead(file);
            BodyParts.Read(octets, octets.Length, (part, data) => Run(
                target, "INSERT INTO big_body(account, name, part, data) VALUES($1, $2, $3, $4)", account.Value, Path.GetFileName(file), part, data.ToArray()));
        }

        // Another history: what the file set aside counts as used, and the first opening gives new UIDVALIDITYs (mail-rules 7).
        Run(target, "UPDATE account SET epoch=NULL, modseq=greatest(modseq, modseq_limit), modseq_limit=0 WHERE account=$1", account.Value);
    }

    private static void Run(NpgsqlConnection connection, string sql, params object[] values)
    {
        using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        command.ExecuteNonQuery();
    }

    private bool Remove(AccountId account)
    {
        try
        {
            using var connection = _server.Connect(MailTables.Area);
            using var transaction = connection.BeginTransaction();
            // Others that are at work finish; those that come later find nothing.
            foreach (var sql in MailTables.Tables.Select(table => $"DELETE FROM {table} WHERE account=$1").Prepend("SELECT 1 FROM account WHERE account=$1 FOR UPDATE"))
            {
                Run(connection, sql, account.Value);
            }

            transaction.Commit();
            return true;
        }
        catch (Exception failure)
        {
            throw PostgresFailures.ForCaller(failure);
        }
    }

    private void Tell(StoreChange[] changes) => _server.Notices.Tell(AccountNotice + changes[0].Account);

    private void Hear(string notice)
    {
        if (notice == PostgresNotices.Everything)
        {
            foreach (var account in _leases.Open)
            {
                _heard.Writer.TryWrite(account);
            }
        }
        else if (notice.StartsWith(AccountNotice, StringComparison.Ordinal) && long.TryParse(notice.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            _heard.Writer.TryWrite(new AccountId(id));
        }
    }

    private async Task FollowAsync(AccountId account, CancellationToken cancellationToken)
    {
        if (!_leases.IsOpen(account))
        {
            // Nobody here has it selected; who follows all accounts looks for itself.
            Changes.Publish(new StoreChange(account, null, StoreChangeKind.Mailboxes));
            return;
        }

        try
        {
            await using var lease = await _leases.LeaseAsync(account, create: false);
            await lease.Source.PresentAsync(cancellationToken);
        }
        catch (RefusedException)
        {
            // Deleted, or the database is away: whoever asks is told so.
        }
    }
}
