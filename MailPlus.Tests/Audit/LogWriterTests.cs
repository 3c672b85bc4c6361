using System.Net;
using MailPlus.Engine.Audit;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Audit;

public sealed class LogWriterTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    // mail-rules 2
    [Fact]
    public async Task Events_of_an_outbox_are_stored_once_though_read_twice()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var database = LogDatabase.InSqlite(Path.Combine(system.Folder, "log.db"));
        await database.MigrateAsync(None);
        var outbox = new ForgetfulOutbox(
            [
                new MessageAccepted(new EntryId(7), MessageOrigin.Inbound, "a@b.test", ["kim@example.test", "lee@example.test"]) { Time = Instant.Now(system.Clock), Size = 500, Subject = "안녕 World" },
                new RecipientAttempted(new EntryId(7), "a@b.test", "kim@example.test", DeliveryResult.Delivered) { Time = Instant.Now(system.Clock) },
                new RecipientAttempted(new EntryId(7), "a@b.test", "lee@example.test", DeliveryResult.Deferred) { Time = Instant.Now(system.Clock), Reply = "451 later" },
            ]);
        using var writer = new LogWriter(database, [outbox, new SystemOutbox(system.Database)], system.Events, system.Clock, NullLogger<LogWriter>.Instance);
        await writer.DrainAsync(None);
        await writer.DrainAsync(None);
        using (var restarted = new LogWriter(database, [outbox], system.Events, system.Clock, NullLogger<LogWriter>.Instance))
        {
            await restarted.DrainAsync(None); // which reads its place, as the first one did once
        }

        var log = new MailLog(database);
        var all = await log.SearchAsync(Actor.Operator, new MailLogQuery(), None);
        Assert.Equal(3, all.Total);
        Assert.Equal(MailLogKind.Deferred, all.Rows[0].Kind);
        Assert.Equal("안녕 World", (await log.SearchAsync(Actor.Operator, new MailLogQuery { Search = "안녕 WORLD" }, None)).Rows.Single().Subject);
        Assert.Equal(3, (await log.SearchAsync(Actor.Operator, new MailLogQuery { Search = "7" }, None)).Total);
        Assert.Single((await log.SearchAsync(Actor.Operator, new MailLogQuery { Kinds = [MailLogKind.Delivered] }, None)).Rows);
        Assert.Empty((await log.SearchAsync(Actor.Operator, new MailLogQuery { From = Instant.Now(system.Clock).Plus(TimeSpan.FromSeconds(1)) }, None)).Rows);
        Assert.Equal(3, await log.ExportAsync(Actor.Operator, new MailLogQuery(), None).CountAsync());

        var acts = await new AdminLog(database).SearchAsync(Actor.Operator, new AdminLogQuery { Search = "accountcreated" }, None);
        Assert.Equal("admin@example.test", Assert.Single(acts.Rows).Target);
        Assert.Empty(await system.OutboxAsync());
    }

    [Fact]
    public async Task Refusals_at_the_door_reach_the_log_while_it_runs()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var database = LogDatabase.InSqlite(Path.Combine(system.Folder, "log.db"));
        await database.MigrateAsync(None);
        using var writer = new LogWriter(database, [], system.Events, TimeProvider.System, NullLogger<LogWriter>.Instance);
        using var stop = new CancellationTokenSource();
        var running = writer.RunAsync(stop.Token);
        system.Events.Publish(new MessageRefused("x@y.test", "nobody@example.test", "550 5.1.1") { Time = Instant.Now(TimeProvider.System), Client = IPAddress.Parse("192.0.2.3") });
        await Eventually.TrueAsync(
            async () => (await new MailLog(database).SearchAsync(Actor.Operator, new MailLogQuery { Search = "192.0.2.3" }, None)).Total == 1, () => "the refusal is in the log");
        await stop.CancelAsync();
        await running;
    }

    /// <summary>An outbox whose removals are lost, as in a crash between the two commits.</summary>
    private sealed class ForgetfulOutbox(IReadOnlyList<MailEvent> events) : IEventOutbox
    {
        public string Name => "queue";

        public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

        public Task<IReadOnlyList<OutboxEvent>> ReadAsync(long after, int limit, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<OutboxEvent>>([.. events.Select((happened, index) => new OutboxEvent(index + 1, happened)).Where(item => item.Id > after)]);

        public Task RemoveAsync(long upTo, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
