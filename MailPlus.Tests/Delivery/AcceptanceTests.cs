using System.Text;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>Who may send to whom, and what a message looks like once it is in.</summary>
public sealed class AcceptanceTests
{
    private const string Plain = "From: ann@here.test\r\nSubject: hello\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n";

    // mail-rules 15, 17
    [Theory]
    [InlineData("ann@here.test", false, null)]
    [InlineData("postmaster@here.test", false, null)]
    [InlineData("postmaster@mail.here.test", false, null)]
    [InlineData("nobody@here.test", false, RefusalKind.UnknownRecipient)]
    [InlineData("nobody@here.test", true, RefusalKind.UnknownRecipient)]
    [InlineData("cho@here.test", false, RefusalKind.UnknownRecipient)]
    [InlineData("someone@far.test", false, RefusalKind.RelayDenied)]
    [InlineData("someone@far.test", true, null)]
    public async Task Recipients_are_accepted_or_refused_at_once(string address, bool signedIn, RefusalKind? kind)
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        var refusal = await rig.Acceptance.CheckRecipientAsync(new Recipient(EmailAddress.Parse(address)), signedIn ? DeliveryRig.Submission(1) : DeliveryRig.Inbound, default);
        Assert.Equal(kind, refusal?.Kind);
    }

    // mail-rules 13
    [Fact]
    public async Task A_full_mailbox_is_refused_for_now_but_postmaster_never()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        rig.Addresses.Quota = 1000;
        rig.Store.UsedOctets = 1000;
        var refusal = await rig.Acceptance.CheckRecipientAsync(new Recipient(EmailAddress.Parse("ann@here.test")), DeliveryRig.Inbound, default);
        Assert.Equal((RefusalKind.OverQuota, true), (refusal!.Kind, refusal.Temporary));
        Assert.Null(await rig.Acceptance.CheckRecipientAsync(new Recipient(EmailAddress.Parse("postmaster@here.test")), DeliveryRig.Inbound, default));
    }

    // mail-rules 21
    [Theory]
    [InlineData("ann@here.test", true)]
    [InlineData("ann.alias@here.test", true)]
    [InlineData(null, true)]
    [InlineData("bob@here.test", false)]
    [InlineData("someone@far.test", false)]
    public async Task A_signed_in_account_sends_only_as_itself(string? sender, bool allowed)
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        var address = sender is null ? null : EmailAddress.Parse(sender);
        Assert.Equal(allowed, await rig.Acceptance.CheckSenderAsync(address, DeliveryRig.Submission(1), default) is null);
        Assert.Null(await rig.Acceptance.CheckSenderAsync(address, DeliveryRig.Inbound, default));
    }

    // mail-rules 21
    [Theory]
    [InlineData("From: Ann <ANN@here.test>", true)]
    [InlineData("From: Bob <bob@here.test>", false)]
    [InlineData("From: ann@here.test, bob@here.test", false)]
    [InlineData("From: ann@here.test\r\nSender: bob@here.test", false)]
    [InlineData("From:\r\n bob@here.test", false)]
    [InlineData("fRoM : bob@here.test", false)]
    [InlineData("From: \"ann@here.test\" <evil@far.test>", false)]
    [InlineData("From: @@@", false)]
    public async Task A_submission_names_only_own_addresses_in_its_header(string from, bool allowed)
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        Task<AcceptanceReceipt> Send() => rig.SendAsync("ann@here.test", $"{from}\r\nSubject: x\r\n\r\nbody\r\n", DeliveryRig.Submission(1), "bob@here.test");
        if (allowed)
        {
            await Send();
            return;
        }

        var refused = await Assert.ThrowsAsync<RefusedException>(Send);
        Assert.Equal(("FromNotOwn", "5.7.1"), (refused.Refusal.TextKey, refused.Refusal.EnhancedStatus));
        Assert.Equal(0, (await rig.ListAsync()).Total);
    }

    // mail-rules 12
    [Fact]
    public async Task A_submission_loses_Bcc_and_gains_Date_and_Message_ID()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        await rig.SendAsync("ann@here.test", "From: ann@here.test\r\nBcc: bob@here.test,\r\n secret@here.test\r\nResent-Bcc: x@y.z\r\nSubject: s\r\n\r\nbody\r\n", DeliveryRig.Submission(1), "bob@here.test");
        await rig.SettleAsync();
        var text = Assert.Single(rig.Store.Inbox(2)).Text;
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Resent-Bcc", text, StringComparison.Ordinal);
        Assert.Contains("\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <", text, StringComparison.Ordinal);
        Assert.EndsWith("From: ann@here.test\r\nSubject: s\r\n\r\nbody\r\n", text, StringComparison.Ordinal);
    }

    // mail-rules 12
    [Fact]
    public async Task Inbound_fields_that_only_we_may_write_are_dropped_and_all_else_stays()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        await rig.SendAsync("s@far.test", "Return-Path: <forged@far.test>\r\nAuthentication-Results: mail.here.test; spf=pass\r\nAuthentication-Results: other.test;\r\n dkim=pass\r\nX-Spam-Flag: NO\r\nSubject: s\r\nBcc: kept@far.test\r\n\r\nX-Spam-Flag: body\r\n", DeliveryRig.Inbound, "bob@here.test");
        await rig.SettleAsync();
        var text = Assert.Single(rig.Store.Inbox(2)).Text;
        Assert.EndsWith("Authentication-Results: other.test;\r\n dkim=pass\r\nSubject: s\r\nBcc: kept@far.test\r\n\r\nX-Spam-Flag: body\r\n", text, StringComparison.Ordinal);
        Assert.StartsWith("Return-Path: <s@far.test>\r\nDelivered-To: bob@here.test\r\nAuthentication-Results: mail.here.test;\r\n\tspf=none", text, StringComparison.Ordinal);
        Assert.Contains("\r\nReceived: from client.example.test ([192.0.2.7])\r\n\tby mail.here.test with ESMTP id ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", text, StringComparison.Ordinal);
        Assert.DoesNotContain("spf=pass", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_looping_message_is_refused_with_nothing_left_behind()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        var text = string.Concat(Enumerable.Repeat("Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0000\r\n", 51)) + Plain;
        var refused = await Assert.ThrowsAsync<RefusedException>(() => rig.SendAsync("s@far.test", text, DeliveryRig.Inbound, "ann@here.test"));
        Assert.Equal((RefusalKind.MessageRefused, "5.4.6", false), (refused.Refusal.Kind, refused.Refusal.EnhancedStatus, refused.Refusal.Temporary));
        Assert.Equal(0, (await rig.ListAsync()).Total);
    }

    [Fact]
    public async Task A_header_without_end_is_refused()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        var text = string.Concat(Enumerable.Repeat("X: y\r\n", 6000)) + "\r\nbody\r\n";
        Assert.Equal("HeaderUnacceptable", (await Assert.ThrowsAsync<RefusedException>(() => rig.SendAsync("s@far.test", text, DeliveryRig.Inbound, "ann@here.test"))).Refusal.TextKey);
    }

    [Fact]
    public async Task Too_large_is_refused()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        rig.Settings.Set(rig.Settings.Current with { Smtp = rig.Settings.Current.Smtp with { MaximumMessageSize = 65536 } });
        Assert.Equal(RefusalKind.TooLarge, (await Assert.ThrowsAsync<RefusedException>(() => rig.SendAsync("s@far.test", Plain + new string('x', 65536), DeliveryRig.Inbound, "ann@here.test"))).Refusal.Kind);
    }

    // mail-rules 5
    [Fact]
    public async Task Only_a_resend_after_a_lost_reply_is_recognised_and_only_for_an_hour()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var first = await rig.SendAsync("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test");
        var twin = await rig.SendAsync("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test");
        Assert.NotEqual(first, twin);

        var message = DeliveryRig.Message("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test");
        var lost = await rig.Acceptance.AcceptAsync(message, default);
        await rig.Acceptance.ReplyLostAsync(message, lost, default);
        var other = await rig.SendAsync("s@far.test", Plain + "more\r\n", DeliveryRig.Inbound, "ann@here.test");
        Assert.NotEqual(lost, other);
        Assert.Equal(lost, await rig.SendAsync("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test"));
        Assert.NotEqual(lost, await rig.SendAsync("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test"));

        await rig.Acceptance.ReplyLostAsync(message, lost, default);
        rig.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.NotEqual(lost, await rig.SendAsync("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test"));
        await rig.SettleAsync();
        Assert.Equal(6, rig.Store.Inbox(1).Count);
    }

    [Fact]
    public async Task A_big_message_lies_in_a_file_until_it_is_delivered_and_is_changed_on_the_way_in()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        var body = string.Concat(Enumerable.Repeat("0123456789\r\n", 40_000));
        var spool = Path.Combine(rig.DataFolder, "big.eml");
        await File.WriteAllTextAsync(spool, $"Return-Path: <forged@far.test>\r\nSubject: big\r\n\r\n{body}");
        var envelope = new Envelope(EmailAddress.Parse("s@far.test"), [new Recipient(EmailAddress.Parse("ann@here.test"))]);
        await rig.Acceptance.AcceptAsync(new IncomingMessage(envelope, MessageContent.FromFile(spool), DeliveryRig.Inbound), default);
        await File.WriteAllTextAsync(spool, $"Subject: bigger\r\n\r\n{body}");
        await rig.Acceptance.AcceptAsync(new IncomingMessage(envelope, MessageContent.FromFile(spool), DeliveryRig.Inbound), default);
        File.Delete(spool);
        var folder = Path.Combine(rig.DataFolder, "queue");
        Assert.Equal(2, Directory.GetFiles(folder).Length);

        await File.WriteAllTextAsync(Path.Combine(folder, "DEAD.body"), "left by a crash");
        await rig.ReopenAsync();
        Assert.False(File.Exists(Path.Combine(folder, "DEAD.body")));
        await rig.SettleAsync();
        Assert.Equal(2, rig.Store.Inbox(1).Count);
        Assert.All(rig.Store.Inbox(1), m => Assert.EndsWith("\r\n\r\n" + body, m.Text, StringComparison.Ordinal));
        Assert.All(rig.Store.Inbox(1), m => Assert.DoesNotContain("forged", m.Text, StringComparison.Ordinal));
        await Support.Eventually.TrueAsync(() => Task.FromResult(Directory.GetFiles(folder).Length == 0), () => "body files removed");
    }

    [Fact]
    public async Task Events_reach_the_outbox_in_order_and_are_forgotten_once_logged()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var receipt = await rig.SendAsync("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test");
        await rig.SettleAsync();
        await rig.Queue.Outbox.WaitAsync(default);
        var events = await rig.Queue.Outbox.ReadAsync(0, 100, default);
        var accepted = Assert.IsType<MessageAccepted>(events[0].Event);
        Assert.Equal((receipt.Entry, "s@far.test", "hello", "1@x"), (accepted.Entry, accepted.Sender, accepted.Subject, accepted.MessageId));
        Assert.Equal("192.0.2.7", accepted.Client!.ToString());
        Assert.Equal(DeliveryResult.Delivered, Assert.IsType<RecipientAttempted>(events[1].Event).Result);
        await rig.Queue.Outbox.RemoveAsync(events[1].Id, default);
        await rig.ReopenAsync();
        await rig.SendAsync("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test");
        Assert.True((await rig.Queue.Outbox.ReadAsync(0, 1, default))[0].Id > events[1].Id);
    }

    [Fact]
    public async Task Queue_ids_are_never_used_twice()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var ids = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await rig.SendAsync("s@far.test", Plain, DeliveryRig.Inbound, "ann@here.test")).Entry.Value);
            await rig.SettleAsync();
            await rig.ReopenAsync();
        }

        Assert.Equal(ids.Order().Distinct(), ids);
    }

    [Fact]
    public void Trace_fields_hold_no_octet_of_the_peer_that_could_end_them()
    {
        var source = new MessageSource(MessageOrigin.Inbound) { Client = System.Net.IPAddress.Parse("2001:db8::1"), Helo = "evil\r\nX: y (", Protocol = "SMTP" };
        var text = Encoding.UTF8.GetString(ReceivedField.Write(source, new Envelope(null, [new Recipient(EmailAddress.Parse("a@b.test"))]), new EntryId(255), "mail.here.test", new Instant(0)));
        Assert.Equal("Received: from evilX:y ([IPv6:2001:db8::1])\r\n\tby mail.here.test with SMTP id FF\r\n\tfor <a@b.test>;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n", text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200_000)] // through files
    public async Task A_binary_message_is_kept_as_lines(int times)
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var octets = string.Concat(Enumerable.Repeat("\0\r\n.\r\n\n\r\xff", times));
        var head = "From: ann@far.test\r\nContent-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: BINARY\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Transfer-Encoding: binary\r\nContent-Type: image/png\r\n\r\n";
        await rig.Acceptance.AcceptAsync(Binary(head + octets + "\r\n--x--\r\n"), default);
        await rig.SettleAsync();
        var text = Assert.Single(rig.Store.Inbox(1)).Text;
        var encoded = Convert.ToBase64String(Encoding.Latin1.GetBytes(octets));
        var lines = string.Concat(encoded.Chunk(76).Select(line => new string(line) + "\r\n"));
        Assert.EndsWith(head.Replace("BINARY", "8bit", StringComparison.Ordinal).Replace("binary", "base64", StringComparison.Ordinal) + lines + "\r\n--x--\r\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Subject: a\nFrom: boss@here.test\r\n\r\nx")]
    [InlineData("From: ann@far.test\r\n\r\na\nb")]
    [InlineData("From: ann@far.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\rb\r\n--x\r\nContent-Transfer-Encoding: binary\r\n\r\n\n\r\n--x--\r\n")]
    public async Task Outside_the_binary_parts_of_a_binary_message_lines_end_as_everywhere(string text)
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => rig.Acceptance.AcceptAsync(Binary(text), default));
        Assert.Equal((RefusalKind.MessageRefused, "5.6.3"), (refused.Refusal.Kind, refused.Refusal.EnhancedStatus));
        Assert.Equal(0, (await rig.ListAsync()).Total);
    }

    private static IncomingMessage Binary(string text)
    {
        var message = DeliveryRig.Message("ann@far.test", "", DeliveryRig.Inbound, "ann@here.test");
        return message with { Envelope = message.Envelope with { BinaryMime = true }, Content = MessageContent.FromMemory(Encoding.Latin1.GetBytes(text)) };
    }
}
