using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Mailboxes;
using MailPlus.Engine.Store.Postgres;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>The PostgreSQL store under the contract, and what only it has: several processes at once.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresMailStoreTests(PostgresUnderTest postgres) : MailStoreContract
{
    private readonly SqliteThreads _threads = new(NullLogger<SqliteThreads>.Instance, 8);
    private readonly string _folder = Directory.CreateTempSubdirectory("mailplus-store-").FullName;
    private readonly MailStoreOptions _options = new() { FoldTail = 10, FoldChanges = 4, TombstoneRows = 6, InlineOctets = 2000, IdleAccounts = 3 };
    private string? _database;
    private PostgresServer? _server;

    [SkippableFact]
    public async Task Two_stores_on_one_database_serve_one_account()
    {
        await using var other = await OpenStoreAsync();
        await using var here = await OpenAsync();
        await using var there = await other.OpenAsync(Account, default);
        var inbox = await InboxAsync(here);
        var seen = await there.StateAsync(inbox, default);
        Assert.Equal(new Uid(1), (await here.AppendAsync(inbox, [StoreMessages.Make("a")], default)).Uids[0]);
        var state = await there.StateAsync(inbox, default);
        Assert.Equal([new Uid(1)], state.ChangesSince(seen).Added);
        Assert.Equal(new Uid(2), (await there.AppendAsync(inbox, [StoreMessages.Make("b", octets: 9000)], default)).Uids[0]);
        await here.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(new Uid(2)), FlagOperation.Add, new FlagSet(MessageFlags.Seen, ["$Forwarded"])), default);
        var flagged = await there.StateAsync(inbox, default);
        Assert.Equal((MessageFlags.Seen, 1UL, 1), (flagged[1].Flags, flagged[1].Keywords, flagged.Mailbox.Unseen));
        await using (var content = await here.OpenAsync(inbox, new Uid(2), default))
        {
            await there.ExpungeAsync(inbox, UidSet.Of(new Uid(2)), true, default);
            Assert.Equal(await AllAsync(StoreMessages.Make("b", octets: 9000)), await ReadAllAsync(content!.OpenRead()));
        }

        Assert.Equal(1, (await here.FindAsync("INBOX", default))!.Messages);
        var made = await there.CreateMailboxAsync("made there", SpecialUse.None, default);
        Assert.Equal(made.Id, (await here.FindAsync("made there", default))!.Id);
        var key = new DeliveryKey(new EntryId(1), "ann", "keep");
        var delivered = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? here : there).DeliverAsync(key with { Entry = new EntryId(1 + (i / 2)) }, inbox, StoreMessages.Make($"{i}"), default)));
        Assert.Equal(Enumerable.Range(3, 20), delivered.Where(d => d is not null).Select(d => (int)d!.Uids[0].Value).Order());
        await other.DeleteAsync(Account, default);
        await RefusedAsync(RefusalKind.Unavailable, here.AppendAsync(inbox, [StoreMessages.Make("c")], default));
    }

    [SkippableFact]
    public async Task Whatever_two_stores_do_in_turn_both_see_the_same()
    {
        await using var other = await OpenStoreAsync();
        IAccountStore[] stores = [await OpenAsync(), await other.OpenAsync(Account, default)];
        var inbox = await InboxAsync(stores[0]);
        var random = new Random(7);
        MailboxState[] before = [await stores[0].StateAsync(inbox, default), await stores[1].StateAsync(inbox, default)];
        for (var round = 0; round < 300; round++)
        {
            var store = stores[random.Next(2)];
            var uids = UidSet.FromRanges([((uint)random.Next(1, 60), (uint)random.Next(1, 200))]);
            switch (random.Next(6))
            {
                case 0 or 1:
                    await store.AppendAsync(inbox, [.. Enumerable.Range(0, random.Next(1, 6)).Select(i => StoreMessages.Make($"{round}-{i}", new FlagSet((MessageFlags)random.Next(32), [$"k{random.Next(5)}"])))], default);
                    break;
                case 2 or 3:
                    await store.StoreFlagsAsync(inbox, new FlagChange(uids, (FlagOperation)random.Next(3), new FlagSet((MessageFlags)random.Next(32), [$"k{random.Next(5)}"])), default);
                    break;
                case 4:
                    await store.ExpungeAsync(inbox, uids, regardless: false, default);
                    break;
                default:
                    await store.CopyAsync(inbox, uids, inbox, default);
                    break;
            }

            if (random.Next(3) == 0)
            {
                MailboxState[] after = [await stores[0].StateAsync(inbox, default), await stores[1].StateAsync(inbox, default)];
                Assert.Equal(after[0].Range(0, after[0].Count), after[1].Range(0, after[1].Count));
                Assert.Equal(after[0].Mailbox with { Keywords = [], Acl = [] }, after[1].Mailbox with { Keywords = [], Acl = [] });
                Assert.Equal(after[0].Keywords, after[1].Keywords);
                var changes = after[1].ChangesSince(before[1]);
                Assert.Equal(after[1].Count, before[1].Count + changes.Added.Count - changes.Expunged.Count);
                before = after;
            }
        }

        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task Readers_of_two_stores_see_the_same_and_are_told_of_their_own_marks()
    {
        await using var other = await OpenStoreAsync();
        IAccountStore[] owners = [await OpenAsync(), await other.OpenAsync(Account, default)];
        IAccountStore[] readers = [(await OpenAsync()).ReadBy(Reader), (await other.OpenAsync(Account, default)).ReadBy(Reader)];
        var inbox = await InboxAsync(owners[0]);
        var random = new Random(13);
        MailboxState[] before = [await readers[0].StateAsync(inbox, default), await readers[1].StateAsync(inbox, default)];
        for (var round = 0; round < 200; round++)
        {
            var (owner, reader) = (owners[random.Next(2)], readers[random.Next(2)]);
            var uids = UidSet.FromRanges([((uint)random.Next(1, 60), (uint)random.Next(1, 200))]);
            switch (random.Next(5))
            {
                case 0:
                    await (random.Next(2) == 0 ? owner : reader).AppendAsync(inbox, [.. Enumerable.Range(0, random.Next(1, 8)).Select(i => StoreMessages.Make($"{round}-{i}", new FlagSet((MessageFlags)random.Next(32), [$"k{random.Next(5)}"])))], default);
                    break;
                case 1 or 2:
                    await reader.StoreFlagsAsync(inbox, new FlagChange(uids, (FlagOperation)random.Next(3), new FlagSet((MessageFlags)random.Next(32), [$"k{random.Next(5)}"])), default);
                    break;
                case 3:
                    await owner.StoreFlagsAsync(inbox, new FlagChange(uids, (FlagOperation)random.Next(3), new FlagSet((MessageFlags)random.Next(32), [])), default);
                    break;
                default:
                    await owner.ExpungeAsync(inbox, uids, regardless: false, default);
                    break;
            }

            MailboxState[] after = [await readers[0].StateAsync(inbox, default), await readers[1].StateAsync(inbox, default)];
            Assert.Equal(after[0].Range(0, after[0].Count), after[1].Range(0, after[1].Count));
            Assert.Equal(after[0].Mailbox with { Keywords = [], Acl = [] }, after[1].Mailbox with { Keywords = [], Acl = [] });
            Assert.Equal(after[0].Keywords, after[1].Keywords);
            for (var i = 0; i < 2; i++)
            {
                var changes = after[i].ChangesSince(before[i]);
                Assert.Equal(after[i].Count, before[i].Count + changes.Added.Count - changes.Expunged.Count);
                Assert.True(after[i].Version >= before[i].Version);
            }

            before = after;
        }

        await owners[0].AppendAsync(inbox, [StoreMessages.Make("last")], default);
        var last = (await readers[1].StateAsync(inbox, default)).Range(0, int.MaxValue).Last().Uid;
        var heard = new List<StoreChange>();
        using (other.Changes.Subscribe(Account, heard.Add))
        {
            await readers[0].StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(last), FlagOperation.Add, new FlagSet(MessageFlags.Seen, [])), default);
            await owners[1].ListAsync(default);
        }

        Assert.Equal([new StoreChange(Account, inbox, StoreChangeKind.Flags) { OnlyFor = Reader }], heard);
        foreach (var store in owners.Concat(readers))
        {
            await store.DisposeAsync();
        }
    }

    protected override async Task<IMailStore> OpenStoreAsync()
    {
        _database ??= await postgres.NewDatabaseAsync();
        _server ??= new PostgresServer(_database, _threads, Clock, NullLogger.Instance);
        return await PostgresMailStore.OpenAsync(_server, Path.Combine(_folder, "spool"), Clock, _options, default);
    }

    protected override async Task CleanAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _threads.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected override Task RestoreAsync(string folder, AccountId account) => ((PostgresMailStore)Store).ReadFolderAsync(account, folder, default);
}
