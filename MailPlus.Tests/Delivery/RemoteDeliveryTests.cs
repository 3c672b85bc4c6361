using MailPlus.Engine.Delivery;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>The way out: which server, what its answers mean, and when it is tried again (RFC 5321 5.1, RFC 7505, mail-rules A16).</summary>
public sealed class RemoteDeliveryTests
{
    private const string Text = "From: bob@here.test\r\nSubject: out\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\n\r\nbody\r\n";

    [Fact]
    public async Task A_message_goes_to_the_first_mail_exchanger_with_our_trace()
    {
        await using var server = new ScriptedSmtpServer();
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx1.far.test"), (20, "mx2.far.test"));
        await SendAsync(rig, "a@far.test", "b@far.test");
        await rig.SettleAsync();
        Assert.Equal(1, server.Connections);
        Assert.Contains("EHLO mail.here.test", server.Commands);
        var sent = Assert.Single(server.Messages);
        Assert.StartsWith("Received: from [127.0.0.1] ([127.0.0.1])\r\n\tby mail.here.test with ESMTPSA id ", sent, StringComparison.Ordinal);
        Assert.EndsWith(Text, sent, StringComparison.Ordinal);
        Assert.DoesNotContain("Return-Path", sent, StringComparison.Ordinal);
        var relayed = rig.Happened.OfType<RecipientAttempted>().ToList();
        Assert.All(relayed, e => Assert.Equal((DeliveryResult.Relayed, $"mx1.far.test[127.0.0.1]:{server.EndPoint.Port}", "250 2.0.0 taken as 42"), (e.Result, e.NextHop, e.Reply)));
        Assert.Equal(2, relayed.Count);
    }

    [Fact]
    public async Task A_4xx_is_tried_again_on_schedule_and_a_5xx_bounces_with_the_reply()
    {
        await using var server = new ScriptedSmtpServer();
        server.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "451 4.7.1 greylisted" : null;
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig, "a@far.test");
        await rig.SettleAsync(left: 1);
        var waiting = (await rig.ListAsync()).Rows[0].Recipients[0];
        Assert.Equal((RecipientState.Deferred, 1, "451 4.7.1 greylisted"), (waiting.State, waiting.Attempts, waiting.LastReply));
        Assert.Equal(Instant.From(rig.Clock.GetUtcNow().AddMinutes(5)), waiting.NextAttempt);

        server.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null;
        rig.Clock.Advance(TimeSpan.FromMinutes(5));
        await rig.SettleAsync();
        var report = Assert.Single(rig.Store.Inbox(2)).Text;
        Assert.Contains("Status: 5.1.1\r\nRemote-MTA: dns; mx.far.test\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unreachable_server_defers_with_a_clear_reason()
    {
        using var closed = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        closed.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var port = ((System.Net.IPEndPoint)closed.LocalEndPoint!).Port;
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RemotePort = port } });
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig, "a@far.test");
        await rig.SettleAsync(left: 1);
        Assert.Equal($"connect to mx.far.test[127.0.0.1]:{port}: connection refused", (await rig.ListAsync()).Rows[0].Recipients[0].LastReply);
    }

    [Fact]
    public async Task The_next_exchanger_is_tried_when_one_refuses_the_session()
    {
        await using var server = new ScriptedSmtpServer();
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "dead.far.test"), (20, "mx.far.test"));
        rig.Resolver.Addresses["dead.far.test"] = new(DnsStatus.Found, [System.Net.IPAddress.Parse("127.0.0.2"), System.Net.IPAddress.Parse("127.0.0.3")]);
        await SendAsync(rig, "a@far.test");
        await rig.SettleAsync();
        Assert.Single(server.Messages);
    }

    // mail-rules 16
    [Fact]
    public async Task Domains_that_take_no_mail_bounce_at_once()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Resolver.With("null.test", (0, "."));
        rig.Resolver.With("self.test", (5, "backup.self.test"), (10, "mail.here.test"));
        rig.Resolver.With("loop.test", (10, "mail.here.test"), (20, "other.loop.test"));
        rig.Resolver.Addresses["backup.self.test"] = new(DnsStatus.NoSuchName, []);
        await SendAsync(rig, "a@null.test", "a@nowhere.test", "a@self.test", "a@loop.test");
        await rig.SettleAsync();
        var codes = rig.Happened.OfType<RecipientAttempted>().Where(e => e.Result == DeliveryResult.Failed).ToDictionary(e => e.Recipient, e => e.Reply);
        Assert.Contains("5.1.10", codes["a@null.test"], StringComparison.Ordinal);
        Assert.StartsWith("5.1.2 ", codes["a@nowhere.test"], StringComparison.Ordinal);
        Assert.StartsWith("5.4.4 ", codes["a@self.test"], StringComparison.Ordinal);
        Assert.StartsWith("5.4.6 ", codes["a@loop.test"], StringComparison.Ordinal);
        Assert.Single(rig.Store.Inbox(2));
    }

    [Fact]
    public async Task A_domain_without_MX_is_its_own_exchanger()
    {
        await using var server = new ScriptedSmtpServer();
        await using var rig = await OpenAsync(server);
        rig.Resolver.Mx["host.test"] = new(DnsStatus.NoData, []);
        rig.Resolver.Addresses["host.test"] = new(DnsStatus.Found, [System.Net.IPAddress.Loopback]);
        await SendAsync(rig, "a@host.test");
        await rig.SettleAsync();
        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task Dns_trouble_and_a_server_that_says_our_own_name_are_told_apart()
    {
        await using var server = new ScriptedSmtpServer { Answer = line => line.StartsWith("EHLO", StringComparison.Ordinal) ? "250 mail.here.test" : null };
        await using var rig = await OpenAsync(server);
        rig.Resolver.Mx["trouble.test"] = new(DnsStatus.TemporaryFailure, []) { Detail = "SERVFAIL" };
        rig.Resolver.With("us.test", (10, "alias.us.test"));
        await SendAsync(rig, "a@trouble.test", "a@us.test");
        await rig.SettleAsync(left: 1);
        Assert.Equal("DNS look-up of MX for trouble.test failed: SERVFAIL", (await rig.ListAsync()).Rows[0].Recipients[0].LastReply);
        Assert.Contains("5.4.6", Assert.Single(rig.Store.Inbox(2)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broken_tls_at_an_exchanger_is_left_out_the_second_time()
    {
        await using var server = new ScriptedSmtpServer { Extensions = ["STARTTLS"], Answer = line => line == "STARTTLS" ? "220 go\r\nnot tls at all" : null };
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig, "a@far.test");
        await rig.SettleAsync();
        Assert.Single(server.Messages);
        Assert.Equal(2, server.Connections);
    }

    // mail-rules 20
    [Fact]
    public async Task The_relay_host_takes_everything_and_gets_no_password_without_tls()
    {
        await using var server = new ScriptedSmtpServer();
        await using var rig = await DeliveryRig.OpenAsync();
        var relay = new DeliverySettings { RelayHost = "127.0.0.1", RelayPort = server.EndPoint.Port };
        rig.Settings.Set(rig.Settings.Current with { Delivery = relay });
        await SendAsync(rig, "a@far.test", "b@other.test");
        await rig.SettleAsync();
        Assert.Equal(2, server.Messages.Count);

        rig.Settings.Set(rig.Settings.Current with { Delivery = relay with { RelayUser = "u", RelayPassword = "p", RelaySecurity = RelaySecurity.None } });
        await SendAsync(rig, "a@far.test");
        await rig.SettleAsync(left: 1);
        Assert.Contains("only under TLS", (await rig.ListAsync()).Rows[0].Recipients[0].LastReply, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_messages_to_one_destination_share_few_connections()
    {
        await using var server = new ScriptedSmtpServer();
        await using var rig = await OpenAsync(server, delivery => delivery with { MaximumConnectionsPerDestination = 2 }, start: false);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await Task.WhenAll(Enumerable.Range(0, 60).Select(n => SendAsync(rig, $"u{n}@far.test")));
        await rig.Queue.StartAsync(default);
        await rig.SettleAsync();
        Assert.Equal(60, server.Messages.Count);
        Assert.InRange(server.Connections, 1, 40);
    }

    [Fact]
    public async Task Connections_in_all_are_bounded_by_the_setting()
    {
        var gate = new Lock();
        var (open, most) = (0, 0);
        await using var server = new ScriptedSmtpServer();
        server.Answer = line =>
        {
            lock (gate)
            {
                open += line.StartsWith("MAIL", StringComparison.Ordinal) ? 1 : line == "." ? -1 : 0;
                most = Math.Max(most, open);
            }

            return null;
        };
        await using var rig = await OpenAsync(server, delivery => delivery with { MaximumConnections = 1 });
        foreach (var n in Enumerable.Range(0, 12))
        {
            rig.Resolver.With($"far{n}.test", (10, $"mx{n}.far.test"));
        }

        await Task.WhenAll(Enumerable.Range(0, 12).Select(n => SendAsync(rig, $"u@far{n}.test")));
        await rig.SettleAsync();
        Assert.Equal(12, server.Messages.Count);
        Assert.Equal(1, most);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_relay_host_must_prove_who_it_is_unless_the_setting_waives_it(bool verify)
    {
        using var selfSigned = ScriptedSmtpServer.MakeCertificate("localhost");
        await using var server = new ScriptedSmtpServer { Extensions = ["STARTTLS"], Certificate = selfSigned };
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Settings.Set(rig.Settings.Current with { Delivery = new DeliverySettings { RelayHost = "127.0.0.1", RelayPort = server.EndPoint.Port, RelayVerifyCertificate = verify } });
        await SendAsync(rig, "a@far.test");
        await rig.SettleAsync(left: verify ? 1 : 0);
        Assert.Equal(verify ? 0 : 1, server.Messages.Count);
    }

    [Fact]
    public async Task Recipients_beyond_what_a_transaction_takes_go_in_the_next_one()
    {
        var inTransaction = 0;
        await using var server = new ScriptedSmtpServer();
        server.Extensions = [];
        server.Answer = line =>
        {
            inTransaction = line.StartsWith("MAIL", StringComparison.Ordinal) ? 0 : inTransaction;
            return line.StartsWith("RCPT", StringComparison.Ordinal) && ++inTransaction > 3 ? "452 4.5.3 too many recipients" : null;
        };
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig, [.. Enumerable.Range(0, 8).Select(n => $"u{n}@far.test")]);
        await rig.SettleAsync();
        Assert.Equal(3, server.Messages.Count);
        Assert.Equal(8, rig.Happened.OfType<RecipientAttempted>().Count(e => e.Result == DeliveryResult.Relayed));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Success_is_reported_by_whoever_can(bool nextServerReports, int reports)
    {
        await using var server = new ScriptedSmtpServer { Extensions = nextServerReports ? ["DSN"] : [] };
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        var envelope = new Envelope(EmailAddress.Parse("bob@here.test"), [new Recipient(EmailAddress.Parse("a@far.test"), DsnNotify.Success)]);
        await rig.Acceptance.AcceptAsync(DeliveryRig.Message("bob@here.test", Text, DeliveryRig.Submission(2), "a@far.test") with { Envelope = envelope }, default);
        await rig.SettleAsync();
        Assert.Equal(reports, rig.Store.Inbox(2).Count);
        Assert.All(rig.Store.Inbox(2), m => Assert.Contains("Action: relayed", m.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_entry_removed_while_it_is_under_way_tells_nobody_anything()
    {
        await using var server = new ScriptedSmtpServer();
        var asked = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        server.Extensions = [];
        server.Answer = line =>
        {
            if (line.StartsWith("RCPT", StringComparison.Ordinal))
            {
                asked.TrySetResult();
                Assert.True(go.Task.IsCompleted || SpinWait.SpinUntil(() => go.Task.IsCompleted, TimeSpan.FromMinutes(2)));
                return "550 5.1.1 no";
            }

            return null;
        };
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        var receipt = await SendAsync(rig, "a@far.test");
        await asked.Task.WaitAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(1, await rig.Operations.RemoveAsync(Actor.Operator, [receipt.Entry], default));
        go.SetResult();
        await rig.SettleAsync();
        Assert.Empty(rig.Store.Inbox(2));
    }

    // mail-rules 16
    [Fact]
    public void Exchangers_come_by_preference_equal_ones_shuffled_and_never_ourselves()
    {
        MailExchanger[] records = [new(20, "c"), new(10, "a"), new(10, "b"), new(30, "mail.here.test"), new(40, "d")];
        var orders = Enumerable.Range(0, 200).Select(_ => string.Join(' ', RouteLookup.Order(records, "mail.here.test"))).ToHashSet();
        Assert.Equal(["a b c", "b a c"], orders.Order());
        Assert.Empty(RouteLookup.Order([new(10, "MAIL.here.test"), new(10, "x"), new(20, "y")], "mail.here.test"));
    }

    [Fact]
    public async Task An_address_family_that_does_not_answer_is_followed_by_the_other()
    {
        await using var server = new ScriptedSmtpServer();
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        rig.Resolver.Addresses["mx.far.test"] = new(DnsStatus.Found, [System.Net.IPAddress.IPv6Loopback, System.Net.IPAddress.Loopback]);
        await SendAsync(rig, "a@far.test");
        await rig.SettleAsync();
        Assert.Single(server.Messages);
        Assert.Equal(
            ["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3"],
            RouteLookup.Interleave([.. new[] { "192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1" }.Select(System.Net.IPAddress.Parse)]).Select(a => a.ToString()));
    }

    [Fact]
    public async Task A_server_that_says_its_limits_is_held_to_them()
    {
        await using var server = new ScriptedSmtpServer { Extensions = ["PIPELINING", "LIMITS MAILMAX=2 RCPTMAX=3 OTHER=x"] };
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig, [.. Enumerable.Range(0, 8).Select(n => $"u{n}@far.test")]);
        await rig.SettleAsync();
        Assert.Equal(3, server.Messages.Count);
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task A_421_in_the_middle_is_tried_again_later_and_what_was_answered_before_stands()
    {
        await using var server = new ScriptedSmtpServer { Extensions = [] };
        server.Answer = line => line.Contains("b@far.test", StringComparison.Ordinal) ? "550 5.1.1 no" : line.Contains("c@far.test", StringComparison.Ordinal) ? "421 4.3.2 going down" : null;
        await using var rig = await OpenAsync(server);
        rig.Resolver.With("far.test", (10, "mx.far.test"));
        await SendAsync(rig, "a@far.test", "b@far.test", "c@far.test", "d@far.test");
        await rig.SettleAsync(left: 1);
        var waiting = (await rig.ListAsync()).Rows[0].Recipients;
        Assert.Equal(["a@far.test", "c@far.test", "d@far.test"], waiting.Select(r => r.Address));
        Assert.All(waiting, r => Assert.Contains("421 4.3.2 going down", r.LastReply, StringComparison.Ordinal));
        Assert.Contains("Final-Recipient: rfc822; b@far.test", Assert.Single(rig.Store.Inbox(2)).Text, StringComparison.Ordinal);

        server.Answer = _ => null;
        rig.Clock.Advance(TimeSpan.FromMinutes(5));
        await rig.SettleAsync();
        Assert.Single(server.Messages);
    }

    [Fact]
    public void Connections_grow_while_messages_are_taken_and_halve_when_turned_away()
    {
        var pace = new DestinationPace();
        Assert.Equal((5, 2), (pace.Connections(20), pace.Connections(2)));
        for (var i = 0; i < 1000; i++)
        {
            pace.Taken(20);
        }

        Assert.Equal(20, pace.Connections(100));
        Assert.True(pace.IsFresh);
        pace.TurnedAway();
        pace.TurnedAway();
        pace.TurnedAway();
        Assert.Equal(2, pace.Connections(100));
        Assert.False(pace.IsFresh);
        pace.TurnedAway();
        pace.TurnedAway();
        Assert.Equal(1, pace.Connections(100));
    }

    private static async Task<DeliveryRig> OpenAsync(ScriptedSmtpServer server, Func<DeliverySettings, DeliverySettings>? change = null, bool start = true)
    {
        var rig = await DeliveryRig.OpenAsync(start);
        var delivery = new DeliverySettings { RemotePort = server.EndPoint.Port };
        rig.Settings.Set(rig.Settings.Current with { Delivery = change?.Invoke(delivery) ?? delivery });
        return rig;
    }

    private static Task<AcceptanceReceipt> SendAsync(DeliveryRig rig, params string[] recipients) => rig.SendAsync("bob@here.test", Text, DeliveryRig.Submission(2), recipients);
}
