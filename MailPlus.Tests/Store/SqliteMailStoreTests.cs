using MailPlus.Engine.Database;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Mailboxes;
using MailPlus.Engine.Store.Sqlite;
using MailPlus.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>The SQLite store under the contract, and what only it has: files, crashes of its process, full disks.</summary>
public sealed class SqliteMailStoreTests : MailStoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailplus-store-").FullName;
    private readonly SqliteThreads _threads = new(NullLogger<SqliteThreads>.Instance, 4);
    private int _generation;

    // Small enough that ordinary tests fold, purge, use files and close accounts.
    private MailStoreOptions _options = new() { FoldTail = 10, FoldChanges = 4, TombstoneRows = 6, InlineOctets = 2000, IdleAccounts = 3, CheckpointOctets = 100_000 };

    private string Accounts => Path.Combine(_folder, $"accounts{_generation}");

    private string Folder => Path.Combine(Accounts, Account.ToString());

    private string Bodies => Path.Combine(Folder, "bodies");

    [Fact]
    public async Task A_big_message_is_linked_not_copied_and_its_file_goes_with_its_last_row()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var spool = Path.Combine(_folder, "spool");
        await File.WriteAllBytesAsync(spool, StoreMessages.Octets("big", 50_000));
        await mail.AppendAsync(inbox, [StoreMessages.Over(MessageContent.FromFile(spool), "big")], default);
        var file = Assert.Single(Directory.GetFiles(Bodies));
        Assert.Equal(50_000, new FileInfo(file).Length);
        await mail.CopyAsync(inbox, UidSet.Of(new Uid(1)), inbox, default);
        await mail.ExpungeAsync(inbox, UidSet.Of(new Uid(1)), true, default);
        Assert.True(File.Exists(file));
        await mail.ExpungeAsync(inbox, null, true, default);
        Assert.False(File.Exists(file));
        Assert.True(File.Exists(spool));
    }

    [Fact]
    public async Task A_delivery_made_before_leaves_no_file()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var key = new DeliveryKey(new EntryId(1), "a", "keep");
        await mail.DeliverAsync(key, inbox, StoreMessages.Make("a", octets: 9000), default);
        Assert.Null(await mail.DeliverAsync(key, inbox, StoreMessages.Make("a", octets: 9000), default));
        await Assert.ThrowsAsync<RefusedException>(() => mail.AppendAsync(new MailboxId(999), [StoreMessages.Make("a", octets: 9000)], default));
        Assert.Single(Directory.GetFiles(Bodies));
    }

    // mail-rules 4
    [Fact]
    public async Task Files_without_a_row_are_swept_after_a_crash()
    {
        await using (var mail = await OpenAsync())
        {
            await mail.AppendAsync(await InboxAsync(mail), [StoreMessages.Make("a", octets: 9000)], default);
        }

        await File.WriteAllTextAsync(Path.Combine(Bodies, "orphan"), "x");
        await CrashAsync();
        await using var again = await OpenAsync();
        Assert.NotEqual("orphan", Path.GetFileName(Assert.Single(Directory.GetFiles(Bodies))));
    }

    // mail-rules 9
    [Fact]
    public async Task Below_the_mark_of_purged_tombstones_all_that_is_absent_is_told()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var validity = (await mail.FindAsync("INBOX", default))!.UidValidity;
        for (var i = 0; i < 40; i++)
        {
            await mail.AppendAsync(inbox, [StoreMessages.Make($"m{i}")], default);
        }

        var start = (await mail.FindAsync("INBOX", default))!.HighestModSeq;
        var marks = new List<(uint Uid, ModSeq Before)>();
        for (var uid = 2u; uid <= 40; uid += 2)
        {
            marks.Add((uid, (await mail.FindAsync("INBOX", default))!.HighestModSeq));
            await mail.ExpungeAsync(inbox, UidSet.Of(new Uid(uid)), true, default);
        }

        // Far more rows than are kept: of the first only the mark is left, and the answer is all that is not there.
        var all = UidSet.FromRanges([.. marks.Select(m => (m.Uid, m.Uid))]).ToString();
        Assert.Equal(all, (await mail.VanishedSinceAsync(inbox, start, default)).ToString());
        Assert.Equal(all, (await mail.VanishedSinceAsync(inbox, marks[1].Before, default)).ToString());
        Assert.Equal("40", (await mail.VanishedSinceAsync(inbox, marks[^1].Before, default)).ToString());
        Assert.Equal(validity, (await mail.FindAsync("INBOX", default))!.UidValidity);
    }

    // mail-rules 6
    [Fact]
    public async Task Modseqs_given_out_before_a_crash_are_never_given_out_again()
    {
        long given;
        await using (var mail = await OpenAsync())
        {
            var inbox = await InboxAsync(mail);
            await mail.AppendAsync(inbox, [StoreMessages.Make("a")], default);
            given = (await mail.StoreFlagsAsync(inbox, Flag(MessageFlags.Seen), default)).State.Mailbox.HighestModSeq.Value;
        }

        // What a power cut does to commits that were not flushed: the database is as before, but what was reserved stays reserved.
        await Store.DisposeAsync();
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "mail.db")};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $"UPDATE account SET modseq=1, modseq_limit={given + 50}; UPDATE counter SET modseq=1; UPDATE counter SET unseen=1 WHERE messages=1; DELETE FROM change;";
            await command.ExecuteNonQueryAsync();
        }

        Store = await OpenStoreAsync();
        await using var again = await OpenAsync();
        var after = await again.StateAsync(await InboxAsync(again), default);
        Assert.True(after.Mailbox.HighestModSeq.Value > given);
        Assert.Equal(MessageFlags.None, after[0].Flags);
        Assert.True((await again.StoreFlagsAsync(after.Mailbox.Id, Flag(MessageFlags.Seen), default)).State[0].ModSeq.Value > given);
    }

    // mail-rules 4
    [Fact]
    public async Task A_full_disk_is_refused_for_now_and_spares_what_was_there()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a")], default);
        var account = ((AccountStore)mail).Source;
        var pages = await account.WriteAsync(e => ((SqliteSession)e.Session).Prepare("PRAGMA page_count").ExecuteScalar(), Durability.Full, default);
        await account.WriteAsync(e => ((SqliteSession)e.Session).Prepare($"PRAGMA max_page_count={(long)pages! + 2}").ExecuteScalar(), Durability.Full, default);
        var failures = await Task.WhenAll(Enumerable.Range(0, 60).Select(i =>
            Record.ExceptionAsync(() => mail.AppendAsync(inbox, [StoreMessages.Make($"m{i}", octets: 1900)], default))));
        Assert.Contains(failures, f => f is RefusedException { Refusal: { Kind: RefusalKind.Unavailable, Temporary: true } });
        var kept = failures.Count(f => f is null) + 1;
        Assert.Equal(kept, (await mail.StateAsync(inbox, default)).Count);
        await account.WriteAsync(e => ((SqliteSession)e.Session).Prepare("PRAGMA max_page_count=100000").ExecuteScalar(), Durability.Full, default);
        Assert.Equal(new Uid((uint)kept + 1), (await mail.AppendAsync(inbox, [StoreMessages.Make("b")], default)).Uids[0]);
        await CrashAsync();
        await using var again = await OpenAsync();
        Assert.Equal(kept + 1, (await again.StateAsync(inbox, default)).Count);
    }

    [Fact]
    public async Task A_broken_account_is_refused_and_touches_no_other()
    {
        await Store.CreateAsync(new AccountId(8), default);
        await Store.DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(Folder, "mail.db"), new string('x', 20_000));
        Store = await OpenStoreAsync();
        await RefusedAsync(RefusalKind.Unavailable, OpenAsync().AsTask());
        await RefusedAsync(RefusalKind.Unavailable, OpenAsync().AsTask());
        await using var other = await Store.OpenAsync(new AccountId(8), default);
        await other.AppendAsync(await InboxAsync(other), [StoreMessages.Make("a")], default);
    }

    [Fact]
    public async Task A_body_that_is_missing_or_cut_is_refused()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a", octets: 9000), StoreMessages.Make("b", octets: 9000), StoreMessages.Make("c")], default);
        var files = Directory.GetFiles(Bodies).OrderBy(File.GetCreationTimeUtc).ToList();
        File.Delete(files[0]);
        await using (var file = File.OpenWrite(files[1]))
        {
            file.SetLength(100);
        }

        await RefusedAsync(RefusalKind.Unavailable, mail.OpenAsync(inbox, new Uid(1), default).AsTask());
        await RefusedAsync(RefusalKind.Unavailable, mail.OpenAsync(inbox, new Uid(2), default).AsTask());
        await RefusedAsync(RefusalKind.Unavailable, RowsAsync(mail, inbox, [new(1), new(2), new(3)], MessageColumns.Content));
        Assert.Equal(3, (await RowsAsync(mail, inbox, [new(1), new(2), new(3)], MessageColumns.Envelope)).Count);
        await using var third = await mail.OpenAsync(inbox, new Uid(3), default);
        Assert.NotNull(third);
        await mail.ExpungeAsync(inbox, null, true, default);
    }

    [Fact]
    public async Task Messages_of_a_removed_mailbox_are_cleared_away_also_after_a_crash()
    {
        await using (var mail = await OpenAsync())
        {
            var box = await mail.CreateMailboxAsync("x", SpecialUse.None, default);
            await mail.AppendAsync(box.Id, [.. Enumerable.Range(0, 600).Select(i => StoreMessages.Make($"{i}", octets: i == 0 ? 9000 : 100))], default);
            await mail.CopyAsync(box.Id, UidSet.Of(new Uid(2)), await InboxAsync(mail), default);
            await mail.DeleteMailboxAsync(box.Id, default);
        }

        await CrashAsync();
        await using var again = await OpenAsync();
        var account = ((AccountStore)again).Source;
        await Eventually.TrueAsync(
            async () => (long)(await account.ReadAsync(s => ((SqliteSession)s).Prepare("SELECT (SELECT count(*) FROM body) + (SELECT count(*) FROM doomed)").ExecuteScalar(), default))! == 1,
            () => "only the copied message is left");
        Assert.Empty(Directory.GetFiles(Bodies));
        await using var content = await again.OpenAsync(await InboxAsync(again), new Uid(1), default);
        Assert.NotNull(content);
    }

    [Fact]
    public async Task Many_accounts_are_used_at_once_and_the_idle_ones_closed()
    {
        await Task.WhenAll(Enumerable.Range(20, 30).Select(i => Task.Run(async () =>
        {
            await Store.CreateAsync(new AccountId(i), default);
            for (var round = 0; round < 5; round++)
            {
                await using var mail = await Store.OpenAsync(new AccountId(i), default);
                await mail.AppendAsync(await InboxAsync(mail), [StoreMessages.Make($"{round}")], default);
            }
        })));
        await Eventually.TrueAsync(() => Task.FromResult(Directory.GetFiles(Accounts, "mail.db-wal", SearchOption.AllDirectories).Length <= 4), () => "idle accounts are closed");
        for (var i = 20; i < 50; i++)
        {
            await using var mail = await Store.OpenAsync(new AccountId(i), default);
            Assert.Equal(5, (await mail.FindAsync("INBOX", default))!.Messages);
        }
    }

    [Fact]
    public async Task Space_of_removed_messages_is_given_back_when_the_account_is_closed()
    {
        var file = Path.Combine(Folder, "mail.db");
        await using (var mail = await OpenAsync())
        {
            var inbox = await InboxAsync(mail);
            await mail.AppendAsync(inbox, [.. Enumerable.Range(0, 800).Select(i => StoreMessages.Make($"{i}", octets: 1900))], default);
            await ReopenAsync();
        }

        var full = new FileInfo(file).Length;
        await using (var mail = await OpenAsync())
        {
            await mail.ExpungeAsync(await InboxAsync(mail), null, true, default);
            await ReopenAsync();
        }

        Assert.True(new FileInfo(file).Length < full / 2, $"{new FileInfo(file).Length} of {full} octets are left");
    }

    [Fact]
    [Trait("Set", "Long")]
    public async Task A_mailbox_of_many_blocks_is_what_it_was_after_reopening()
    {
        _options = new MailStoreOptions();
        await ReopenAsync();
        await using (var mail = await OpenAsync())
        {
            var inbox = await InboxAsync(mail);
            for (var i = 0; i < 40; i++)
            {
                await mail.AppendAsync(inbox, [.. Enumerable.Range(0, 1000).Select(n => StoreMessages.Make($"{n}", octets: 100))], default);
                await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.FromRanges([((uint)i * 700, (uint)i * 900)]), FlagOperation.Add, new FlagSet(MessageFlags.Seen, [$"k{i}"])), default);
                await mail.ExpungeAsync(inbox, UidSet.FromRanges([((uint)i * 511, ((uint)i * 511) + 300)]), true, default);
            }

            var before = await mail.StateAsync(inbox, default);
            await ReopenAsync();
            await using var again = await OpenAsync();
            var after = await again.StateAsync(inbox, default);
            Assert.Equal(before.Range(0, before.Count), after.Range(0, after.Count));
            Assert.True(after.ChangesSince(before).IsEmpty);
        }
    }

    protected override Task<IMailStore> OpenStoreAsync() => Task.FromResult<IMailStore>(new SqliteMailStore(Accounts, _threads, Clock, _options));

    protected override async Task CrashAsync()
    {
        // Copied while open: what the disk of a killed process holds, log and all, but not the shared memory.
        var from = Accounts;
        _generation++;
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            var to = Path.Combine(Accounts, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(to)!, Path.GetFileName(Path.GetDirectoryName(to)!) == "bodies" ? "" : "bodies"));
            try
            {
                File.Copy(file, to);
            }
            catch (FileNotFoundException) when (file.EndsWith("-wal", StringComparison.Ordinal))
            {
                // The log of an idle account that is being closed at this moment.
            }
        }

        await Store.DisposeAsync();
        Store = await OpenStoreAsync();
    }

    protected override async Task CleanAsync()
    {
        await _threads.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected override Task RestoreAsync(string folder, AccountId account)
    {
        Directory.Move(folder, Path.Combine(Accounts, account.ToString()));
        return Task.CompletedTask;
    }

    private static FlagChange Flag(MessageFlags flag) => new(UidSet.FromRanges([(1, uint.MaxValue)]), FlagOperation.Add, new FlagSet(flag, []));
}
