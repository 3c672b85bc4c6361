using MailPlus.Engine.Delivery;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Npgsql;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>The queue in PostgreSQL under the contract, and what only it has: several nodes.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresQueueTests(PostgresUnderTest postgres) : QueueContract
{
    private const string Text = "From: s@far.test\r\nSubject: hello\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n";

    protected override PostgresUnderTest? Postgres => postgres;

    [SkippableFact]
    public async Task What_a_dead_node_had_in_hand_is_taken_over_and_delivered_once()
    {
        await using var dead = await DeliveryRig.OpenAsync(postgres: postgres);
        var goOn = new TaskCompletionSource();
        var stored = new TaskCompletionSource();
        dead.Store.Stored = async key =>
        {
            stored.TrySetResult();
            await goOn.Task;
        };
        await dead.SendAsync("s@far.test", Text + new string('x', 300_000), DeliveryRig.Inbound, "ann@here.test", "bob@here.test");
        await stored.Task.WaitAsync(TimeSpan.FromMinutes(3));
        dead.Store.Stored = _ => Task.CompletedTask;

        // Its clock stands still, so it gives no further sign of life; the other one's sees the lease end.
        await using var other = await dead.JoinAsync("two");
        await Eventually.TrueAsync(
            async () =>
            {
                other.Clock.Advance(SharedQueue.Beat);
                return (await other.ListAsync()).Total == 0;
            },
            () => "the other node has taken over",
            TimeSpan.FromMinutes(3),
            longestPause: 60);
        Assert.Single(dead.Store.Inbox(1));
        Assert.Single(dead.Store.Inbox(2));
        goOn.SetResult();
    }

    [SkippableFact]
    public async Task Two_nodes_share_what_is_due_and_give_out_different_ids()
    {
        await using var one = await DeliveryRig.OpenAsync(start: false, postgres);
        await using var two = await one.JoinAsync("two");
        var ids = new HashSet<EntryId>();
        for (var i = 0; i < 60; i++)
        {
            ids.Add((await (i % 2 == 0 ? one : two).SendAsync("s@far.test", Text, DeliveryRig.Inbound, "ann@here.test")).Entry);
        }

        await one.Queue.StartAsync(default);
        await Eventually.TrueAsync(
            async () =>
            {
                one.Clock.Advance(TimeSpan.FromSeconds(5));
                two.Clock.Advance(TimeSpan.FromSeconds(5));
                return (await one.ListAsync()).Total == 0;
            },
            () => "all is delivered",
            longestPause: 60);
        Assert.Equal(60, ids.Count);
        Assert.Equal(60, one.Store.Inbox(1).Count);
    }
}
