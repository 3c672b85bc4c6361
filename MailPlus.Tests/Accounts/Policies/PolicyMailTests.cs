using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts.Policies;

/// <summary>A running server whose IMAP and POP3 believe a proxy on loopback who the client is.</summary>
public sealed class PolicedServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RunningServer.StartAsync(new ServerPlan
    {
        Accounts = ["kim", "lee", "park"],
        Settings = new Dictionary<string, string> { ["Security.TrustedProxies"] = """["127.0.0.0/8"]""", ["Security.ProxyListeners"] = """["imaps", "pop3s"]""" },
    });

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

/// <summary>What user policies do to mail and log-ins on the running server, by SMTP, IMAP, POP3, verbs and REST.</summary>
public sealed class PolicyMailTests(PolicedServer policed) : IClassFixture<PolicedServer>
{
    private readonly RunningServer _server = policed.Server;

    // ACC-46, ACC-61, ACC-73, DOM-094, DOM-098, DOM-099
    [Fact]
    public async Task ACC_B7_the_policy_that_stands_higher_wins_though_the_other_names_the_user()
    {
        await _server.VerbAsync(["group", "add", "admins"]);
        await _server.VerbAsync(["group", "join", "admins", _server.Address("kim")]);
        await _server.VerbAsync(["policy", "add", "New", "--users", "kim", "--daily-messages", "100"]);
        await _server.VerbAsync(["policy", "add", "Old", "--groups", "admins", "--daily-messages", "10"]);
        using var smtp = await SubmitterAsync("kim");
        for (var sent = 1; sent <= 10; sent++)
        {
            Assert.StartsWith("250", await SendAsync(smtp, "kim", "out@far.invalid"), StringComparison.Ordinal);
        }

        Assert.StartsWith("450 4.7.1", await SendAsync(smtp, "kim", "out@far.invalid"), StringComparison.Ordinal);
        Assert.StartsWith("250", await SendAsync(smtp, "kim", _server.Address("lee")), StringComparison.Ordinal); // within the house nothing counts
        using (var lee = await SubmitterAsync("lee"))
        {
            Assert.StartsWith("250", await SendAsync(lee, "lee", "out@far.invalid"), StringComparison.Ordinal);
        }

        Assert.Equal((10, 10), (await UsageAsync("kim"), (await _server.JsonAsync("usage", "list")).EnumerateArray().First().GetProperty("mostMessages").GetInt32()));
        await _server.VerbAsync(["usage", "clear", "kim"]);
        Assert.StartsWith("250", await SendAsync(smtp, "kim", "out@far.invalid"), StringComparison.Ordinal);
        Assert.Equal(1, await UsageAsync("kim"));

        await _server.VerbAsync(["policy", "order", "New", "Old"]);
        await _server.VerbAsync(["policy", "set", "New", "--daily-messages", "1"]);
        Assert.StartsWith("450", await SendAsync(smtp, "kim", "out@far.invalid"), StringComparison.Ordinal);

        // ACC_B13: 0 is no limit, whatever the domain says
        await _server.VerbAsync(["domain", "set", _server.Plan.Domain, "--daily-messages", "1"]);
        await _server.VerbAsync(["policy", "set", "New", "--daily-messages", "0"]);
        Assert.StartsWith("250", await SendAsync(smtp, "kim", "out@far.invalid"), StringComparison.Ordinal);
        await _server.VerbAsync(["policy", "set", "New", "--daily-messages", "domain"]);
        Assert.StartsWith("450", await SendAsync(smtp, "kim", "out@far.invalid"), StringComparison.Ordinal);
        await _server.VerbAsync(["domain", "set", _server.Plan.Domain, "--daily-messages", "off"]);
        Assert.StartsWith("250", await SendAsync(smtp, "kim", "out@far.invalid"), StringComparison.Ordinal);
    }

    // ACC-64, mail-rules 23
    [Fact]
    public async Task ACC_B15_the_recipient_outside_is_refused_and_the_one_inside_accepted()
    {
        await _server.VerbAsync(["policy", "add", "Inside", "--users", "park", "--internal-only", "yes"]);
        await _server.VerbAsync(["alias", "add", _server.Address("mixed"), "lee", "out@far.invalid"]);
        using var smtp = await SubmitterAsync("park");
        Assert.StartsWith("250", await smtp.SmtpAsync($"MAIL FROM:<{_server.Address("park")}>"), StringComparison.Ordinal);
        Assert.StartsWith("550 5.7.1", await smtp.SmtpAsync("RCPT TO:<out@far.invalid>"), StringComparison.Ordinal);
        Assert.StartsWith("550 5.7.1", await smtp.SmtpAsync($"RCPT TO:<{_server.Address("mixed")}>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SmtpAsync($"RCPT TO:<{_server.Address("lee")}>"), StringComparison.Ordinal);
        Assert.StartsWith("354", await smtp.SmtpAsync("DATA"), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SmtpAsync($"From: {_server.Address("park")}\r\nSubject: inside\r\n\r\ntext\r\n."), StringComparison.Ordinal);
    }

    // ACC-65 to ACC-68, ACC-74; ACC-B16: the closed port is the service's own (PRO)
    [Fact]
    public async Task ACC_B17_from_outside_the_local_network_a_log_in_is_refused_and_inside_accepted_and_the_web_stays_open()
    {
        await _server.VerbAsync(["policy", "add", "Local", "--users", "lee", "--imap", "local", "--pop3", "local"]);
        Assert.Equal("NO [NOPERM]", (await ImapAsync("8.8.8.8", "lee", _server.Plan.Password))[..11]);
        Assert.Equal("NO [AUTHENTI", (await ImapAsync("8.8.8.8", "lee", "wrong"))[..12]); // a stranger learns nothing
        Assert.Equal("NO [NOPERM]", (await ImapAsync("192.168.1.5", "lee", _server.Plan.Password))[..11]); // private, but not of the one list of local networks (ACC-74)
        await _server.VerbAsync(["setting", "set", "Network.LocalNetworks", "192.168.1.0/24"]);
        Assert.StartsWith("OK", await ImapAsync("192.168.1.5", "lee", _server.Plan.Password), StringComparison.Ordinal);
        Assert.StartsWith("-ERR [AUTH]", await Pop3Async("8.8.8.8", "lee"), StringComparison.Ordinal);
        Assert.StartsWith("+OK", await Pop3Async("192.168.1.5", "lee"), StringComparison.Ordinal);
        Assert.StartsWith("OK", await ImapAsync("8.8.8.8", "park", _server.Plan.Password), StringComparison.Ordinal);

        // ACC_B16: correct credentials, policy No
        await _server.VerbAsync(["policy", "set", "Local", "--imap", "no", "--pop3", "yes"]);
        Assert.Equal("NO [NOPERM]", (await ImapAsync("192.168.1.5", "lee", _server.Plan.Password))[..11]);
        Assert.StartsWith("+OK", await Pop3Async("8.8.8.8", "lee"), StringComparison.Ordinal); // ACC_B8: nothing but IMAP was taken away

        // The web is never restricted by it (ACC-67): log-ins of REST are those of the web.
        using var rest = new RestClient(_server, "lee");
        Assert.Equal(HttpStatusCode.Forbidden, (await rest.GetAsync("policies")).Status);
    }

    // ACC-63, DOM-092
    [Fact]
    public async Task One_attachment_above_the_limit_is_refused_and_two_below_it_are_accepted()
    {
        using var rest = new RestClient(_server, "admin");
        var park = (await rest.GetAsync("accounts?search=park"))["rows"].EnumerateArray().Single().GetProperty("id").GetInt64();
        var body = JsonSerializer.Deserialize<JsonElement>($$"""{"name":"Small","color":"Green","users":[{{park}}],"rules":{"attachmentMegabytes":{"state":"On","value":1} } }""");
        var made = (await rest.SendAsync(HttpMethod.Post, "policies", body)).Must(HttpStatusCode.Created);
        Assert.True(made["rules", "imap"].GetBoolean()); // what is left out is as in the default policy
        using var smtp = await SubmitterAsync("park");
        Assert.StartsWith("250", await SendAsync(smtp, "park", _server.Address("lee"), Attachments(900_000, 900_000)), StringComparison.Ordinal);
        Assert.StartsWith("552 5.3.4", await SendAsync(smtp, "park", _server.Address("lee"), Attachments(1_200_000)), StringComparison.Ordinal);
        (await rest.SendAsync(HttpMethod.Delete, $"policies/{made["id"].GetInt64()}")).Must(HttpStatusCode.NoContent);
        Assert.StartsWith("250", await SendAsync(smtp, "park", _server.Address("lee"), Attachments(1_200_000)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_password_signs_in_to_mail_and_not_to_the_web_until_it_is_revoked()
    {
        await _server.AddAccountAsync("choi");
        var password = (await _server.VerbAsync(["apppassword", "add", "choi", "Phone"])).Output.Trim();
        Assert.StartsWith("OK", await ImapAsync("192.168.1.5", "choi", password), StringComparison.Ordinal);
        using (await SubmitterAsync("choi", password))
        {
        }

        using var rest = new RestClient(_server, "choi", password);
        Assert.Equal(HttpStatusCode.Unauthorized, (await rest.GetAsync("status")).Status);
        var id = (await _server.JsonAsync("apppassword", "list", "choi")).EnumerateArray().Single().GetProperty("id").GetInt64();
        await _server.VerbAsync(["apppassword", "remove", "choi", id.ToString(CultureInfo.InvariantCulture)]);
        Assert.StartsWith("NO [AUTHENTICATIONFAILED]", await ImapAsync("192.168.1.5", "choi", password), StringComparison.Ordinal);
    }

    private static string Attachments(params int[] sizes)
    {
        var text = new StringBuilder("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
        foreach (var size in sizes)
        {
            text.Append("--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n");
            text.Append(Convert.ToBase64String(new byte[size], Base64FormattingOptions.InsertLineBreaks)).Append("\r\n");
        }

        return text.Append("--b--").ToString();
    }

    private async Task<int> UsageAsync(string name) =>
        (await _server.JsonAsync("usage", "list")).EnumerateArray().Single(row => row.GetProperty("account").GetString() == name).GetProperty("messages").GetInt32();

    private async Task<WireClient> SubmitterAsync(string name, string? password = null)
    {
        var client = await WireClient.ConnectAsync(_server.Submission);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.test");
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{name}\0{password ?? _server.Plan.Password}"));
        Assert.StartsWith("235", await client.SmtpAsync($"AUTH PLAIN {plain}"), StringComparison.Ordinal);
        return client;
    }

    private async Task<string> SendAsync(WireClient client, string sender, string recipient, string rest = "\r\ntext")
    {
        await client.SmtpAsync($"MAIL FROM:<{_server.Address(sender)}>");
        Assert.StartsWith("250", await client.SmtpAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
        Assert.StartsWith("354", await client.SmtpAsync("DATA"), StringComparison.Ordinal);
        return await client.SmtpAsync($"From: {_server.Address(sender)}\r\nSubject: policy\r\n{rest}\r\n.") ?? "";
    }

    private async Task<string> ImapAsync(string from, string name, string password)
    {
        await using var client = await ProxiedClient.ConnectAsync(_server.Imaps, from);
        await client.SayAsync($"a LOGIN {name} {password}");
        while (await client.ReadAsync() is { } line)
        {
            if (line.StartsWith("a ", StringComparison.Ordinal))
            {
                return line[2..];
            }
        }

        throw new EndOfStreamException();
    }

    private async Task<string> Pop3Async(string from, string name)
    {
        await using var client = await ProxiedClient.ConnectAsync(_server.Port("pop3s"), from);
        await client.SayAsync($"USER {name}");
        await client.ReadAsync();
        await client.SayAsync($"PASS {_server.Plan.Password}");
        return await client.ReadAsync() ?? throw new EndOfStreamException();
    }
}

/// <summary>A client under TLS behind a proxy that says where it comes from; its greeting is read.</summary>
internal sealed class ProxiedClient : IAsyncDisposable
{
    private readonly TcpClient _tcp = new();
    private SslStream? _tls;
    private StreamReader? _reader;

    public static async Task<ProxiedClient> ConnectAsync(int port, string from)
    {
        var client = new ProxiedClient();
        await client._tcp.ConnectAsync(IPAddress.Loopback, port);
        var stream = client._tcp.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"PROXY TCP4 {from} 127.0.0.1 40000 {port}\r\n")));
        client._tls = new SslStream(stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await client._tls.AuthenticateAsClientAsync("localhost");
        client._reader = new StreamReader(client._tls, Encoding.Latin1);
        await client.ReadAsync();
        return client;
    }

    public async Task SayAsync(string line) => await _tls!.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"));

    public Task<string?> ReadAsync() => _reader!.ReadLineAsync();

    public async ValueTask DisposeAsync()
    {
        _reader?.Dispose();
        if (_tls is not null)
        {
            await _tls.DisposeAsync();
        }

        _tcp.Dispose();
    }
}
