using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Store.Sqlite;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>Delivery with the parts of the product instead of the test's: mailboxes in SQLite, DNS over UDP.</summary>
public sealed class RealPartsTests
{
    private const string Text = "From: s@far.test\r\nSubject: hello\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n";

    [Fact]
    public async Task Mail_arrives_once_in_real_mailboxes_although_the_queue_is_taken_over_in_mid_flight()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        var accounts = Path.Combine(rig.DataFolder, "accounts");
        Directory.CreateDirectory(accounts);
        await using var store = new SqliteMailStore(accounts, rig.Threads, TimeProvider.System);
        await store.CreateAsync(new AccountId(1), default);
        await store.CreateAsync(new AccountId(2), default);
        rig.RealStore = store;
        await rig.ReopenAsync(start: false);

        var big = string.Concat(Enumerable.Repeat("0123456789\r\n", 40_000));
        await rig.SendAsync("s@far.test", Text + big, DeliveryRig.Inbound, "ann@here.test");
        for (var n = 0; n < 200; n++)
        {
            await rig.SendAsync("s@far.test", Text, DeliveryRig.Inbound, "ann@here.test", "bob@here.test");
        }

        // What a second process would find: some of these are in the mailboxes already, and both try them all.
        await using var after = await rig.CrashAsync(start: false);
        await rig.ReopenAsync();
        await Task.WhenAll(rig.SettleAsync(), SettleAsync(after));

        await using var ann = await store.OpenAsync(new AccountId(1), default);
        await using var bob = await store.OpenAsync(new AccountId(2), default);
        var inbox = (await ann.FindAsync("INBOX", default))!;
        Assert.Equal(201, inbox.Messages);
        Assert.Equal(200, (await bob.FindAsync("INBOX", default))!.Messages);
        var state = await ann.StateAsync(inbox.Id, default);
        var found = false;
        for (var i = 0; i < state.Count; i++)
        {
            if (state[i].Size > 400_000)
            {
                await using var stored = (await ann.OpenAsync(inbox.Id, state[i].Uid, default))!;
                await using var stream = stored.OpenRead();
                using var reader = new StreamReader(stream, Encoding.Latin1);
                found = (await reader.ReadToEndAsync()).EndsWith(Text + big, StringComparison.Ordinal);
            }
        }

        Assert.True(found, "the big message is whole");
    }

    [Fact]
    public async Task Exchangers_are_found_by_a_real_look_up()
    {
        using var zone = TestZone.Start().Mx("far.test", "mx.far.test").A("mx.far.test", "127.0.0.1").Fails("broken.test");
        await using var server = new ScriptedSmtpServer();
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = server.EndPoint.Port }, Resolver = new ResolverSettings { Servers = [zone.EndPoint.ToString()], TimeoutSeconds = 60 } });
        rig.RealResolver = new DnsResolver(rig.Settings, TimeProvider.System);
        await rig.ReopenAsync();
        await rig.SendAsync("bob@here.test", Text.Replace("s@far.test", "bob@here.test"), DeliveryRig.Submission(2), "a@far.test", "a@broken.test", "a@nowhere.test");
        await rig.SettleAsync(left: 1);
        Assert.Single(server.Messages);
        Assert.Equal("a@broken.test", Assert.Single((await rig.ListAsync()).Rows[0].Recipients).Address);
        Assert.Contains("5.1.2", Assert.Single(rig.Store.Inbox(2)).Text, StringComparison.Ordinal);
    }

    private static async Task SettleAsync(DeliveryRig rig)
    {
        await rig.Queue.StartAsync(default);
        await rig.SettleAsync();
    }
}
