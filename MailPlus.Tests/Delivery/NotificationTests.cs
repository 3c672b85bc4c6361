using System.Text;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>Delivery status notifications: who gets one, how often, and what it says (RFC 3461, RFC 3464, mail-rules C26).</summary>
public sealed class NotificationTests
{
    private const string Text = "From: bob@here.test\r\nSubject: 안녕\r\nMessage-ID: <1@x>\r\nX-Secret: header\r\n\r\nthe body\r\n";

    [Fact]
    public async Task A_failure_is_reported_with_everything_a_program_reads()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var recipient = new Recipient(EmailAddress.Parse("someone@nowhere.test"), DsnNotify.Unspecified, "rfc822;original@nowhere.test");
        await rig.Acceptance.AcceptAsync(Message(recipient) with { Envelope = new Envelope(EmailAddress.Parse("bob@here.test"), [recipient]) { EnvelopeId = "env-1" } }, default);
        await rig.SettleAsync();

        using var report = await ReadAsync(Assert.Single(rig.Store.Inbox(2)).Text);
        Assert.Equal("bob@here.test", report.To.Mailboxes.Single().Address);
        Assert.Equal("MAILER-DAEMON@mail.here.test", report.From.Mailboxes.Single().Address);
        Assert.Equal("<>", report.Headers["Return-Path"]);
        Assert.Equal("auto-replied", report.Headers["Auto-Submitted"]);
        var parts = Assert.IsType<MultipartReport>(report.Body);
        Assert.Equal("delivery-status", parts.ReportType);
        Assert.Equal(3, parts.Count);
        Assert.Contains("<someone@nowhere.test>", Assert.IsType<TextPart>(parts[0]).Text, StringComparison.Ordinal);
        Assert.Contains("안녕", Assert.IsType<TextPart>(parts[0]).Text, StringComparison.Ordinal);
        var groups = Assert.IsType<MessageDeliveryStatus>(parts[1]).StatusGroups;
        Assert.Equal("dns; mail.here.test", groups[0]["Reporting-MTA"]);
        Assert.Equal("env-1", groups[0]["Original-Envelope-Id"]);
        Assert.Equal("Tue, 24 Nov 2026 10:00:00 +0000", groups[0]["Arrival-Date"]);
        Assert.Equal("rfc822;original@nowhere.test", groups[1]["Original-Recipient"]);
        Assert.Equal("rfc822; someone@nowhere.test", groups[1]["Final-Recipient"]);
        Assert.Equal("failed", groups[1]["Action"]);
        Assert.Equal("5.1.2", groups[1]["Status"]);
        Assert.Contains("does not exist", groups[1]["Diagnostic-Code"], StringComparison.Ordinal);
        Assert.True(parts[2].ContentType.IsMimeType("message", "global-headers"));
        var returned = await ContentAsync(parts[2]);
        Assert.Contains("X-Secret: header", returned, StringComparison.Ordinal);
        Assert.DoesNotContain("the body", returned, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_whole_message_comes_back_when_that_was_asked_for()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var recipient = new Recipient(EmailAddress.Parse("someone@nowhere.test"));
        await rig.Acceptance.AcceptAsync(Message(recipient) with { Envelope = new Envelope(EmailAddress.Parse("bob@here.test"), [recipient]) { Return = DsnReturn.Full } }, default);
        await rig.SettleAsync();
        using var report = await ReadAsync(Assert.Single(rig.Store.Inbox(2)).Text);
        var original = Assert.IsType<MimeKit.MessagePart>(((Multipart)report.Body!)[2]);
        Assert.Equal("안녕", original.Message!.Subject);
        Assert.Equal("the body", original.Message.TextBody!.Trim());
    }

    [Theory]
    [InlineData(DsnNotify.Never, 0)]
    [InlineData(DsnNotify.Success, 0)]
    [InlineData(DsnNotify.Delay, 0)]
    [InlineData(DsnNotify.Failure, 1)]
    [InlineData(DsnNotify.Unspecified, 1)]
    public async Task Failures_are_told_as_asked(DsnNotify notify, int reports)
    {
        await using var rig = await DeliveryRig.OpenAsync();
        await rig.Acceptance.AcceptAsync(Message(new Recipient(EmailAddress.Parse("someone@nowhere.test"), notify)), default);
        await rig.SettleAsync();
        Assert.Equal(reports, rig.Store.Inbox(2).Count);
    }

    [Fact]
    public async Task Success_is_told_when_asked()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        await rig.Acceptance.AcceptAsync(Message(new Recipient(EmailAddress.Parse("ann@here.test"), DsnNotify.Success)), default);
        await rig.SettleAsync();
        using var report = await ReadAsync(Assert.Single(rig.Store.Inbox(2)).Text);
        var status = (MessageDeliveryStatus)((Multipart)report.Body!)[1];
        Assert.Equal(("delivered", "2.1.5"), (status.StatusGroups[1]["Action"], status.StatusGroups[1]["Status"]));
    }

    [Fact]
    public async Task Several_failures_of_one_message_make_one_notification()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        await rig.Acceptance.AcceptAsync(Message([.. new[] { "a@nowhere.test", "b@nowhere.test", "c@elsewhere.test", "ann@here.test" }.Select(a => new Recipient(EmailAddress.Parse(a)))]), default);
        await rig.SettleAsync();
        using var report = await ReadAsync(Assert.Single(rig.Store.Inbox(2)).Text);
        Assert.Equal(4, ((MessageDeliveryStatus)((Multipart)report.Body!)[1]).StatusGroups.Count);
        Assert.Single(rig.Store.Inbox(1));
    }

    // mail-rules 26
    [Fact]
    public async Task Nobody_answers_the_null_reverse_path_but_the_postmaster_hears_of_it()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        await rig.Acceptance.AcceptAsync(Message(new Recipient(EmailAddress.Parse("someone@nowhere.test"))) with
        {
            Envelope = new Envelope(null, [new Recipient(EmailAddress.Parse("someone@nowhere.test"))]),
            Source = new MessageSource(MessageOrigin.Generated) { Actor = Actor.System },
        }, default);
        await rig.SettleAsync();
        Assert.Empty(rig.Store.Inbox(2));
        Assert.Contains("someone@nowhere.test", Assert.Single(rig.Store.Inbox(1)).Text, StringComparison.Ordinal);
    }

    // mail-rules 26
    [Fact]
    public async Task A_report_that_cannot_reach_the_postmaster_ends_there()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        await rig.SendAsync(null, Text, DeliveryRig.Inbound, "ann@here.test");
        rig.Addresses.Table["ann@here.test"] = new(Engine.Accounts.AddressKind.Unknown);
        await rig.ReopenAsync();
        await rig.SettleAsync();
        Assert.Empty(rig.Store.Inbox(1));
    }

    [Fact]
    public async Task The_settings_say_when_a_delay_is_told_and_when_a_message_is_given_up()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new() { RetrySeconds = [3600], DelayNoticeAfterHours = 2, GiveUpAfterDays = 0.25 } });
        rig.Resolver.Mx["slow.test"] = new(Engine.Resolver.DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        await rig.Acceptance.AcceptAsync(Message(new Recipient(EmailAddress.Parse("someone@slow.test"))), default);
        var told = new List<int>();
        for (var hour = 0; hour <= 6; hour++)
        {
            var attempts = hour + 1;
            await Eventually.TrueAsync(
                async () => rig.Queue.InHand == 0 && (await rig.ListAsync()).Rows is { } rows && (rows.Count == 0 || (rows.Count == 1 && rows[0].Recipients[0].Attempts == attempts)),
                () => $"attempt {attempts} is over");
            told.Add(rig.Store.Inbox(2).Count);
            rig.Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal([0, 0, 1, 1, 1, 1, 2], told);
        Assert.Empty((await rig.ListAsync()).Rows);
    }

    [Fact]
    public async Task No_delay_is_told_when_the_setting_says_so()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new() { RetrySeconds = [3600], DelayNoticeAfterHours = 0, GiveUpAfterDays = 0.25 } });
        rig.Resolver.Mx["slow.test"] = new(Engine.Resolver.DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        await rig.Acceptance.AcceptAsync(Message(new Recipient(EmailAddress.Parse("someone@slow.test"))), default);
        await Eventually.TrueAsync(
            async () =>
            {
                rig.Clock.Advance(TimeSpan.FromHours(1));
                return rig.Queue.InHand == 0 && (await rig.ListAsync()).Rows.Count == 0;
            },
            () => "the message is given up",
            longestPause: 40);
        await rig.SettleAsync();
        Assert.Contains("Action: failed", Assert.Single(rig.Store.Inbox(2)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delay_is_told_once_and_a_message_is_given_up_when_its_time_is_over()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Resolver.Mx["slow.test"] = new(Engine.Resolver.DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        await rig.Acceptance.AcceptAsync(Message(new Recipient(EmailAddress.Parse("someone@slow.test"))), default);
        var attempts = 0;
        while (true)
        {
            await Eventually.TrueAsync(async () => rig.Queue.InHand == 0 && (await rig.ListAsync()).Rows.All(r => r.Recipients.All(x => x.State == RecipientState.Deferred && x.Attempts > 0)), () => "all has been tried");
            if ((await rig.ListAsync()).Rows is not [var entry])
            {
                break;
            }

            attempts = entry.Recipients[0].Attempts;
            rig.Clock.SetUtcNow(entry.Recipients[0].NextAttempt!.Value.ToDateTimeOffset());
            await Eventually.TrueAsync(async () => (await rig.ListAsync()).Rows.All(r => r.Recipients[0].Attempts != attempts), () => $"attempt {attempts + 1}");
        }

        Assert.Equal(TimeSpan.FromDays(5), rig.Clock.GetUtcNow() - new DateTimeOffset(2026, 11, 24, 10, 0, 0, TimeSpan.Zero));
        Assert.True(attempts > 30, $"{attempts} attempts in five days");
        var told = rig.Store.Inbox(2).Select(m => m.Text).ToList();
        Assert.Equal(2, told.Count);
        Assert.Contains("Action: delayed", told[0], StringComparison.Ordinal);
        Assert.Contains("Will-Retry-Until: Sun, 29 Nov 2026 10:00:00 +0000", told[0], StringComparison.Ordinal);
        Assert.Contains("Action: failed", told[1], StringComparison.Ordinal);
        Assert.Contains("Status: 4.4.7", told[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_recipient_is_reported_as_its_sender_asked(bool peerReports)
    {
        await using var server = new Smtp.Client.ScriptedSmtpServer { Extensions = peerReports ? ["DSN"] : [] };
        server.Answer = line => line.StartsWith("RCPT TO:<no", StringComparison.Ordinal) ? "550 5.1.1 nobody" : line.StartsWith("RCPT TO:<slow", StringComparison.Ordinal) ? "450 4.2.0 later" : null;
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new() { RemotePort = server.EndPoint.Port, DelayNoticeAfterHours = 0.0001, RetrySeconds = [3600] } });
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        Recipient[] recipients =
        [
            new(EmailAddress.Parse("yes@far.test"), DsnNotify.Success, "rfc822;first+1@old.test"), new(EmailAddress.Parse("yes-silent@far.test"), DsnNotify.Failure),
            new(EmailAddress.Parse("no@far.test"), DsnNotify.Failure | DsnNotify.Success), new(EmailAddress.Parse("no-silent@far.test"), DsnNotify.Never),
            new(EmailAddress.Parse("slow@far.test"), DsnNotify.Delay), new(EmailAddress.Parse("slow-silent@far.test"), DsnNotify.Failure),
            new(EmailAddress.Parse("ann@here.test"), DsnNotify.Success), new(EmailAddress.Parse("ann.alias@here.test"), DsnNotify.Never),
        ];
        await rig.Acceptance.AcceptAsync(Message(recipients) with { Envelope = new Envelope(EmailAddress.Parse("bob@here.test"), recipients) { Return = DsnReturn.Full, EnvelopeId = "id+1" } }, default);
        await rig.SettleAsync(left: 1);
        rig.Clock.Advance(TimeSpan.FromHours(1)); // the second attempt is late enough to tell of the delay
        await Eventually.TrueAsync(
            async () => rig.Queue.InHand == 0 && (await rig.ListAsync()).Rows is [{ Recipients: [{ Attempts: 2 }, { Attempts: 2 }] }], () => "the slow ones were tried twice");

        var told = new List<(string Recipient, string Action, string? Original, bool IsWhole)>();
        foreach (var stored in rig.Store.Inbox(2))
        {
            using var report = await ReadAsync(stored.Text);
            var parts = (MultipartReport)report.Body!;
            var groups = ((MessageDeliveryStatus)parts[1]).StatusGroups;
            Assert.Equal("id+1", groups[0]["Original-Envelope-Id"]);
            told.AddRange(groups.Skip(1).Select(group => (group["Final-Recipient"]!, group["Action"]!, group["Original-Recipient"], parts[2].ContentType.IsMimeType("message", "rfc822"))));
        }

        // RFC 3461 5.2: a server that reports takes the duty over; RET is for failures only.
        List<(string Recipient, string Action, string? Original, bool IsWhole)> wanted =
        [
            ("rfc822; ann@here.test", "delivered", null, false), ("rfc822; no@far.test", "failed", null, true), ("rfc822; slow@far.test", "delayed", null, false),
        ];
        if (!peerReports)
        {
            wanted.Add(("rfc822; yes@far.test", "relayed", "rfc822;first+1@old.test", false));
        }

        Assert.Equal(wanted, told.OrderBy(one => one.Recipient, StringComparer.Ordinal));
        Assert.Equal(peerReports, server.Commands.Contains("MAIL FROM:<bob@here.test> RET=FULL ENVID=id+2B1"));
        Assert.Equal(peerReports, server.Commands.Contains("RCPT TO:<yes@far.test> NOTIFY=SUCCESS ORCPT=rfc822;first+2B1@old.test"));
        Assert.Equal(peerReports, server.Commands.Contains("RCPT TO:<no-silent@far.test> NOTIFY=NEVER"));
    }

    [Fact]
    public async Task A_report_asks_for_no_report_and_says_whose_it_is()
    {
        await using var server = new Smtp.Client.ScriptedSmtpServer();
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new() { RemotePort = server.EndPoint.Port } });
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await rig.Acceptance.AcceptAsync(
            Message(new Recipient(EmailAddress.Parse("ann@here.test"), DsnNotify.Success)) with
            {
                Envelope = new Envelope(EmailAddress.Parse("joe@far.test"), [new Recipient(EmailAddress.Parse("ann@here.test"), DsnNotify.Success)]),
                Source = DeliveryRig.Inbound,
            },
            default);
        await rig.SettleAsync();
        Assert.Contains(server.Commands, command => command.StartsWith("MAIL FROM:<>", StringComparison.Ordinal) && !command.Contains("RET", StringComparison.Ordinal));
        Assert.Contains("RCPT TO:<joe@far.test>", server.Commands);
        Assert.Contains("Action: delivered", Assert.Single(server.Messages), StringComparison.Ordinal);
    }

    private static IncomingMessage Message(params Recipient[] recipients) => new(
        new Envelope(EmailAddress.Parse("bob@here.test"), recipients), MessageContent.FromMemory(Encoding.UTF8.GetBytes(Text)), DeliveryRig.Submission(2));

    private static Task<MimeMessage> ReadAsync(string text) => MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static async Task<string> ContentAsync(MimeEntity part)
    {
        using var target = new MemoryStream();
        await part.WriteToAsync(target, contentOnly: true);
        return Encoding.UTF8.GetString(target.ToArray());
    }
}
