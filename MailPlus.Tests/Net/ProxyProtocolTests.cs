using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Net;

/// <summary>Security.TrustedProxies and Security.ProxyListeners turned on a running server: PROXY headers before SMTP, IMAP, POP3 and TLS, and XCLIENT.</summary>
public sealed class ProxyProtocolTests(ProxiedServer proxied) : IClassFixture<ProxiedServer>
{
    private readonly RunningServer _server = proxied.Server;

    [Fact]
    public async Task A_trusted_proxy_says_who_the_client_is()
    {
        using (var smtp = await WireClient.ConnectAsync(_server.Smtp))
        {
            await smtp.SendAsync("PROXY TCP4 198.51.100.22 203.0.113.7 35646 25\r\n");
            Assert.StartsWith("220 ", await smtp.ReadReplyAsync());
            await DeliverAsync(smtp, "by header");
        }

        // A listener that is not named: the proxy speaks XCLIENT, or is a client like any other.
        using (var submission = await WireClient.ConnectAsync(_server.Submission))
        {
            Assert.StartsWith("220 ", await submission.ReadReplyAsync());
            Assert.StartsWith("220 ", await submission.SmtpAsync($"XCLIENT ADDR=198.51.100.23 NAME=client.far.test HELO=far.test LOGIN={_server.Plan.Administrator}"));
            await DeliverAsync(submission, "by command");
        }

        using var imap = await WireClient.ConnectAsync(_server.Imap);
        await imap.SendAsync(ProxyHeaderTests.Binary(0x21, 0x11, Convert.FromHexString("C6336416CB0071078B3E0019")));
        Assert.StartsWith("* OK", await imap.ReadLineAsync());
        // The laboratory is for loopback; who comes from elsewhere signs in under TLS only.
        Assert.Contains("LOGINDISABLED", string.Join(' ', await imap.ImapAsync("CAPABILITY")), StringComparison.Ordinal);

        using var local = await WireClient.ConnectAsync(_server.Imap);
        await local.SendAsync("PROXY UNKNOWN\r\n");
        Assert.StartsWith("* OK", await local.ReadLineAsync());
        await local.ImapOkAsync($"LOGIN {_server.Plan.Administrator} \"{_server.Plan.Password}\"");
        var texts = new List<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                await local.ImapOkAsync("SELECT INBOX");
                texts = [.. (await local.ImapOkAsync("FETCH 1:* BODY[HEADER]")).Where(line => line.Contains("FETCH", StringComparison.Ordinal))];
                return texts.Count(text => text.Contains("Subject: by ", StringComparison.Ordinal)) == 2;
            },
            () => $"two messages in\n{string.Join('\n', texts)}");
        Assert.Contains(texts, text => text.Contains("from client.test ([198.51.100.22])", StringComparison.Ordinal) && text.Contains("by header", StringComparison.Ordinal));
        Assert.Contains(texts, text => text.Contains("from far.test (client.far.test [198.51.100.23])", StringComparison.Ordinal) && text.Contains("by command", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_header_comes_before_TLS()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", _server.Imaps);
        await socket.GetStream().WriteAsync("PROXY TCP6 2001:db8::1 2001:db8::2 40000 993\r\n"u8.ToArray());
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("mail.example.test");
        using var reader = new StreamReader(tls, Encoding.Latin1);
        Assert.StartsWith("* OK", await reader.ReadLineAsync());
    }

    [Theory]
    [InlineData("smtp", "EHLO client.test\r\n")] // a proxy without its header
    [InlineData("pop3", "PROXY TCP4 198.51.100.22 203.0.113.7 70000 25\r\n")]
    [InlineData("pop3", "PROXY TCP4 garbage")]
    public async Task A_proxy_without_a_sound_header_is_left_without_a_word(string listener, string said)
    {
        using var client = await WireClient.ConnectAsync(_server.Port(listener));
        await client.SendAsync(said);
        client.FinishSending();
        Assert.Null(await client.ReadLineAsync());
    }

    [Theory]
    [InlineData("submission")] // not named in ProxyListeners
    [InlineData("pop3s")]
    public async Task A_header_where_none_is_wanted_ends_the_connection(string listener)
    {
        using var client = await WireClient.ConnectAsync(_server.Port(listener));
        await client.SendAsync("PROXY TCP4 198.51.100.22 203.0.113.7 35646 25\r\nNOOP\r\n");
        var lines = await ToEndAsync(client);
        Assert.All(lines, line => Assert.StartsWith("220 ", line));
    }

    [Fact]
    public async Task Nobody_is_trusted_once_the_settings_say_so()
    {
        await _server.VerbAsync(["setting", "set", "Security.TrustedProxies", "[]"]);
        foreach (var listener in (string[])["smtp", "imap", "pop3"])
        {
            using var plain = await WireClient.ConnectAsync(_server.Port(listener));
            Assert.NotNull(await plain.ReadLineAsync()); // greeted without a header
            using var liar = await WireClient.ConnectAsync(_server.Port(listener));
            await liar.SendAsync("PROXY TCP4 198.51.100.22 203.0.113.7 35646 25\r\nNOOP\r\n");
            Assert.InRange((await ToEndAsync(liar)).Count, 0, 1); // the greeting at most
        }

        using var smtp = await WireClient.ConnectAsync(_server.Smtp);
        await smtp.ReadReplyAsync();
        Assert.StartsWith("550 5.7.0", await smtp.SmtpAsync("XCLIENT ADDR=198.51.100.22"));
        var wrong = await _server.TryVerbAsync(["setting", "set", "Security.ProxyListeners", """["smtp", "telnet"]"""]);
        Assert.NotEqual(0, wrong.ExitCode);
        await _server.VerbAsync(["setting", "set", "Security.TrustedProxies", ProxiedServer.Trusted]);
    }

    private async Task DeliverAsync(WireClient smtp, string subject)
    {
        await smtp.SmtpAsync("EHLO client.test");
        var own = _server.Address(_server.Plan.Administrator);
        Assert.StartsWith("250", await smtp.SmtpAsync($"MAIL FROM:<{own}>"));
        Assert.StartsWith("250", await smtp.SmtpAsync($"RCPT TO:<{own}>"));
        Assert.StartsWith("354", await smtp.SmtpAsync("DATA"));
        Assert.StartsWith("250", await smtp.SmtpAsync($"From: {own}\r\nSubject: {subject}\r\n\r\ntext\r\n."));
    }

    private static async Task<List<string>> ToEndAsync(WireClient client)
    {
        var lines = new List<string>();
        try
        {
            while (await client.ReadLineAsync() is { } line)
            {
                lines.Add(line);
            }
        }
        catch (SocketException)
        {
            // closed with our octets unread: the peer sees a reset
        }

        return lines;
    }
}

/// <summary>One server for the tests that only look at it.</summary>
public sealed class ProxiedServer : IAsyncLifetime
{
    public const string Trusted = """["127.0.0.0/8"]""";

    public RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RunningServer.StartAsync(new ServerPlan
    {
        Settings = new Dictionary<string, string>
        {
            ["Security.TrustedProxies"] = Trusted, ["Security.ProxyListeners"] = """["smtp", "imap", "pop3", "imaps"]""", ["MailAuth.ExemptNetworks"] = """["0.0.0.0/0"]""",
        },
    });

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
