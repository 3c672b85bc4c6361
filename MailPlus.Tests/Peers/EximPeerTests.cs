using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>A running server and an Exim that find each other by an unbound, which says different things about the domains of both.</summary>
public sealed class EximWay : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();

    public RunningServer Server { get; private set; } = null!;

    internal EximPeer Exim { get; private set; } = null!;

    internal UnboundPeer Unbound { get; private set; } = null!;

    public bool CanRun { get; } = File.Exists(EximPeer.Program) && Environment.UserName == "root" && UnboundPeer.IsInstalled && ChildProcess.Find("chroot") is not null;

    public async Task InitializeAsync()
    {
        if (!CanRun)
        {
            return;
        }

        Server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        foreach (var domain in new[] { "open", "forged" })
        {
            await Server.VerbAsync(["domain", "add", $"{domain}.test"]);
            await Server.VerbAsync(["account", "add", $"kim@{domain}.test", "--name", domain, "--password-stdin"], Server.Plan.Password + "\n");
        }

        using var own = await PeerTools.CertificateOfAsync(Server);
        var certificate = _authority.Issue("mx.exim.test");
        var pem = string.Concat(certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), "\n", certificate.ExportCertificatePem(), "\n");

        // TLSA records name Exim's port, and Exim wants the resolver's address: the port is chosen before both.
        var port = PeerTools.FreePort();
        var address = $"@ IN MX 10 mail\nmail IN A 127.0.0.1\n_{Server.Smtp}._tcp.mail IN TLSA 3 1 1";
        const string Mx = "@ IN MX 10 mx\nmx IN A 127.0.0.1\n";
        var zones = new Dictionary<string, (ZoneSafety, string)>
        {
            ["example.test"] = (ZoneSafety.Signed, $"{address} {Digest(own)}"),
            ["forged.test"] = (ZoneSafety.Signed, $"{address} {new string('0', 64)}"),
            ["open.test"] = (ZoneSafety.Unsigned, "@ IN MX 10 mail\nmail IN A 127.0.0.1"),
        };
        zones["pinned.test"] = (ZoneSafety.Signed, $"{Mx}_{port}._tcp.mx IN TLSA 3 1 1 {Digest(certificate)}");
        zones["wrong.test"] = (ZoneSafety.Signed, $"{Mx}_{port}._tcp.mx IN TLSA 3 1 1 {new string('0', 64)}");
        zones["plain.test"] = (ZoneSafety.Unsigned, Mx);
        Unbound = await UnboundPeer.StartAsync(zones, withOwnAddress: true);
        Exim = await EximPeer.StartAsync(port, new EximPlan(["pinned.test", "wrong.test", "plain.test"], pem, Unbound.OwnAddress!, Server.Smtp));
        await Server.VerbAsync(["setting", "set", "Resolver.Servers", $"[\"{Unbound.EndPoint}\"]"]);
        await Server.VerbAsync(["setting", "set", "Delivery.RemotePort", $"{port}"]);
    }

    public async Task DisposeAsync()
    {
        if (CanRun)
        {
            await Exim.DisposeAsync();
            await Server.DisposeAsync();
            await Unbound.DisposeAsync();
        }

        _authority.Dispose();
    }

    private static string Digest(X509Certificate2 certificate) => Convert.ToHexString(SHA256.HashData(TestAuthority.KeyOf(certificate)));
}

/// <summary>Exim as receiver and as sender, with STARTTLS and DANE both ways. MTA-STS it does not speak.</summary>
public sealed class EximPeerTests(EximWay way) : IClassFixture<EximWay>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [SkippableTheory]
    [InlineData("pinned.test", "DANE")]
    [InlineData("plain.test", "opportunistic")]
    public async Task Exim_gets_the_mail_under_TLS(string domain, string by)
    {
        NeedExim();
        await SubmitAsync($"lee@{domain}");
        await Eventually.TrueAsync(() => Task.FromResult(way.Exim.Received("lee", domain).Count == 1), Evidence, Patience);
        Assert.Contains("Subject: to Exim", way.Exim.Received("lee", domain)[0], StringComparison.Ordinal);
        using var rest = new RestClient(way.Server, "admin");
        var protection = "";
        await Eventually.TrueAsync(
            async () =>
            {
                var rows = (await rest.GetAsync($"log/mail?search=lee@{domain}&kind=relayed"))["rows"];
                protection = rows.GetArrayLength() == 1 ? rows[0].GetProperty("protection").GetString()! : "";
                return protection.Length > 0;
            },
            Evidence,
            Patience);
        Assert.StartsWith("TLS 1.3 ", protection, StringComparison.Ordinal);
        Assert.EndsWith($", {by}", protection, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Mail_waits_when_Exims_key_is_not_the_published_one()
    {
        NeedExim();
        await SubmitAsync("lee@wrong.test");
        await Eventually.TrueAsync(
            async () => (await way.Server.JsonAsync("queue", "list", "--search", "wrong.test")).GetRawText().Contains("the certificate did not verify, but DANE demands it", StringComparison.Ordinal),
            Evidence,
            Patience);
        Assert.Empty(way.Exim.Received("lee", "wrong.test"));
    }

    [SkippableFact]
    public async Task A_refusal_of_Exim_comes_back_to_the_sender()
    {
        NeedExim();
        await SubmitAsync("never@plain.test");
        await MustReceiveAsync("ann@example.test", "there is no such person here");
    }

    [SkippableTheory]
    [InlineData("ann@example.test", "CV=dane")]
    [InlineData("kim@open.test", "CV=no")]
    public async Task Exim_sends_by_STARTTLS_and_by_DANE_where_our_key_is_published(string recipient, string verified)
    {
        NeedExim();
        await GiveToEximAsync(recipient, $"to {recipient}");
        var received = await MustReceiveAsync(recipient, $"Subject: to {recipient}");
        Assert.Contains("from mx.exim.test", received, StringComparison.Ordinal);
        Assert.Contains("(using TLSv1.3 with cipher", received, StringComparison.Ordinal);
        await Eventually.TrueAsync(
            () => Task.FromResult(way.Exim.Log().Split('\n').Any(line => line.Contains($"=> {recipient} ", StringComparison.Ordinal) && line.Contains("X=TLS1.3", StringComparison.Ordinal)
                && line.Contains(verified, StringComparison.Ordinal))),
            Evidence,
            Patience);
    }

    [SkippableFact]
    public async Task Exim_keeps_mail_when_another_key_of_ours_is_published()
    {
        NeedExim();
        await GiveToEximAsync("kim@forged.test", "never to be seen");
        await Eventually.TrueAsync(
            () => Task.FromResult(way.Exim.Log().Split('\n').Any(line => line.Contains("== kim@forged.test", StringComparison.Ordinal) || line.Contains("DANE attempt failed", StringComparison.Ordinal))), Evidence, Patience);
        using var client = await LogInAsync("kim@forged.test");
        Assert.Contains(await client.ImapOkAsync("STATUS INBOX (MESSAGES)"), line => line.Contains("MESSAGES 0", StringComparison.Ordinal));
    }

    private void NeedExim() => Skip.IfNot(way.CanRun, "exim4 is not unpacked, unbound or ldnsutils are not installed, or the tests do not run as root");

    private async Task SubmitAsync(string recipient)
    {
        using var client = await WireClient.ConnectAsync(way.Server.Submission);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.example.net");
        Assert.StartsWith("235", await client.SmtpAsync($"AUTH PLAIN {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0ann\0{way.Server.Plan.Password}"))}"), StringComparison.Ordinal);
        await SendAsync(client, way.Server.Address("ann"), recipient, "to Exim");
    }

    /// <summary>Gives Exim a message it has to send on.</summary>
    private async Task GiveToEximAsync(string recipient, string subject)
    {
        using var client = await WireClient.ConnectAsync(way.Exim.Port);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.example.net");
        await SendAsync(client, "lee@plain.test", recipient, subject);
    }

    private static async Task SendAsync(WireClient client, string sender, string recipient, string subject)
    {
        Assert.StartsWith("250", await client.SmtpAsync($"MAIL FROM:<{sender}>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SmtpAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
        await client.SmtpAsync("DATA");
        Assert.StartsWith("250", await client.SmtpAsync($"From: <{sender}>\r\nTo: <{recipient}>\r\nSubject: {subject}\r\n\r\ntext\r\n."), StringComparison.Ordinal);
    }

    private async Task<WireClient> LogInAsync(string account)
    {
        var client = await WireClient.ConnectAsync(way.Server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN {account} {way.Server.Plan.Password}");
        return client;
    }

    private async Task<string> MustReceiveAsync(string account, string words)
    {
        using var client = await LogInAsync(account);
        string? found = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await client.ImapOkAsync("EXAMINE INBOX");
                found = (await client.ImapOkAsync("UID FETCH 1:* (BODY.PEEK[])")).FirstOrDefault(line => line.Contains(words, StringComparison.Ordinal));
                return found is not null;
            },
            () => $"'{words}' is in the INBOX of {account}\n{Evidence()}",
            Patience);
        return found!;
    }

    private string Evidence() => string.Join('\n', way.Server.Output.TakeLast(40)) + $"\n--- exim\n{string.Join('\n', way.Exim.Log().Split('\n').TakeLast(40))}\n--- unbound\n{way.Unbound.Log()}";
}
