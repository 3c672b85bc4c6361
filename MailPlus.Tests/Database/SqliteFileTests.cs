using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Database;

/// <summary>The writer's promises: what is acknowledged is there, what fails fails alone, a full disk is a temporary no.</summary>
public sealed class SqliteFileTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mailplus-sqlite-").FullName;
    private readonly SqliteThreads _threads = new(NullLogger<SqliteThreads>.Instance, 4);

    private SqliteFileOptions Options => new()
    {
        FileName = Path.Combine(_folder, "a.db"), ApplicationId = 4711, Scripts = ["CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"],
    };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _threads.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_was_acknowledged_is_read_again_by_another_opening()
    {
        await using (var file = await Open(Options))
        {
            await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Add(file, $"n{i}")));
            Assert.Equal(500, await Count(file));
        }

        Assert.False(File.Exists(Options.FileName + "-wal"));
        await using var again = await Open(Options);
        Assert.Equal(500, await Count(again));
    }

    // mail-rules 4
    [Fact]
    public async Task A_failing_item_is_undone_alone()
    {
        await using var file = await Open(Options);
        var seen = new List<string>();
        // Held back by the first, so that the rest share a group.
        using var gate = new ManualResetEventSlim();
        var first = file.WriteAsync(s => gate.Wait(TimeSpan.FromMinutes(2)), Durability.Full, default);
        var good = Enumerable.Range(0, 20).Select(i => Add(file, $"good{i}", () => seen.Add($"good{i}"))).ToList();
        var bad = file.WriteAsync(
            s =>
            {
                s.Prepare("INSERT INTO note(text) VALUES(@p0)", "undone").ExecuteNonQuery();
                s.AfterCommit(() => seen.Add("undone"));
                s.Prepare("INSERT INTO note(text) VALUES(@p0)", "undone").ExecuteNonQuery();
                return 0;
            },
            Durability.Full,
            default);
        var after = Add(file, "after", () => seen.Add("after"));
        gate.Set();
        await first;
        await Task.WhenAll(good);
        await after;
        Assert.Equal(SqliteErrorUnique, (await Assert.ThrowsAsync<SqliteException>(() => bad)).SqliteExtendedErrorCode);
        Assert.Equal(21, await Count(file));
        Assert.Equal([.. Enumerable.Range(0, 20).Select(i => $"good{i}"), "after"], seen);
    }

    [Fact]
    public async Task A_cancelled_item_is_not_written()
    {
        await using var file = await Open(Options);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => file.WriteAsync(Insert("x"), Durability.Full, new CancellationToken(canceled: true)));
        Assert.Equal(0, await Count(file));
    }

    [Fact]
    public async Task A_full_disk_is_refused_for_now_and_the_file_stays_usable()
    {
        await using var file = await Open(Options);
        await Add(file, "before");
        await file.WriteAsync(s => s.Prepare("PRAGMA max_page_count=12").ExecuteScalar(), Durability.Full, default);
        var big = new string('x', 50_000);
        var failures = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Record.ExceptionAsync(() => Add(file, big + i))));
        Assert.All(failures, failure =>
        {
            var refusal = Assert.IsType<RefusedException>(failure).Refusal;
            Assert.Equal((RefusalKind.Unavailable, true), (refusal.Kind, refusal.Temporary));
        });
        await file.WriteAsync(s => s.Prepare("PRAGMA max_page_count=100000").ExecuteScalar(), Durability.Full, default);
        await Add(file, big);
        Assert.Equal(2, await Count(file));
    }

    // mail-rules 4
    [Fact]
    public async Task A_failing_end_of_the_group_fails_its_items_and_leaves_nothing()
    {
        var fail = true;
        await using var file = await Open(Options with { BeforeCommit = _ => { if (fail) { throw new SqliteException("full", 13); } } });
        Assert.Equal(RefusalKind.Unavailable, (await Assert.ThrowsAsync<RefusedException>(() => Add(file, "a"))).Refusal.Kind);
        fail = false;
        await Add(file, "a");
        Assert.Equal(1, await Count(file));
    }

    [Fact]
    public async Task Readers_keep_their_snapshot_while_the_writer_commits()
    {
        await using var file = await Open(Options);
        await Add(file, "a");
        using var gate = new ManualResetEventSlim();
        var reading = new TaskCompletionSource();
        var read = file.ReadAsync(
            s =>
            {
                var before = s.Prepare("SELECT count(*) FROM note").ExecuteScalar();
                reading.SetResult();
                gate.Wait(TimeSpan.FromMinutes(2));
                return (before, after: s.Prepare("SELECT count(*) FROM note").ExecuteScalar());
            },
            default);
        await reading.Task;
        await Add(file, "b");
        gate.Set();
        Assert.Equal((1L, 1L), await read);
        Assert.Equal(2, await Count(file));
    }

    [Fact]
    public async Task A_reader_cannot_write()
    {
        await using var file = await Open(Options);
        await Assert.ThrowsAsync<RefusedException>(() => file.ReadAsync(Insert("x"), default));
    }

    [Fact]
    public async Task More_work_than_room_waits_for_its_turn()
    {
        await using var file = await Open(Options with { Capacity = 3, Readers = 1 });
        await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
        {
            await Add(file, $"n{i}");
            await Count(file);
        }));
        Assert.Equal(300, await Count(file));
    }

    [Fact]
    public async Task An_upgrade_keeps_a_copy_of_what_was()
    {
        await using (var file = await Open(Options))
        {
            await Add(file, "a");
        }

        var upgraded = Options with { Scripts = [.. Options.Scripts, "ALTER TABLE note ADD COLUMN more TEXT;"] };
        await using (var file = await Open(upgraded))
        {
            Assert.Equal(1L, await file.ReadAsync(s => s.Prepare("SELECT count(*) FROM note WHERE more IS NULL").ExecuteScalar(), default));
        }

        await using (var copy = await Open(Options with { FileName = Options.FileName + ".v1" }))
        {
            Assert.Equal(1, await Count(copy));
        }

        var refusal = (await Assert.ThrowsAsync<RefusedException>(() => Open(Options))).Refusal;
        Assert.Contains("newer", refusal.Detail);
    }

    [Fact]
    public async Task A_failing_upgrade_leaves_the_old_version()
    {
        await using (var file = await Open(Options))
        {
            await Add(file, "a");
        }

        await Assert.ThrowsAnyAsync<Exception>(() => Open(Options with { Scripts = [.. Options.Scripts, "CREATE TABLE x(a); CREATE TABLE note(a);"] }));
        await using var again = await Open(Options);
        Assert.Equal(1, await Count(again));
    }

    [Fact]
    public async Task Foreign_and_broken_files_are_refused()
    {
        await using (var file = await Open(Options))
        {
            await Add(file, "a");
        }

        Assert.Equal(RefusalKind.Unavailable, (await Assert.ThrowsAsync<RefusedException>(() => Open(Options with { ApplicationId = 1 }))).Refusal.Kind);
        await File.WriteAllTextAsync(Path.Combine(_folder, "b.db"), new string('x', 10_000));
        Assert.Equal(RefusalKind.Unavailable, (await Assert.ThrowsAsync<RefusedException>(() => Open(Options with { FileName = Path.Combine(_folder, "b.db") }))).Refusal.Kind);
    }

    [Fact]
    public async Task A_copy_made_in_use_is_whole()
    {
        await using var file = await Open(Options);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Add(file, $"n{i}")));
        var copyName = Path.Combine(_folder, "copy.db");
        var writing = Task.WhenAll(Enumerable.Range(200, 200).Select(i => Add(file, $"n{i}")));
        await file.CopyToAsync(copyName, default);
        await writing;
        await using var copy = await Open(Options with { FileName = copyName });
        Assert.InRange(await Count(copy), 200, 400);
        Assert.Equal("ok", await copy.ReadAsync(s => s.Prepare("PRAGMA integrity_check").ExecuteScalar(), default));
    }

    [Fact]
    public async Task A_small_log_is_copied_back_again_and_again()
    {
        await using var file = await Open(Options with { CheckpointOctets = 200_000 });
        for (var i = 0; i < 300; i++)
        {
            await Add(file, new string('y', 4000) + i);
        }

        Assert.InRange(new FileInfo(Options.FileName + "-wal").Length, 1, 1_500_000);
        Assert.Equal(300, await Count(file));
    }

    [Fact]
    public async Task A_small_change_is_made_where_it_is_asked_for_and_the_log_still_copied_back()
    {
        await using var file = await Open(Options with { CheckpointOctets = 200_000 });
        var here = Environment.CurrentManagedThreadId;
        var change = file.WriteSmallAsync(s => (Insert("first")((SqliteSession)s), Environment.CurrentManagedThreadId), default);
        Assert.True(change.IsCompletedSuccessfully);
        Assert.Equal(here, (await change).Item2);
        for (var i = 0; i < 300; i++)
        {
            await file.WriteSmallAsync(s => Insert(new string('y', 4000) + i)((SqliteSession)s), default);
        }

        await file.WriteAsync(Insert("flushed"), Durability.Full, default);
        Assert.InRange(new FileInfo(Options.FileName + "-wal").Length, 1, 1_500_000);
        Assert.Equal(302, await Count(file));
    }

    [Fact]
    public async Task Small_changes_and_others_at_once_are_all_there()
    {
        await using var file = await Open(Options);
        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(() => i % 2 == 0 ? Add(file, $"n{i}") : file.WriteSmallAsync(s => Insert($"n{i}")((SqliteSession)s), default))));
        Assert.Equal(400, await Count(file));
        await Assert.ThrowsAsync<SqliteException>(() => file.WriteSmallAsync(s => Insert("n1")((SqliteSession)s), default));
        Assert.Equal(400, await Count(file));
    }

    [Fact]
    public async Task Work_after_disposal_is_an_error()
    {
        var file = await Open(Options);
        await file.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Add(file, "a"));
    }

    [Fact]
    public void A_second_holder_of_the_data_folder_is_refused()
    {
        using (DataFolderLock.Take(Path.Combine(_folder, "data")))
        {
            Assert.Equal("DataFolderInUse", Assert.Throws<RefusedException>(() => DataFolderLock.Take(Path.Combine(_folder, "data"))).Refusal.TextKey);
        }

        DataFolderLock.Take(Path.Combine(_folder, "data")).Dispose();
    }

    private const int SqliteErrorUnique = 2067;

    private Task<SqliteFile> Open(SqliteFileOptions options) => SqliteFile.OpenAsync(options, _threads, default);

    private static Func<SqliteSession, int> Insert(string text, Action? after = null) => s =>
    {
        var statement = s.Statement("INSERT INTO note(text) VALUES(?)");
        statement.Bind(0, text);
        statement.Execute();
        if (after is not null)
        {
            s.AfterCommit(after);
        }

        return 0;
    };

    private static Task Add(SqliteFile file, string text, Action? after = null) => file.WriteAsync(Insert(text, after), Durability.Full, default);

    private static Task<long> Count(SqliteFile file) => file.ReadAsync(s => (long)s.Prepare("SELECT count(*) FROM note").ExecuteScalar()!, default);
}
