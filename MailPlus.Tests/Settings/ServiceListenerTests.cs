using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Settings;

/// <summary>A server that listens where its settings say, nothing else on.</summary>
public sealed class ListeningServer : IAsyncLifetime
{
    public static readonly string[] All = ["Smtp", "Smtps", "Submission", "Imap", "Imaps", "Pop3", "Pop3s"];

    public RunningServer Server { get; private set; } = null!;

    public RestClient Rest { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Server = await RunningServer.StartAsync(new ServerPlan
        {
            Lab = false,
            FollowsSettings = true,
            Accounts = ["ann"],
            Settings = All.ToDictionary(name => "Service." + name, _ => "off").Append(new("Service.ListenAddresses", "127.0.0.1")).ToDictionary(),
        });
        Rest = new RestClient(Server, Server.Plan.Administrator);
    }

    public async Task DisposeAsync()
    {
        Rest.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>Each behaviour of protocols and listeners, on a running server whose settings a script changes (PRO-001 to PRO-029, PRO-040 to PRO-051).</summary>
public sealed class ServiceListenerTests(ListeningServer listening) : IClassFixture<ListeningServer>
{
    private RunningServer Server => listening.Server;

    private RestClient Rest => listening.Rest;

    [Fact]
    public void PRO_B1_Default_ports_are_those_of_the_guide()
    {
        var service = new ServiceSettings();
        Assert.Equal([25, 465, 587, 143, 993, 110, 995], new[] { service.Smtp, service.Smtps, service.Submission, service.Imap, service.Imaps, service.Pop3, service.Pop3s }.Select(listener => listener.Port));
    }

    [Fact]
    public async Task PRO_B2_SMTP_SSL_says_nothing_in_clear_text_and_greets_inside_TLS()
    {
        var port = FreePort();
        await Rest.SetAsync(("Service.Smtps", $"on:{port}"));
        using (var clear = await ConnectAsync(port))
        {
            await clear.SendAsync("EHLO c.test\r\n"u8.ToArray());
            var octets = new byte[100];
            var count = await ReceiveAsync(clear, octets);
            Assert.DoesNotContain("220", Encoding.Latin1.GetString(octets, 0, count), StringComparison.Ordinal);
            Assert.DoesNotContain("250", Encoding.Latin1.GetString(octets, 0, count), StringComparison.Ordinal);
        }

        await using var tls = await SecureAsync(port, SslProtocols.None);
        Assert.StartsWith("220 ", await ReadLineAsync(tls), StringComparison.Ordinal);

        // PRO_B5: 465 asks for a log-in as 587 does.
        await SayAsync(tls, "EHLO c.test");
        Assert.StartsWith("530 5.7.0", await SayAsync(tls, "MAIL FROM:<ann@example.test>"), StringComparison.Ordinal);
        await Rest.SetAsync(("Service.Smtps", "off"));
    }

    [Fact]
    public async Task PRO_B3_What_is_older_than_TLS_1_2_gets_no_handshake()
    {
        var port = FreePort();
        await Rest.SetAsync(("Service.Smtps", $"on:{port}"));

        // A ClientHello of SSL 3.0 with one cipher suite, and one of TLS 1.1.
        foreach (var minor in new byte[] { 0, 2 })
        {
            using var client = await ConnectAsync(port);
            byte[] hello = [0x03, minor, .. new byte[32], 0, 0, 2, 0x00, 0x2f, 1, 0];
            await client.SendAsync(new byte[] { 0x16, 0x03, minor, 0, (byte)(hello.Length + 4), 1, 0, 0, (byte)hello.Length }.Concat(hello).ToArray());
            var answer = new byte[10];
            var count = await ReceiveAsync(client, answer);
            Assert.True(count == 0 || answer[0] == 0x15, $"an alert or the end, not {answer[0]:x2}"); // never a ServerHello
        }

        await Rest.SetAsync(("Service.Smtps", "off"));
    }

    [Fact]
    public async Task PRO_B4_PRO_B5_Submission_asks_for_STARTTLS_and_then_for_a_log_in_for_local_recipients_too()
    {
        var port = FreePort();
        await Rest.SetAsync(("Service.Submission", $"on:{port}"));
        using var client = await WireClient.ConnectAsync(port);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO c.test");
        Assert.Equal("530 5.7.0 Must issue a STARTTLS command first", await client.SmtpAsync("AUTH PLAIN AGEAYg=="));
        Assert.Equal("530 5.7.0 Must issue a STARTTLS command first", await client.SmtpAsync("MAIL FROM:<ann@example.test>"));

        using var socket = await ConnectAsync(port);
        await using var plain = new NetworkStream(socket);
        await ReadLineAsync(plain);
        await SayAsync(plain, "EHLO c.test");
        Assert.StartsWith("220", await SayAsync(plain, "STARTTLS"), StringComparison.Ordinal);
        await using var tls = new SslStream(plain);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "mail.example.test", RemoteCertificateValidationCallback = (_, _, _, _) => true });
        await SayAsync(tls, "EHLO c.test");
        Assert.StartsWith("530 5.7.0", await SayAsync(tls, "MAIL FROM:<x@example.net>"), StringComparison.Ordinal);
        await Rest.SetAsync(("Service.Submission", "off"));
    }

    [Fact]
    public async Task PRO_B6_PRO_B7_Port_25_takes_clear_text_for_local_recipients_and_offers_STARTTLS()
    {
        var port = FreePort();
        await Rest.SetAsync(("Service.Smtp", $"on:{port}"));
        using var client = await WireClient.ConnectAsync(port);
        await client.ReadReplyAsync();
        await client.SendAsync("EHLO c.test\r\n");
        var offered = new List<string>();
        for (var line = await client.ReadLineAsync(); line is not null; line = await client.ReadLineAsync())
        {
            offered.Add(line);
            if (line[3] == ' ')
            {
                break;
            }
        }

        Assert.Contains("250-STARTTLS", offered);
        await client.SmtpAsync("MAIL FROM:<x@example.net>");
        Assert.StartsWith("250", await client.SmtpAsync("RCPT TO:<ann@example.test>"), StringComparison.Ordinal);
        await client.SmtpAsync("DATA");
        Assert.StartsWith("250", await client.SmtpAsync("Subject: clear\r\n\r\nx\r\n."), StringComparison.Ordinal);
        await Rest.SetAsync(("Service.Smtp", "off"));
    }

    [Fact]
    public async Task PRO_B8_A_service_that_is_unticked_refuses_connections_while_the_others_work()
    {
        var (smtp, smtps, submission) = (FreePort(), FreePort(), FreePort());
        await Rest.SetAsync(("Service.Smtp", $"on:{smtp}"), ("Service.Smtps", $"on:{smtps}"), ("Service.Submission", $"on:{submission}"));
        await MustAnswerAsync("127.0.0.1", smtps);
        await Rest.SetAsync(("Service.Smtps", "off"));
        await MustRefuseAsync("127.0.0.1", smtps);
        await MustAnswerAsync("127.0.0.1", smtp);
        await MustAnswerAsync("127.0.0.1", submission);
        await Rest.SetAsync(("Service.Smtp", "off"), ("Service.Submission", "off"));
    }

    [Fact]
    public async Task PRO_B11_POP3_is_on_and_POP3_SSL_is_off()
    {
        var (pop3, pop3s) = (FreePort(), FreePort());
        await Rest.SetAsync(("Service.Pop3", $"on:{pop3}"), ("Service.Pop3s", $"off:{pop3s}"));
        await MustAnswerAsync("127.0.0.1", pop3);
        await MustRefuseAsync("127.0.0.1", pop3s);
        await Rest.SetAsync(("Service.Pop3", "off"));
    }

    [Fact]
    public async Task PRO_B13_All_listeners_move_to_another_address_and_one_service_can_have_its_own()
    {
        var (smtp, imap) = (FreePort(), FreePort());
        await Rest.SetAsync(("Service.Smtp", $"on:{smtp}"), ("Service.Imap", $"on:{imap}"));
        await MustAnswerAsync("127.0.0.1", smtp);
        await Rest.SetAsync(("Service.ListenAddresses", "127.0.0.2"));
        await MustAnswerAsync("127.0.0.2", smtp);
        await MustAnswerAsync("127.0.0.2", imap);
        await MustRefuseAsync("127.0.0.1", smtp);
        await MustRefuseAsync("127.0.0.1", imap);

        await Rest.SetAsync(("Service.ImapAddresses", "127.0.0.3"));
        await MustAnswerAsync("127.0.0.3", imap);
        await MustRefuseAsync("127.0.0.2", imap);
        await MustAnswerAsync("127.0.0.2", smtp);
        await Rest.SetAsync(("Service.SmtpAddresses", "127.0.0.4"), ("Service.Pop3Addresses", "127.0.0.4"), ("Service.ImapAddresses", ""));
        await MustAnswerAsync("127.0.0.4", smtp);
        await MustAnswerAsync("127.0.0.2", imap);
        await Rest.SetAsync(("Service.ListenAddresses", "127.0.0.1"), ("Service.SmtpAddresses", ""), ("Service.Pop3Addresses", ""), ("Service.Smtp", "off"), ("Service.Imap", "off"));
    }

    [Fact]
    public async Task PRO_B15_A_port_in_use_is_named_and_the_old_listener_keeps_serving()
    {
        var port = FreePort();
        await Rest.SetAsync(("Service.Imap", $"on:{port}"));
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port;
        var answer = await Rest.SendAsync(HttpMethod.Patch, "settings", new Dictionary<string, string> { ["Service.Imap"] = $"on:{taken}" });
        Assert.NotEqual(HttpStatusCode.OK, answer.Status);
        Assert.Contains(taken.ToString(System.Globalization.CultureInfo.InvariantCulture), answer.Body.ToString(), StringComparison.Ordinal);
        await MustAnswerAsync("127.0.0.1", port);
        await Rest.SetAsync(("Service.Imap", "off"));
    }

    [Fact]
    public async Task Rules_are_kept_by_REST_and_by_verbs_alike_and_only_for_who_may()
    {
        Assert.Equal(HttpStatusCode.NoContent, (await Rest.SendAsync(HttpMethod.Post, "rules/black-list", new { name = "spam", kind = "Sender", match = "*@spam.example" })).Status);
        Assert.Contains("*@spam.example", (await Server.VerbAsync(["rule", "list", "black-list"])).Output, StringComparison.Ordinal);
        await Server.VerbAsync(["rule", "set", "black-list", "spam", """{"name":"spam","kind":"Sender","match":"*@spam.example","action":"Discard"}"""]);
        Assert.Contains("Discard", (await Rest.GetAsync("rules/black-list")).Body.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Rest.SendAsync(HttpMethod.Delete, "rules/black-list/ham")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Rest.GetAsync("rules/grey-list")).Status);
        Assert.NotEqual(HttpStatusCode.NoContent, (await Rest.SendAsync(HttpMethod.Post, "rules/black-list", new { name = "spam", kind = "Sender", match = "x@y.test" })).Status);
        await Server.VerbAsync(["rule", "remove", "black-list", "spam"]);
        Assert.Equal("[]", (await Rest.GetAsync("rules/black-list")).Body.ToString());
        using var ann = new RestClient(Server, "ann");
        Assert.Equal(HttpStatusCode.Forbidden, (await ann.GetAsync("rules/black-list")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await ann.SendAsync(HttpMethod.Post, "rules/trusted-list", new { name = "me", network = "203.0.113.1" })).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await ann.SendAsync(HttpMethod.Delete, "rules/trusted-list/me")).Status);
    }

    private static async Task<Socket> ConnectAsync(int port, string address = "127.0.0.1")
    {
        for (var tries = 0; ; tries++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Parse(address), port);
                return socket;
            }
            catch (SocketException) when (tries < 200)
            {
                socket.Dispose(); // settings are applied in the background
                await Task.Delay(50);
            }
        }
    }

    private static async Task<SslStream> SecureAsync(int port, SslProtocols protocols)
    {
        var tls = new SslStream(new NetworkStream(await ConnectAsync(port), ownsSocket: true));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "mail.example.test", EnabledSslProtocols = protocols, RemoteCertificateValidationCallback = (_, _, _, _) => true });
        return tls;
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] octets)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            return await socket.ReceiveAsync(octets, SocketFlags.None, patience.Token);
        }
        catch (SocketException)
        {
            return 0; // reset
        }
    }

    private static async Task<string> SayAsync(Stream stream, string line)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"));
        while (true)
        {
            var reply = await ReadLineAsync(stream);
            if (reply.Length < 4 || reply[3] != '-')
            {
                return reply;
            }
        }
    }

    private static async Task<string> ReadLineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var octet = new byte[1];
        while (await stream.ReadAsync(octet) == 1 && octet[0] != '\n')
        {
            line.Append((char)octet[0]);
        }

        return line.ToString().TrimEnd('\r');
    }

    private static async Task MustAnswerAsync(string address, int port)
    {
        using var socket = await ConnectAsync(port, address);
    }

    private static Task MustRefuseAsync(string address, int port) => Eventually.TrueAsync(
        async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Parse(address), port);
                return false;
            }
            catch (SocketException)
            {
                return true;
            }
        },
        () => $"nothing listens on {address}:{port} any more");

    /// <summary>A port that nobody listens on, outside the range from which clients are given theirs: no connection of another test can take it meanwhile.</summary>
    private static int FreePort()
    {
        for (var tries = 0; ; tries++)
        {
            var port = Random.Shared.Next(10_000, 32_000);
            try
            {
                using var probe = new TcpListener(IPAddress.Any, port);
                probe.Start();
                return port;
            }
            catch (SocketException) when (tries < 100)
            {
                // somebody is there
            }
        }
    }
}
