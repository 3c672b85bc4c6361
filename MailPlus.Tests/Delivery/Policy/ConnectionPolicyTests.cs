using System.Net;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery.Policy;

/// <summary>Sender policy, connection policy and the advanced checks (DEL-090 to DEL-092, DEL-100 to DEL-104, DEL-110 to DEL-115; mail-rules 14, 19).</summary>
[Collection(PolicyTests.Name)]
public sealed class ConnectionPolicyTests(SharedPolicyBench shared)
{
    private const string A = "198.51.100.7";
    private const string B = "203.0.113.9";

    // DEL-091
    [Fact]
    public async Task A_sender_without_a_full_domain_name_is_rejected()
    {
        var bench = await OpenAsync(new());
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@localhost", "bob@here.test"))[0]);
        bench.Set(settings => settings with { SmtpPolicy = new() { RejectIncompleteSenders = true } });
        Assert.StartsWith("550 5.1.8", (await bench.SendAsync(A, "x@localhost", "bob@here.test"))[0]);
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
        Assert.StartsWith("250", (await bench.SendAsync(A, "", "bob@here.test"))[0]);
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@localhost", "postmaster@here.test"))[0]); // mail-rules 15
    }

    [Fact]
    public async Task DEL_B17_Senders_of_unknown_domains_are_rejected_own_ones_never_and_trouble_with_DNS_is_only_put_off()
    {
        var bench = await OpenAsync(new() { RejectUnknownSenderDomains = true });
        var dns = bench.Rig.Resolver.With("mx.test", (10, "m.mx.test")).With("null.test", (0, "."));
        dns.Mx["a.test"] = new DnsAnswer<MailExchanger>(DnsStatus.NoData, []);
        dns.Addresses["a.test"] = new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Loopback]);
        dns.Mx["trouble.test"] = new DnsAnswer<MailExchanger>(DnsStatus.TemporaryFailure, []);
        dns.Mx["broken.test"] = new DnsAnswer<MailExchanger>(DnsStatus.Found, [new MailExchanger(10, "not a host")]);
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@mx.test", "bob@here.test"))[0]);
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@a.test", "bob@here.test"))[0]);
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@here.test", "bob@here.test"))[0]); // hosted here, and not in DNS
        Assert.StartsWith("550 5.1.8", (await bench.SendAsync(A, "x@nowhere.test", "bob@here.test"))[0]);
        Assert.StartsWith("550 5.1.8", (await bench.SendAsync(A, "x@broken.test", "bob@here.test"))[0]);
        Assert.StartsWith("550 5.7.27", (await bench.SendAsync(A, "x@null.test", "bob@here.test"))[0]); // mail-rules 16
        Assert.StartsWith("450 4.1.8", (await bench.SendAsync(A, "x@trouble.test", "bob@here.test"))[0]);
    }

    // DEL-101
    [Fact]
    public async Task A_client_whose_name_does_not_lead_back_to_it_is_rejected()
    {
        var bench = await OpenAsync(new() { RejectUnknownClients = true });
        var dns = bench.Rig.Resolver;
        Assert.StartsWith("550 5.7.25", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]); // no name
        dns.Pointers[IPAddress.Parse(A)] = new DnsAnswer<string>(DnsStatus.Found, ["host.example.net"]);
        Assert.StartsWith("550 5.7.25", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]); // a name without address
        dns.Addresses["host.example.net"] = new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Parse(B)]);
        Assert.StartsWith("550 5.7.25", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]); // another address
        dns.Addresses["host.example.net"] = new DnsAnswer<IPAddress>(DnsStatus.TemporaryFailure, []);
        Assert.StartsWith("450 4.7.25", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
        dns.Addresses["host.example.net"] = new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Parse(B), IPAddress.Parse(A)]);
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
        dns.Pointers[IPAddress.Parse(A)] = new DnsAnswer<string>(DnsStatus.TemporaryFailure, []);
        Assert.StartsWith("450 4.7.25", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
    }

    [Fact]
    public async Task DEL_B20_One_address_has_so_many_connections_at_once()
    {
        var bench = await OpenAsync(new() { ConnectionsPerAddress = 3 });
        var open = new List<PolicyClient>();
        for (var n = 0; n < 3; n++)
        {
            open.Add(await bench.ConnectAsync(A));
            Assert.StartsWith("220", open[n].Greeting);
        }

        Assert.StartsWith("421 4.7.0", (await bench.ConnectAsync(A)).Greeting);
        Assert.StartsWith("220", (await bench.ConnectAsync(B)).Greeting);
        await open[0].QuitAsync();
        await open[1].QuitAsync();
        Assert.StartsWith("220", (await bench.ConnectAsync(A)).Greeting);
    }

    [Fact]
    public async Task DEL_B18_One_address_opens_so_many_connections_a_minute()
    {
        var bench = await OpenAsync(new() { ConnectionsPerMinute = 10 });
        for (var n = 0; n < 10; n++)
        {
            Assert.StartsWith("220", (await bench.ConnectAsync(A)).Greeting);
        }

        Assert.StartsWith("421 4.7.0", (await bench.ConnectAsync(A)).Greeting);
        bench.Rig.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.StartsWith("421 4.7.0", (await bench.ConnectAsync(A)).Greeting);
        bench.Rig.Clock.Advance(TimeSpan.FromSeconds(1)); // the next minute
        Assert.StartsWith("220", (await bench.ConnectAsync(A)).Greeting);
    }

    [Fact]
    public async Task DEL_B19_One_address_sends_so_many_messages_a_minute_and_others_are_not_touched()
    {
        var bench = await OpenAsync(new() { MessagesPerMinute = 5 });
        for (var n = 0; n < 5; n++)
        {
            Assert.StartsWith("250", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
        }

        Assert.StartsWith("450 4.7.1", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
        Assert.StartsWith("250", (await bench.SendAsync(B, "x@example.net", "bob@here.test"))[0]);
        var ann = await bench.ConnectAsync(A);
        await ann.SignInAsync();
        Assert.StartsWith("250", await ann.SayAsync("MAIL FROM:<ann@here.test>")); // mail-rules 14: who has signed in is not counted
        bench.Set(settings => settings with { Access = new() { WhiteList = [new() { Name = "A", Kind = AccessKind.Ip, Match = A }] } });
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
        bench.Set(settings => settings with { Access = new() });
        bench.Rig.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
    }

    [Fact]
    public async Task DEL_B21_Who_tries_nonexistent_accounts_is_put_off_until_midnight()
    {
        await using var bench = await PolicyBench.OpenAsync(settings => settings with { SmtpPolicy = new() { UnknownRecipientsPerDay = 5 } }, start: false);
        bench.Rig.Clock.SetLocalTimeZone(TimeZoneInfo.CreateCustomTimeZone("KST", TimeSpan.FromHours(9), "KST", "KST")); // 19:00 there
        var client = await bench.GreetedAsync(A);
        await client.SayAsync("MAIL FROM:<x@example.net>");
        for (var n = 0; n < 6; n++)
        {
            Assert.StartsWith("550 5.1.1", await client.SayAsync($"RCPT TO:<ghost{n}@here.test>"));
        }

        Assert.StartsWith("450 4.7.1", await client.SayAsync("RCPT TO:<bob@here.test>"));
        Assert.StartsWith("421 4.7.0", (await bench.ConnectAsync(A)).Greeting);
        Assert.StartsWith("250", (await bench.SendAsync(B, "x@example.net", "bob@here.test"))[0]);
        bench.Rig.Clock.Advance(TimeSpan.FromMinutes(299));
        Assert.StartsWith("421 4.7.0", (await bench.ConnectAsync(A)).Greeting);
        bench.Rig.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.StartsWith("250", (await bench.SendAsync(A, "x@example.net", "bob@here.test"))[0]);
    }

    [Fact]
    public async Task DEL_B22_What_the_catch_all_takes_is_no_nonexistent_account()
    {
        var bench = await OpenAsync(new() { UnknownRecipientsPerDay = 1 });
        for (var n = 0; n < 5; n++)
        {
            bench.Rig.Addresses.Table[$"ghost{n}@here.test"] = new AddressResolution(AddressKind.Account, new AccountId(1));
            Assert.StartsWith("250", (await bench.SendAsync(A, "x@example.net", $"ghost{n}@here.test"))[0]);
        }
    }

    // DEL-111
    [Fact]
    public async Task A_client_that_sends_on_where_it_must_wait_is_turned_away()
    {
        var bench = await OpenAsync(new() { RejectUnauthorizedPipelining = true });
        var allowed = await bench.GreetedAsync(A);
        await allowed.WriteAsync("MAIL FROM:<x@example.net>\r\nRCPT TO:<bob@here.test>\r\nDATA\r\n");
        Assert.StartsWith("250", await allowed.ReadAsync());
        Assert.StartsWith("250", await allowed.ReadAsync());
        Assert.StartsWith("354", await allowed.ReadAsync());
        Assert.StartsWith("250", await allowed.SayAsync("Subject: s\r\n\r\nx\r\n."));

        var ahead = await bench.GreetedAsync(A);
        await ahead.WriteAsync("MAIL FROM:<x@example.net>\r\nRCPT TO:<bob@here.test>\r\nDATA\r\nSubject: s\r\n\r\nx\r\n.\r\n");
        Assert.StartsWith("250", await ahead.ReadAsync());
        Assert.StartsWith("250", await ahead.ReadAsync());
        Assert.StartsWith("503 5.5.0", await ahead.ReadAsync());
        Assert.Equal("", await ahead.ReadAsync());

        var old = await bench.ConnectAsync(A);
        await old.SayAsync("HELO client.example.net");
        await old.WriteAsync("MAIL FROM:<x@example.net>\r\nRCPT TO:<bob@here.test>\r\n");
        Assert.StartsWith("503 5.5.0", await old.ReadAsync()); // it was never told that it may
    }

    // DEL-112, DEL-113, mail-rules 19
    [Theory]
    [InlineData("host.example.net", "250", "250")]
    [InlineData("[198.51.100.7]", "250", "250")]
    [InlineData("[IPv6:2001:db8::1]", "250", "250")]
    [InlineData("nowhere.example.net", "250", "550")]
    [InlineData("localhost", "550", "550")]
    [InlineData("198.51.100.7", "550", "550")]
    [InlineData("trouble.example.net", "250", "450")]
    public async Task The_name_in_HELO_is_complete_and_known_where_that_is_asked(string helo, string complete, string known)
    {
        var bench = await OpenAsync(new() { RejectIncompleteHelo = true });
        bench.Rig.Resolver.Addresses["host.example.net"] = new DnsAnswer<IPAddress>(DnsStatus.Found, [IPAddress.Parse(A)]);
        bench.Rig.Resolver.Addresses["trouble.example.net"] = new DnsAnswer<IPAddress>(DnsStatus.TemporaryFailure, []);
        Assert.StartsWith(complete, await RcptAsync());
        bench.Set(settings => settings with { SmtpPolicy = new() { RejectUnknownHelo = true } });
        Assert.StartsWith(known, await RcptAsync());

        async Task<string> RcptAsync()
        {
            var client = await bench.GreetedAsync(A, helo);
            await client.SayAsync("MAIL FROM:<x@example.net>");
            return await client.SayAsync("RCPT TO:<bob@here.test>");
        }
    }

    [Fact]
    public async Task DEL_B23_Junk_commands_over_the_limit_make_replies_late()
    {
        var bench = await OpenAsync(new() { JunkCommandsPerSession = 20 });
        var client = await bench.GreetedAsync(A);
        for (var n = 1; n < 30; n++)
        {
            Assert.StartsWith("250", await client.SayAsync(n % 2 == 0 ? "NOOP" : "RSET"));
        }

        Assert.Equal(TimeSpan.FromSeconds(1), await DelayAsync(client)); // the 30th
        for (var n = 31; n < 40; n++)
        {
            await DelayAsync(client);
        }

        Assert.Equal(TimeSpan.FromSeconds(2), await DelayAsync(client)); // the 40th
        var fresh = await bench.GreetedAsync(A);
        Assert.StartsWith("250", await fresh.SayAsync("NOOP"));

        async Task<TimeSpan> DelayAsync(PolicyClient late)
        {
            bench.Clock.Waits.Clear();
            var answered = late.SayAsync("NOOP");
            await Eventually.TrueAsync(() => Task.FromResult(bench.Clock.Waits.Any(IsDelay)), () => "the reply is held back");
            var waited = bench.Clock.Waits.Single(IsDelay);
            Assert.False(answered.IsCompleted);
            bench.Rig.Clock.Advance(waited);
            Assert.StartsWith("250", await answered);
            return waited;
        }

        static bool IsDelay(TimeSpan wait) => wait > TimeSpan.Zero && wait <= TimeSpan.FromSeconds(10); // deadlines are longer
    }

    // DEL-012 to DEL-014
    [Fact]
    public async Task DEL_B16_Recipients_size_and_hops_have_limits_in_and_out()
    {
        var bench = await shared.UseAsync(settings => settings with { Smtp = settings.Smtp with { MaximumRecipients = 100, MaximumMessageSize = 65536, MaximumHops = 10, CheckSender = false } });
        for (var n = 0; n < 101; n++)
        {
            bench.Rig.Addresses.Table[$"u{n}@here.test"] = new AddressResolution(AddressKind.Account, new AccountId(2));
        }

        var inbound = await bench.GreetedAsync(A);
        var outbound = await bench.ConnectAsync(A);
        await outbound.SignInAsync();
        foreach (var client in new[] { inbound, outbound })
        {
            await client.SayAsync("MAIL FROM:<ann@here.test>");
            for (var n = 0; n < 100; n++)
            {
                await client.SayAsync($"RCPT TO:<u{n}@here.test>");
            }

            Assert.StartsWith("452 4.5.3", await client.SayAsync("RCPT TO:<u100@here.test>")); // mail-rules 14
            await client.SayAsync("RSET");
            Assert.StartsWith("552 5.3.4", await client.SayAsync("MAIL FROM:<ann@here.test> SIZE=65537"));
            Assert.StartsWith("552 5.3.4", (await client.SendAsync("ann@here.test", "From: ann@here.test\r\n\r\n" + string.Concat(Enumerable.Repeat(new string('x', 70) + "\r\n", 1000)), "bob@here.test"))[1]);
            var hops = string.Concat(Enumerable.Range(0, 11).Select(n => $"Received: from a{n} by b{n}; Tue, 24 Nov 2026 10:00:00 +0000\r\n"));
            Assert.StartsWith("554 5.4.6", (await client.SendAsync("ann@here.test", hops + "From: ann@here.test\r\n\r\nx\r\n", "bob@here.test"))[1]);
        }
    }

    // DEL-010, DEL-011
    [Fact]
    public async Task The_banner_says_the_host_name_and_what_the_settings_say()
    {
        var bench = await shared.UseAsync(settings => settings with { Smtp = settings.Smtp with { Banner = "ESMTP no spam please" } });
        Assert.Equal("220 mail.here.test ESMTP no spam please", (await bench.ConnectAsync(A)).Greeting);
        bench.Set(settings => settings with { Smtp = settings.Smtp with { Banner = "" } });
        Assert.Equal("220 mail.here.test", (await bench.ConnectAsync(A)).Greeting);
        Assert.Throws<InvalidOperationException>(() => bench.Set(settings => settings with { Smtp = settings.Smtp with { Banner = "한글" } }));
    }

    private Task<PolicyBench> OpenAsync(SmtpPolicySettings policy) => shared.UseAsync(settings => settings with { SmtpPolicy = policy });
}
