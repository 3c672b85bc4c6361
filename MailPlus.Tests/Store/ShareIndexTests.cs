using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;
using MailPlus.Engine.Store.Sqlite;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>The index of shares says what the lists in the owners' mail say, also after a restart and when accounts go.</summary>
public sealed class ShareIndexTests
{
    private const Rights Reading = Rights.Lookup | Rights.Read;

    [Fact]
    public async Task The_index_follows_the_lists()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var (kim, ann) = ((await system.AddAsync("kim@example.test")).Id, (await system.AddAsync("ann@example.test")).Id);
        await using var threads = new SqliteThreads(NullLogger<SqliteThreads>.Instance, 1);
        await using var store = new SqliteMailStore(Path.Combine(system.Folder, "shared-mail"), threads, TimeProvider.System);
        await store.CreateAsync(kim, default);
        await store.CreateAsync(ann, default);
        using var index = new ShareIndex(system.Database);
        await index.LoadAsync(default);
        await using var kims = await store.OpenAsync(kim, default);
        await using var anns = await store.OpenAsync(ann, default);
        var places = new Places(kims, store, system.AddressBook, index);

        var team = await places.CreateAsync("Team", SpecialUse.None, default);
        await places.ChangeAclAsync(team, new AclChange(new AclSubject(ann), RightsOperation.Replace, Reading), default);
        Assert.Equal([kim], index.OwnersFor(ann));
        Assert.Empty(index.OwnersFor(kim));
        await SeesAsync(anns, store, system, index, $"Other Users/{system.AddressBook.Find(kim)!.Name}/Team");

        // Taken back.
        await places.ChangeAclAsync(team, new AclChange(new AclSubject(ann), RightsOperation.Remove, Reading), default);
        Assert.Empty(index.OwnersFor(ann));

        // Anyone; gone with the mailbox.
        await places.ChangeAclAsync(team, new AclChange(new AclSubject(null), RightsOperation.Add, Reading), default);
        Assert.Equal([kim], index.OwnersFor(ann));
        await places.RenameAsync(team, "Job", default);
        Assert.Equal([kim], index.OwnersFor(ann));
        await SeesAsync(anns, store, system, index, $"Other Users/{system.AddressBook.Find(kim)!.Name}/Job");
        await places.DeleteAsync((await places.FindAsync("Job", default))!, default);
        Assert.Empty(index.OwnersFor(ann));

        // What was changed behind its back is mended; a restart finds it.
        var inbox = (await kims.FindAsync("INBOX", default))!;
        await kims.ChangeAclAsync(inbox.Id, new AclChange(new AclSubject(ann), RightsOperation.Add, Reading), default);
        await index.SettleAsync(kims, default);
        using var again = new ShareIndex(system.Database);
        await again.LoadAsync(default);
        Assert.Equal([kim], again.OwnersFor(ann));

        // An account that is removed leaves nothing behind.
        await system.Accounts.DeleteAsync(Actor.System, [ann], default);
        using var last = new ShareIndex(system.Database);
        await last.LoadAsync(default);
        Assert.Empty(last.OwnersFor(ann));
        await index.SettleAsync(kims, default);
    }

    private static async Task SeesAsync(IAccountStore reader, SqliteMailStore store, SystemUnderTest system, ShareIndex index, string name)
    {
        var places = new Places(reader, store, system.AddressBook, index);
        var seen = Assert.Single(await places.ListAsync(withOthers: true, default), place => !place.IsOwn);
        Assert.Equal((name, Reading), (seen.Name, seen.Rights));
        await places.ReleaseAsync();
    }
}
