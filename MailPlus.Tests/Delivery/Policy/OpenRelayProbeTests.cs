using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery.Policy;

/// <summary>The tricks by which open relays are found, tried on a running server by a client from the outside: none of them gets mail out (DEL-040, DEL-042, mail-rules 17).</summary>
public sealed class OpenRelayProbeTests
{
    // Sender and recipient; $d a hosted domain, $a an additional one, $h the host name, $i the server's address.
    private static readonly (string Sender, string Recipient)[] Tricks =
    [
        ("spam@out.test", "victim@out.test"),
        ("", "victim@out.test"),
        ("spam@$d", "victim@out.test"),
        ("ann@$d", "victim@out.test"),
        ("ann@$a", "victim@out.test"),
        ("postmaster@$d", "victim@out.test"),
        ("spam@$h", "victim@out.test"),
        ("spam@[$i]", "victim@out.test"),
        ("spam", "victim@out.test"),
        ("spam@localhost", "victim@out.test"),
        ("spam@out.test", "victim%out.test@$d"),
        ("spam@out.test", "victim%out.test@$a"),
        ("spam@out.test", "victim%out.test@$h"),
        ("spam@out.test", "victim%out.test@[$i]"),
        ("spam@out.test", "victim%out.test"),
        ("spam@out.test", "out.test!victim"),
        ("spam@out.test", "out.test!victim@$d"),
        ("spam@out.test", "out.test!victim@[$i]"),
        ("spam@out.test", "$d!victim@out.test"),
        ("spam@out.test", "\"victim@out.test\""),
        ("spam@out.test", "\"victim%out.test\""),
        ("spam@out.test", "\"victim@out.test\"@$d"),
        ("spam@out.test", "\"victim@out.test\"@[$i]"),
        ("spam@out.test", "\"victim\"@out.test"),
        ("spam@out.test", "victim@out.test@$d"),
        ("spam@out.test", "victim@out.test@[$i]"),
        ("spam@out.test", "@$d:victim@out.test"),
        ("spam@out.test", "@[$i]:victim@out.test"),
        ("spam@out.test", "@$h,@$d:victim@out.test"),
        ("spam@out.test", "victim@out.test;ann@$d"),
        ("spam@out.test", "victim@out.test,ann@$d"),
        ("spam@out.test", "ann@$d,victim@out.test"),
        ("spam@out.test", "victim@out.test> SIZE=1 <ann@$d"),
        ("spam@out.test", "ann@$d> NOTIFY=NEVER ORCPT=rfc822;x <victim@out.test"),
        ("spam@out.test", "smtp:victim@out.test"),
        ("spam@out.test", "victim@OUT.TEST."),
        ("spam@out.test", "victim@[198.51.100.25]"),
        ("spam@out.test", "victim@$d.out.test"),
        ("spam@out.test", "ann@out.$d"),
        ("spam@out.test", "ann+victim@out.test"),
        ("spam@out.test", "ann=out.test@out.test"),
        ("ann@$d", "SRS0=HHH=TT=out.test=victim@$d"),
    ];

    private static readonly string[] Greetings = ["EHLO probe.out.test", "HELO example.test", "EHLO [127.0.0.1]"];

    [Fact]
    public Task No_trick_gets_mail_out() => ProbeAsync((trick, greeting) => trick % Greetings.Length == greeting);

    [Fact]
    [Trait("Set", "Long")]
    public Task No_trick_gets_mail_out_whatever_the_client_calls_itself() => ProbeAsync((_, _) => true);

    private static async Task ProbeAsync(Func<int, int, bool> isTried)
    {
        using var zone = TestZone.Start();
        zone.Mx("out.test", "mx.out.test").A("mx.out.test", "127.0.0.1");
        await using var server = await RunningServer.StartAsync(new ServerPlan
        {
            Lab = false,
            Accounts = ["ann"],
            Settings = new Dictionary<string, string>
            {
                ["Security.TrustedProxies"] = "127.0.0.1",
                ["Resolver.Servers"] = zone.EndPoint.ToString(),

                // As open as settings can make it: the client is neither local nor trusted, and a white list is no right to relay.
                ["Smtp.LocalNetworkMayRelay"] = "true",
                ["Smtp.CheckSender"] = "false",
                ["RelayControl.TrustedList"] = """[{"name":"branch","network":"203.0.113.0/28"}]""",
                ["RelayControl.InboundDomains"] = """[{"name":"branch","domain":"branch.test","host":"127.0.0.1","recipients":["u@branch.test"]}]""",
                ["Access.WhiteList"] = """[{"name":"c","kind":"Ip","match":"198.51.100.7"},{"name":"s","kind":"Sender","match":"*"},{"name":"r","kind":"Recipient","match":"*"}]""",
            },
        });
        await server.VerbAsync(["domain", "set", "example.test", "--additional", "additional.test"]);

        var open = new List<string>();
        foreach (var authentication in new[] { "true", "false" })
        {
            await server.VerbAsync(["setting", "set", "Smtp.AuthenticationEnabled", authentication]);
            foreach (var (trick, (sender, recipient)) in Tricks.Index())
            {
                foreach (var (_, greeting) in Greetings.Index().Where(one => isTried(trick, one.Index)))
                {
                    using var client = await WireClient.ConnectAsync(server.Smtp);
                    await client.ReadReplyAsync();
                    await client.SmtpAsync("XCLIENT ADDR=198.51.100.7 NAME=mail.example.test");
                    await client.SmtpAsync(greeting);
                    var reply = await client.SmtpAsync($"MAIL FROM:<{Fill(sender)}>");
                    reply = reply!.StartsWith('2') ? await client.SmtpAsync($"RCPT TO:<{Fill(recipient)}>") : reply;
                    if (reply is null || reply.StartsWith('2') || reply.StartsWith('3'))
                    {
                        open.Add($"{greeting}, <{sender}> to <{recipient}>: {reply}");
                    }
                }
            }
        }

        Assert.Empty(open);
        Assert.Equal(0, (await server.JsonAsync("queue", "list")).GetArrayLength());

        // The probe reaches what it should: the same client delivers here, and to the domain this server takes mail for.
        using var good = await WireClient.ConnectAsync(server.Smtp);
        await good.ReadReplyAsync();
        await good.SmtpAsync("XCLIENT ADDR=198.51.100.7");
        await good.SmtpAsync("EHLO probe.out.test");
        await good.SmtpAsync("MAIL FROM:<a@out.test>");
        Assert.StartsWith("250", await good.SmtpAsync("RCPT TO:<ann@example.test>"));
        Assert.StartsWith("250", await good.SmtpAsync("RCPT TO:<u@branch.test>"));

        static string Fill(string text) =>
            text.Replace("$d", "example.test", StringComparison.Ordinal).Replace("$a", "additional.test", StringComparison.Ordinal).Replace("$h", "mail.example.test", StringComparison.Ordinal).Replace("$i", "127.0.0.1", StringComparison.Ordinal);
    }
}
