using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>When, by when and how urgently: FUTURERELEASE (RFC 4865), DELIVERBY (RFC 2852) and MT-PRIORITY (RFC 6710) in the queue and on the way out.</summary>
public sealed class TermsTests
{
    private const string Text = "From: bob@here.test\r\nSubject: terms\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n";

    // mail-rules 39
    [Fact]
    public async Task A_held_message_waits_for_its_time_whatever_an_administrator_retries()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var until = Instant.Now(rig.Clock).Plus(TimeSpan.FromDays(10));
        await SendAsync(rig, new DeliveryTerms { HoldUntil = until }, new Recipient(EmailAddress.Parse("ann@here.test")));
        await rig.SettleAsync(left: 1);
        var shown = Assert.Single((await rig.ListAsync()).Rows);
        Assert.Equal((until, RecipientState.Deferred, until, 0), (shown.HeldUntil!.Value, shown.Recipients[0].State, shown.Recipients[0].NextAttempt!.Value, shown.Recipients[0].Attempts));

        await rig.Operations.RetryAsync(Actor.Operator, null, default);
        Assert.Equal(0, await rig.Operations.RetryAsync(Actor.Operator, [shown.Entry], default));
        await rig.ReopenAsync();
        await rig.SettleAsync(left: 1);
        Assert.Empty(rig.Store.Inbox(1));

        // Ten days are more than delivery takes at most: that is counted from the release on.
        rig.Clock.Advance(TimeSpan.FromDays(10));
        await rig.SettleAsync();
        Assert.Single(rig.Store.Inbox(1));
        Assert.Empty(rig.Store.Inbox(2));
    }

    [Fact]
    public async Task A_held_message_is_cancelled_by_removing_it()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        await SendAsync(rig, new DeliveryTerms { HoldUntil = Instant.Now(rig.Clock).Plus(TimeSpan.FromHours(1)) }, new Recipient(EmailAddress.Parse("ann@here.test")));
        await rig.SettleAsync(left: 1);
        Assert.Equal(1, await rig.Operations.RemoveAsync(Actor.Operator, [(await rig.ListAsync()).Rows[0].Entry], default));
        rig.Clock.Advance(TimeSpan.FromHours(2));
        await rig.SettleAsync();
        Assert.Empty(rig.Store.Inbox(1));
        Assert.Equal(0, await CountAsync(rig, "terms"));
    }

    [Fact]
    public async Task The_retry_schedule_of_a_held_message_begins_at_its_release()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new() { RetrySeconds = [3600], GiveUpAfterDays = 1, DelayNoticeAfterHours = 2 } });
        rig.Resolver.Mx["slow.test"] = new(Engine.Resolver.DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        await SendAsync(rig, new DeliveryTerms { HoldUntil = Instant.Now(rig.Clock).Plus(TimeSpan.FromDays(3)) }, new Recipient(EmailAddress.Parse("a@slow.test")));
        rig.Clock.Advance(TimeSpan.FromDays(3));
        await AttemptedAsync(rig, 1);
        Assert.Empty(rig.Store.Inbox(2));
        Assert.Single((await rig.ListAsync()).Rows);
    }

    [Fact]
    public async Task What_is_due_comes_by_urgency_then_by_time_and_from_the_index()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        var ids = new Dictionary<string, EntryId>();
        foreach (var (name, priority) in new[] { ("low", -9), ("first", 0), ("second", 0), ("high", 9), ("rather", 3) })
        {
            ids[name] = (await SendAsync(rig, new DeliveryTerms { Priority = priority }, new Recipient(EmailAddress.Parse("ann@here.test")))).Entry;
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var due = await rig.Queue.File.FindDueAsync(Instant.Now(rig.Clock), 10, _ => false, default);
        Assert.Equal([ids["high"], ids["rather"], ids["first"], ids["second"], ids["low"]], due);
        Assert.Equal(9, (await rig.ListAsync()).Rows.Single(row => row.Entry == ids["high"]).Priority);
        var plan = await rig.Queue.File.Database.ReadAsync(session =>
        {
            var row = session.Statement("EXPLAIN QUERY PLAN SELECT entry FROM recipient WHERE state = 1 AND priority = 3 AND next <= 5 ORDER BY next");
            var text = row.Step() ? row.Text(3) : "";
            row.Reset();
            return text;
        }, default);
        Assert.Contains("recipient_due (priority=? AND next<?)", plan, StringComparison.Ordinal);

        await rig.ReopenAsync();
        await rig.SettleAsync();
        Assert.Equal(5, rig.Store.Inbox(1).Count);
        Assert.Contains(rig.Store.Inbox(1), message => message.Text.Contains("\r\n\tpriority -9;", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, 7, " MT-PRIORITY=7")]
    [InlineData(true, -1, " MT-PRIORITY=-1")]
    [InlineData(true, 0, "")]
    [InlineData(false, 7, "")]
    public async Task The_next_server_hears_the_priority_if_it_wants_to(bool offers, int priority, string parameter)
    {
        await using var server = new ScriptedSmtpServer { Extensions = offers ? ["MT-PRIORITY MIXER"] : [] };
        await using var rig = await OpenAsync(server);
        await SendAsync(rig, new DeliveryTerms { Priority = priority }, new Recipient(EmailAddress.Parse("a@far.test")));
        await rig.SettleAsync();
        Assert.Contains($"MAIL FROM:<bob@here.test>{parameter}", server.Commands);
    }

    [Fact]
    public async Task A_message_comes_back_when_its_time_is_over()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new() { RetrySeconds = [600] } });
        rig.Resolver.Mx["slow.test"] = new(Engine.Resolver.DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        var by = Instant.Now(rig.Clock).Plus(TimeSpan.FromSeconds(700));
        await SendAsync(rig, new DeliveryTerms { DeliverBy = by, Mode = DeliverByMode.Return }, new Recipient(EmailAddress.Parse("a@slow.test")));
        await AttemptedAsync(rig, 1);
        rig.Clock.Advance(TimeSpan.FromSeconds(600));
        await AttemptedAsync(rig, 2);
        var waiting = Assert.Single((await rig.ListAsync()).Rows);
        Assert.Equal((by, by), (waiting.DeliverBy!.Value, waiting.Recipients[0].NextAttempt!.Value)); // not the 500 seconds later that the schedule says
        rig.Clock.Advance(TimeSpan.FromSeconds(100));
        await rig.SettleAsync();
        var report = Assert.Single(rig.Store.Inbox(2)).Text;
        Assert.Contains("Action: failed\r\nStatus: 5.4.7\r\n", report, StringComparison.Ordinal);
        Assert.Contains("\r\nDeliver-By-Date: Tue, 24 Nov 2026 10:11:40 +0000\r\n", report, StringComparison.Ordinal);
        Assert.Equal(3, rig.Happened.OfType<RecipientAttempted>().Count(e => e.Recipient == "a@slow.test"));
    }

    [Fact]
    public async Task Nothing_is_delivered_after_its_time()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        await SendAsync(rig, new DeliveryTerms { DeliverBy = Instant.Now(rig.Clock).Plus(TimeSpan.FromMinutes(1)), Mode = DeliverByMode.Return }, new Recipient(EmailAddress.Parse("ann@here.test")));
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await rig.ReopenAsync();
        await rig.SettleAsync();
        Assert.Empty(rig.Store.Inbox(1));
        Assert.Contains("Status: 5.4.7", Assert.Single(rig.Store.Inbox(2)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DsnNotify.Unspecified, 1)]
    [InlineData(DsnNotify.Failure, 1)]
    [InlineData(DsnNotify.Never, 0)]
    public async Task A_sender_who_asked_for_it_is_told_once_when_the_time_is_over_and_delivery_goes_on(DsnNotify notify, int reports)
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new() { RetrySeconds = [600], DelayNoticeAfterHours = 0.01 } });
        rig.Resolver.Mx["slow.test"] = new(Engine.Resolver.DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        await SendAsync(rig, new DeliveryTerms { DeliverBy = Instant.Now(rig.Clock).Plus(TimeSpan.FromSeconds(700)), Mode = DeliverByMode.Notify }, new Recipient(EmailAddress.Parse("a@slow.test"), notify));
        await AttemptedAsync(rig, 1);
        foreach (var (seconds, attempts) in new[] { (600, 2), (100, 3), (600, 4), (600, 5) })
        {
            Assert.Empty(attempts <= 3 ? rig.Store.Inbox(2) : []);
            rig.Clock.Advance(TimeSpan.FromSeconds(seconds));
            await AttemptedAsync(rig, attempts);
        }

        Assert.Equal(reports, rig.Store.Inbox(2).Count);
        Assert.All(rig.Store.Inbox(2), report => Assert.Contains("Action: delayed", report.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("DELIVERBY", DeliverByMode.Return, false, " BY=60;R", null)]
    [InlineData("DELIVERBY", DeliverByMode.Notify, false, " BY=60;N", null)]
    [InlineData("DELIVERBY 60", DeliverByMode.Return, false, " BY=60;R", null)]
    [InlineData("DELIVERBY 600", DeliverByMode.Notify, true, " BY=60;NT", "Action: relayed")] // each server on the way says so
    [InlineData("DELIVERBY 61", DeliverByMode.Return, false, null, "Status: 5.4.7")]
    [InlineData("DSN", DeliverByMode.Return, false, null, "Status: 5.3.3")] // it would not be watched there
    [InlineData("DSN", DeliverByMode.Notify, false, "", "Action: relayed")] // from there on nobody counts
    public async Task The_time_that_is_left_goes_to_a_server_that_counts_it(string offered, DeliverByMode mode, bool traces, string? parameter, string? report)
    {
        await using var server = new ScriptedSmtpServer { Extensions = [offered] };
        await using var rig = await OpenAsync(server);
        await SendAsync(rig, new DeliveryTerms { DeliverBy = Instant.Now(rig.Clock).Plus(TimeSpan.FromSeconds(60)), Mode = mode, Traces = traces }, new Recipient(EmailAddress.Parse("a@far.test")));
        await rig.SettleAsync();
        Assert.Equal(parameter is null ? [] : [$"MAIL FROM:<bob@here.test>{parameter}"], server.Commands.Where(c => c.StartsWith("MAIL", StringComparison.Ordinal)));
        Assert.Equal(report is null ? 0 : 1, rig.Store.Inbox(2).Count);
        Assert.All(rig.Store.Inbox(2), told => Assert.Contains(report!, told.Text, StringComparison.Ordinal));
        Assert.Equal(0, await CountAsync(rig, "terms"));
    }

    [Fact]
    public async Task The_queue_of_a_domain_is_started_for_those_who_may()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        foreach (var domain in (string[])["far.test", "sub.far.test", "notfar.test"])
        {
            rig.Resolver.Mx[domain] = new(Engine.Resolver.DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        }

        var late = new DeliveryTerms { HoldUntil = Instant.Now(rig.Clock).Plus(TimeSpan.FromDays(1)) };
        await SendAsync(rig, DeliveryTerms.None, new Recipient(EmailAddress.Parse("a@far.test")), new Recipient(EmailAddress.Parse("a@notfar.test")));
        await SendAsync(rig, DeliveryTerms.None, new Recipient(EmailAddress.Parse("a@Sub.Far.test")));
        await SendAsync(rig, late, new Recipient(EmailAddress.Parse("b@far.test")));
        await rig.SettleAsync(left: 3);
        Assert.Equal(1, await rig.Operations.RetryDomainAsync(Actor.Operator, DomainName.Parse("far.test"), withSubdomains: false, default));
        await Eventually.TrueAsync(async () => Attempts(await rig.ListAsync()) == "b@far.test 0, a@sub.far.test 1, a@far.test 2, a@notfar.test 1", () => "far.test was tried again");
        await rig.SettleAsync(left: 3);
        Assert.Equal(2, await rig.Operations.RetryDomainAsync(Actor.Operator, DomainName.Parse("FAR.test"), withSubdomains: true, default));
        await Eventually.TrueAsync(async () => Attempts(await rig.ListAsync()) == "b@far.test 0, a@sub.far.test 2, a@far.test 3, a@notfar.test 1", () => "those below were tried again, too");
        Assert.Equal(0, await rig.Operations.RetryDomainAsync(Actor.Operator, DomainName.Parse("none.test"), withSubdomains: true, default));
        await Assert.ThrowsAsync<RefusedException>(() => rig.Operations.RetryDomainAsync(Actor.ForAccount(new AccountId(1), "ann", false), DomainName.Parse("far.test"), false, default));
        Assert.Contains(rig.Happened, e => e is AdminActed { Action: "QueueRetried", Target: "@far.test" });

        static string Attempts(Page<QueuedMessage> page) => string.Join(", ", page.Rows.SelectMany(row => row.Recipients).Select(r => $"{r.Address.ToLowerInvariant()} {r.Attempts}"));
    }

    [Fact]
    public async Task A_queue_of_an_earlier_version_is_taken_over_with_what_waits_in_it()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        await rig.Queue.DisposeAsync();
        var name = Path.Combine(rig.DataFolder, "queue.db");
        File.Delete(name);
        var options = new SqliteFileOptions { FileName = name, ApplicationId = QueueSchema.ApplicationId, Scripts = [QueueSchema.Scripts[0]] };
        await using (var old = await SqliteFile.OpenAsync(options, rig.Threads, default))
        {
            await old.WriteAsync(session =>
            {
                session.Statement("INSERT INTO entry VALUES (65000, 0, 0, 's@far.test', 0, NULL, 0, 4, '', '', NULL, x'', x'61620D0A')").Execute();
                session.Statement("INSERT INTO recipient VALUES (65000, 0, 'ann@here.test', 0, NULL, 1, 0, 0, 0, '')").Execute();
                return true;
            }, Durability.Full, default);
        }

        rig.Clock.SetUtcNow(rig.Clock.GetUtcNow().AddSeconds(1));
        rig.Settings.Set(rig.Settings.Current with { Delivery = new() { GiveUpAfterDays = 30 } });
        await rig.ReopenAsync();
        await rig.SettleAsync();
        Assert.Single(rig.Store.Inbox(1));
    }

    private static async Task<DeliveryRig> OpenAsync(ScriptedSmtpServer server)
    {
        var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = server.EndPoint.Port } });
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        return rig;
    }

    private static Task<AcceptanceReceipt> SendAsync(DeliveryRig rig, DeliveryTerms terms, params Recipient[] recipients) => rig.Acceptance.AcceptAsync(
        new IncomingMessage(new Envelope(EmailAddress.Parse("bob@here.test"), recipients) { Terms = terms }, MessageContent.FromMemory(Encoding.UTF8.GetBytes(Text)), DeliveryRig.Submission(2)), default);

    private static async Task AttemptedAsync(DeliveryRig rig, int attempts) => await Eventually.TrueAsync(
        async () => rig.Queue.InHand == 0 && (await rig.ListAsync()).Rows is [{ Recipients: [{ } only] }] && only.Attempts == attempts, () => $"attempt {attempts} is over");

    private static Task<long> CountAsync(DeliveryRig rig, string table) => rig.Queue.File.Database.ReadAsync(session =>
    {
        var row = session.Statement($"SELECT count(*) FROM {table}");
        var count = row.Step() ? row.Long(0) : -1;
        row.Reset();
        return count;
    }, default);
}
