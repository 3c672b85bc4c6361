using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Net.Local;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Tests.Smtp.Client;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery.Policy;

/// <summary>Who may relay: SMTP authentication with its exceptions, the one list of local networks, the trusted list and inbound relay domains (DEL-040 to DEL-049, DEL-150 to DEL-155, DEL-160, DEL-161; mail-rules 16, 17, 18, 19).</summary>
[Collection(PolicyTests.Name)]
public sealed class RelayControlTests(SharedPolicyBench shared)
{
    private const string Stranger = "198.51.100.7";
    private const string Trusted = "203.0.113.5";

    private static readonly OwnInterface Office = new("eth0", [(IPAddress.Parse("192.168.7.2"), 24), (IPAddress.Parse("198.51.100.2"), 24)]) { Gateways = [IPAddress.Parse("192.168.7.1")] };
    private static readonly OwnInterface Containers = new("docker0", [(IPAddress.Parse("172.17.0.1"), 16)]) { IsBridge = true, IsForContainers = true };

    // mail-rules 18
    [Fact]
    public async Task Local_are_loopback_and_private_networks_of_own_interfaces_but_no_gateway_bridge_or_public_network()
    {
        await using var bench = await PolicyBench.OpenAsync();
        bench.Rig.Interfaces = [Office, Containers];
        var local = new LocalNetworks(bench.Rig.Settings, bench.Rig.Clock, () => bench.Rig.Interfaces);
        Assert.All(new[] { "127.0.0.1", "::1", "192.168.7.40", "::ffff:192.168.7.40" }, address => Assert.True(local.Contains(IPAddress.Parse(address)), address));
        Assert.All(new[] { "192.168.7.1", "172.17.0.1", "172.17.0.9", Stranger, "192.168.8.1", "10.0.0.1" }, address => Assert.False(local.Contains(IPAddress.Parse(address)), address));

        bench.Set(settings => settings with { Network = new() { DetectLocalNetworks = false, LocalNetworks = ["10.1.0.0/16", "172.17.0.0/16", "192.168.9.9"] } });
        Assert.All(new[] { "127.0.0.1", "10.1.2.3", "172.17.0.9", "192.168.9.9" }, address => Assert.True(local.Contains(IPAddress.Parse(address)), address));
        Assert.All(new[] { "192.168.7.40", "172.17.0.1", "192.168.9.8" }, address => Assert.False(local.Contains(IPAddress.Parse(address)), address)); // a bridge's own address is never local
        Assert.Contains((IPAddress.Parse("172.17.0.1"), NeverLocal.Bridge), local.View.Excluded);
    }

    [Theory]
    [InlineData("198.51.100.0/24")]
    [InlineData("0.0.0.0/0")]
    [InlineData("10.0.0.0/7")]
    [InlineData("2001:db8::/32")]
    public async Task A_public_network_cannot_be_made_local(string network)
    {
        var bench = await shared.UseAsync();
        Assert.Contains("LocalNetworkPublic", Assert.Throws<InvalidOperationException>(() => bench.Set(settings => settings with { Network = new() { LocalNetworks = [network] } })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    [InlineData("64.0.0.0/2")]
    public async Task Nobody_can_trust_the_whole_internet(string network)
    {
        var bench = await shared.UseAsync();
        Assert.Contains("NetworkTooWide", Assert.Throws<InvalidOperationException>(() => bench.Set(settings => settings with { RelayControl = new() { TrustedList = [new() { Name = "all", Network = network }] } })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DEL_B12_Authentication_is_asked_for_relaying_only()
    {
        var bench = await shared.UseAsync();
        Assert.Equal(["250 2.1.5 Recipient ok", "554 5.7.1 Relay access denied"], (await bench.SendAsync(Stranger, "x@example.net", "bob@here.test", "y@other.test")).Take(2));
    }

    // mail-rules 17, DEL-041
    [Fact]
    public async Task Without_authentication_port_25_relays_for_the_trusted_list_only_and_587_still_asks()
    {
        var bench = await shared.UseAsync(
            settings => settings with { Smtp = settings.Smtp with { AuthenticationEnabled = false }, RelayControl = new() { TrustedList = [new() { Name = "branch", Network = "203.0.113.0/28" }] } });
        var client = await bench.ConnectAsync(Stranger);
        await client.WriteAsync("EHLO client.example.net\r\nSTARTTLS\r\n");
        Assert.StartsWith("250", await client.ReadAsync());
        Assert.StartsWith("220", await client.ReadAsync());
        var plain = await bench.GreetedAsync(Stranger);
        Assert.StartsWith("502 5.5.1", await plain.SayAsync("AUTH PLAIN AGFsaWNlAHNlY3JldA=="));
        Assert.StartsWith("554 5.7.1", (await bench.SendAsync(Stranger, "x@example.net", "y@other.test"))[0]);
        Assert.StartsWith("250", (await bench.SendAsync(Trusted, "x@example.net", "y@other.test"))[0]);
        var submission = await bench.ConnectAsync(Trusted, SmtpRole.Submission);
        await submission.SignInAsync();
        Assert.StartsWith("250", await submission.SayAsync("MAIL FROM:<ann@here.test>"));
        var stranger = await bench.ConnectAsync(Trusted, SmtpRole.Submission);
        await stranger.SayAsync("EHLO c.test");
        Assert.StartsWith("530 5.7.0", await stranger.SayAsync("MAIL FROM:<ann@here.test>"));
    }

    [Fact]
    public async Task DEL_B13_The_local_network_relays_without_a_password_where_that_is_ticked_sender_check_or_not()
    {
        await using var bench = await PolicyBench.OpenAsync(start: false);
        bench.Rig.Interfaces = [Office, Containers];
        await bench.Rig.ReopenAsync(start: false);
        Assert.StartsWith("554 5.7.1", (await bench.SendAsync("192.168.7.40", "bob@here.test", "y@other.test"))[0]);
        bench.Set(settings => settings with { Smtp = settings.Smtp with { LocalNetworkMayRelay = true } });
        Assert.StartsWith("250", (await bench.SendAsync("192.168.7.40", "bob@here.test", "y@other.test"))[0]);
        Assert.StartsWith("554 5.7.1", (await bench.SendAsync("192.168.7.1", "bob@here.test", "y@other.test"))[0]); // the gateway
        Assert.StartsWith("554 5.7.1", (await bench.SendAsync("172.17.0.1", "bob@here.test", "y@other.test"))[0]); // behind a bridge everybody looks like it
        Assert.StartsWith("554 5.7.1", (await bench.SendAsync(Stranger, "bob@here.test", "y@other.test"))[0]);
    }

    [Fact]
    public async Task DEL_B14_Who_has_signed_in_sends_under_own_addresses_only()
    {
        var bench = await shared.UseAsync();
        var ann = await bench.ConnectAsync(Stranger);
        await ann.SignInAsync();
        Assert.StartsWith("250", await ann.SayAsync("MAIL FROM:<ann.alias@here.test>"));
        await ann.SayAsync("RSET");
        Assert.StartsWith("553 5.7.1", await ann.SayAsync("MAIL FROM:<bob@here.test>"));
        // mail-rules 21: the header, too
        Assert.Contains("5.7.1", (await ann.SendAsync("ann@here.test", "From: bob@here.test\r\n\r\nx\r\n", "bob@here.test"))[1], StringComparison.Ordinal);
        bench.Set(settings => settings with { Smtp = settings.Smtp with { CheckSender = false } });
        Assert.StartsWith("250", (await ann.SendAsync("bob@here.test", "From: bob@here.test\r\n\r\nx\r\n", "bob@here.test"))[1]);
    }

    [Fact]
    public async Task DEL_B15_A_trusted_server_sends_under_addresses_of_this_one_only_where_that_is_ticked()
    {
        var bench = await shared.UseAsync(settings => settings with { RelayControl = new() { TrustedList = [new() { Name = "T", Network = Trusted }] } });
        Assert.StartsWith("553 5.7.1", (await bench.SendAsync(Trusted, "bob@here.test", "y@other.test"))[0]);
        Assert.StartsWith("250", (await bench.SendAsync(Trusted, "x@example.net", "y@other.test"))[0]);
        var client = await bench.GreetedAsync(Trusted);
        Assert.Contains("5.7.1", (await client.SendAsync("x@example.net", "From: ann@here.test\r\n\r\nx\r\n", "y@other.test"))[1], StringComparison.Ordinal);
        bench.Set(settings => settings with { Smtp = settings.Smtp with { TrustedSkipSenderCheck = true } });
        Assert.StartsWith("250", (await bench.SendAsync(Trusted, "bob@here.test", "y@other.test"))[0]);
    }

    // mail-rules 19
    [Fact]
    public async Task Trusted_servers_and_the_local_network_are_not_checked_as_strangers()
    {
        var bench = await shared.UseAsync(
            settings => settings with
            {
                RelayControl = new() { TrustedList = [new() { Name = "T", Network = Trusted }] },
                SmtpPolicy = new() { RejectUnknownClients = true, RejectUnknownHelo = true, RejectUnknownSenderDomains = true, ConnectionsPerMinute = 1, MessagesPerMinute = 1 },
            });
        Assert.StartsWith("550 5.7.25", (await bench.SendAsync(Stranger, "x@nowhere.test", "bob@here.test"))[0]);
        for (var n = 0; n < 3; n++)
        {
            Assert.StartsWith("250", (await bench.SendAsync(Trusted, "x@nowhere.test", "bob@here.test"))[0]);
            Assert.StartsWith("250", (await bench.SendAsync("127.0.0.1", "x@nowhere.test", "bob@here.test"))[0]);
        }
    }

    [Fact]
    public async Task DEL_B26_Mail_for_an_inbound_relay_domain_is_taken_and_passed_on_and_other_domains_are_refused()
    {
        await using var branch = new ScriptedSmtpServer { Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) && !line.Contains("u@branch.test", StringComparison.Ordinal) ? "550 5.1.1 no such user" : null };
        await using var bench = await PolicyBench.OpenAsync(settings => settings with
        {
            RelayControl = new() { InboundDomains = [new() { Name = "branch", Domain = "branch.test", Host = "127.0.0.1", Port = branch.EndPoint.Port }] },
        });
        Assert.Equal(["250", "550", "554", "250"], (await bench.SendAsync(Stranger, "x@example.net", "u@branch.test", "ghost@branch.test", "u@elsewhere.test")).Select(reply => reply[..3]));
        await bench.Rig.SettleAsync();
        Assert.Contains("body", Assert.Single(branch.Messages), StringComparison.Ordinal);
        Assert.Equal(2, branch.Commands.Count(command => command.Contains("MAIL FROM:<>", StringComparison.Ordinal))); // it was asked for both
        await bench.SendAsync(Stranger, "x@example.net", "u@branch.test");
        await bench.Rig.SettleAsync();
        Assert.Equal(2, branch.Commands.Count(command => command.Contains("MAIL FROM:<>", StringComparison.Ordinal))); // and not again
    }

    // mail-rules 16
    [Fact]
    public async Task A_recipient_that_cannot_be_asked_for_is_put_off_and_a_list_of_recipients_asks_nobody()
    {
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound and not listening: connections are refused, and nobody else gets the port
        var port = ((IPEndPoint)closed.LocalEndPoint!).Port;
        var bench = await shared.UseAsync(
            settings => settings with
            {
                RelayControl = new()
                {
                    InboundDomains =
                    [
                        new() { Name = "down", Domain = "down.test", Host = "127.0.0.1", Port = port },
                        new() { Name = "listed", Domain = "listed.test", Host = "127.0.0.1", Port = port, Recipients = ["u@listed.test"] },
                    ],
                },
            });
        Assert.StartsWith("451", (await bench.SendAsync(Stranger, "x@example.net", "u@down.test"))[0]);
        Assert.Equal(["250", "550"], (await bench.SendAsync(Stranger, "x@example.net", "U@Listed.test", "v@listed.test")).Take(2).Select(reply => reply[..3]));
    }

    [Fact]
    public async Task DEL_B27_Mail_never_comes_back_to_this_server()
    {
        await using var mirror = new ScriptedSmtpServer { Answer = line => line.StartsWith("EHLO", StringComparison.Ordinal) ? "250 mail.here.test" : null };
        await using var bench = await PolicyBench.OpenAsync(settings => settings with
        {
            RelayControl = new() { InboundDomains = [new() { Name = "branch", Domain = "branch.test", Host = "127.0.0.1", Port = mirror.EndPoint.Port }] },
        });
        Assert.StartsWith("550 5.4.6", (await bench.SendAsync(Stranger, "x@example.net", "u@branch.test"))[0]);

        // Known already, and then the next server turns out to be this one.
        bench.Set(settings => settings with { RelayControl = new() { InboundDomains = [settings.RelayControl.InboundDomains[0] with { Recipients = ["u@branch.test"] }] } });
        Assert.StartsWith("250", (await bench.SendAsync(Stranger, "ann@here.test", "u@branch.test"))[0]);
        await Eventually.TrueAsync(() => Task.FromResult(bench.Rig.Happened.OfType<MailPlus.Engine.Events.RecipientAttempted>().Any(e => e.Reply.Contains("5.4.6", StringComparison.Ordinal))), () => "the loop is told");
        Assert.Contains("RelayIsThisServer", Assert.Throws<InvalidOperationException>(() => bench.Set(settings => settings with { RelayControl = new() { InboundDomains = [new() { Name = "b", Domain = "b.test", Host = "mail.here.test" }] } })).Message, StringComparison.Ordinal);
    }
}
