using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MailPlus.Engine.Delivery.Remote;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Delivery;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>A running server, a Postfix with STARTTLS that takes mail for several domains, and an unbound that says different things about them.</summary>
public sealed class ProtectedWay : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();

    public RunningServer Server { get; private set; } = null!;

    internal TestAuthority Authority => _authority;

    internal PostfixPeer Postfix { get; private set; } = null!;

    internal UnboundPeer Unbound { get; private set; } = null!;

    public bool CanRun { get; } = ChildProcess.Find("postfix") is not null && Environment.UserName == "root" && UnboundPeer.IsInstalled;

    public async Task InitializeAsync()
    {
        if (!CanRun)
        {
            return;
        }

        const string Servers = "@ IN MX 10 mx\nmx IN A 127.0.0.1\n";
        var certificate = _authority.Issue("mx.issuer.test", "mx.policy.test");
        var pem = string.Concat(
            certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), "\n", certificate.ExportCertificatePem(), "\n", _authority.Intermediate.ExportCertificatePem(), "\n", _authority.Root.ExportCertificatePem(), "\n");
        Postfix = await PostfixPeer.StartAsync("pinned.test", new Dictionary<string, string>(), new PostfixTls(pem, ["issuer.test", "wrong.test", "tampered.test", "plain.test", "policy.test"]));
        Server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        foreach (var domain in new[] { "open", "forged" })
        {
            await Server.VerbAsync(["domain", "add", $"{domain}.test"]);
            await Server.VerbAsync(["account", "add", $"kim@{domain}.test", "--password-stdin"], Server.Plan.Password + "\n");
        }

        using var own = await PeerTools.CertificateOfAsync(Server);
        var ours = $"{Servers}_{Server.Smtp}._tcp.mx IN TLSA 3 1 1";
        var key = Convert.ToHexString(SHA256.HashData(TestAuthority.KeyOf(certificate)));
        var root = Convert.ToHexString(SHA512.HashData(_authority.Root.RawData));
        var owner = $"_{Postfix.Port}._tcp.mx IN TLSA";
        Unbound = await UnboundPeer.StartAsync(new Dictionary<string, (ZoneSafety, string)>
        {
            ["pinned.test"] = (ZoneSafety.Signed, $"{Servers}{owner} 3 1 1 {key}"),
            ["issuer.test"] = (ZoneSafety.Signed, $"{Servers}{owner} 2 0 2 {root}"),
            ["wrong.test"] = (ZoneSafety.Signed, $"{Servers}{owner} 3 1 1 {new string('0', 64)}"),
            ["tampered.test"] = (ZoneSafety.Tampered, $"{Servers}{owner} 3 1 1 {key}"),
            ["plain.test"] = (ZoneSafety.Unsigned, $"{Servers}{owner} 3 1 1 {new string('0', 64)}"),
            ["policy.test"] = (ZoneSafety.Unsigned, $"{Servers}mx2 IN A 127.0.0.1\n_mta-sts IN TXT \"v=STSv1; id=1;\"\nmta-sts IN A 127.0.0.1"),
            ["example.test"] = (ZoneSafety.Signed, $"{ours} {Convert.ToHexString(SHA256.HashData(TestAuthority.KeyOf(own)))}"),
            ["forged.test"] = (ZoneSafety.Signed, $"{ours} {new string('0', 64)}"),
            ["open.test"] = (ZoneSafety.Unsigned, Servers),
        }, withOwnAddress: true);
        await Postfix.SendOnAsync(["example.test", "forged.test", "open.test"], Unbound.OwnAddress!, Server.Smtp);
        await Server.VerbAsync(["setting", "set", "Resolver.Servers", $"[\"{Unbound.EndPoint}\"]"]);
        await Server.VerbAsync(["setting", "set", "Delivery.RemotePort", $"{Postfix.Port}"]);
        await Server.VerbAsync(["setting", "set", "Resolver.TimeoutSeconds", "60"]);
    }

    public async Task DisposeAsync()
    {
        if (CanRun)
        {
            await Server.DisposeAsync();
            await Unbound.DisposeAsync();
            await Postfix.DisposeAsync();
        }

        _authority.Dispose();
    }
}

/// <summary>DANE and MTA-STS with a real receiver and a real validating resolver.</summary>
public sealed class TlsPeerTests(ProtectedWay way) : IClassFixture<ProtectedWay>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableTheory]
    [InlineData("pinned.test", "DANE", "tlsa")]
    [InlineData("issuer.test", "DANE", "tlsa")]
    [InlineData("plain.test", "opportunistic", "no-policy-found")]
    public async Task Postfix_gets_the_mail_and_the_log_tells_how(string domain, string by, string policy)
    {
        NeedPeers();
        await SubmitAsync($"kim@{domain}");
        await Eventually.TrueAsync(() => Task.FromResult(way.Postfix.Received("kim", domain).Count == 1), Evidence, Patience);
        using var rest = new RestClient(way.Server, "admin");
        var protection = "";
        await Eventually.TrueAsync(
            async () =>
            {
                var rows = (await rest.GetAsync($"log/mail?search=kim@{domain}&kind=relayed"))["rows"];
                protection = rows.GetArrayLength() == 1 ? rows[0].GetProperty("protection").GetString()! : "";
                return protection.Length > 0;
            },
            Evidence,
            Patience);
        Assert.StartsWith("TLS 1.3 ", protection, StringComparison.Ordinal);
        Assert.EndsWith($", {by}", protection, StringComparison.Ordinal);
        var counted = Assert.Single((await way.Server.JsonAsync("tls", "results", "--domain", domain)).EnumerateArray());
        Assert.Equal((policy, "success", 1), (counted.GetProperty("policy").GetString(), counted.GetProperty("result").GetString(), counted.GetProperty("sessions").GetInt32()));
    }

    [SkippableTheory]
    [InlineData("wrong.test", "the certificate did not verify, but DANE demands it", "validation-failure")]
    [InlineData("tampered.test", "DNS look-up of TLSA", "dnssec-invalid")]
    public async Task Mail_waits_when_the_records_are_not_met_or_are_forged(string domain, string reason, string result)
    {
        NeedPeers();
        await SubmitAsync($"kim@{domain}");
        await Eventually.TrueAsync(
            async () => (await way.Server.JsonAsync("queue", "list", "--search", domain)).GetRawText().Contains(reason, StringComparison.Ordinal), Evidence, Patience);
        Assert.Empty(way.Postfix.Received("kim", domain));
        var counted = (await way.Server.JsonAsync("tls", "results", "--domain", domain, "--failures")).EnumerateArray().First();
        Assert.Equal(("tlsa", result), (counted.GetProperty("policy").GetString(), counted.GetProperty("result").GetString()));
    }

    [SkippableFact]
    public async Task An_untrusted_resolver_makes_no_DANE()
    {
        NeedPeers();
        await way.Server.VerbAsync(["setting", "set", "Resolver.DnssecTrust", "Never"]);
        try
        {
            await SubmitAsync("trust@wrong.test");
            await Eventually.TrueAsync(() => Task.FromResult(way.Postfix.Received("trust", "wrong.test").Count == 1), Evidence, Patience);
        }
        finally
        {
            await way.Server.VerbAsync(["setting", "set", "Resolver.DnssecTrust", "Loopback"]);
        }
    }

    [SkippableFact]
    public async Task A_policy_of_MTA_STS_is_obeyed()
    {
        NeedPeers();
        await using var host = await PolicyHost.StartAsync(way.Authority.Issue("mta-sts.policy.test"), way.Authority.Intermediate);
        host.Policy = "version: STSv1\r\nmode: enforce\r\nmx: *.policy.test\r\nmax_age: 86400\r\n";
        await using var system = await SystemUnderTest.StartAsync();
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        rig.Settings.Set(rig.Settings.Current with
        {
            Resolver = new ResolverSettings { Servers = [way.Unbound.EndPoint.ToString()] },
            Delivery = new DeliverySettings { RemotePort = way.Postfix.Port },
        });
        var resolver = new DnsResolver(rig.Settings, TimeProvider.System);
        await using var policies = await StsPolicies.OpenAsync(
            system.Database, resolver, new StsFetch(resolver, way.Authority.Trust(), host.Port), rig.Clock, NullLogger<StsPolicies>.Instance, default);
        rig.RealResolver = resolver;
        rig.Policies = policies;
        rig.Trust = way.Authority.Trust();
        await rig.ReopenAsync();
        await rig.SendAsync("bob@here.test", "Subject: by policy\r\n\r\nbody\r\n", DeliveryRig.Submission(2), "lee@policy.test");
        await rig.SettleAsync();
        Assert.EndsWith(", MTA-STS", rig.Happened.OfType<RecipientAttempted>().Last().Protection, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => Task.FromResult(way.Postfix.Received("lee", "policy.test").Count == 1), Evidence, Patience);

        // The same server without a certificate that the client trusts.
        rig.Trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        await rig.ReopenAsync();
        await rig.SendAsync("bob@here.test", "Subject: not trusted\r\n\r\nbody\r\n", DeliveryRig.Submission(2), "late@policy.test");
        await rig.SettleAsync(left: 1);
        Assert.Contains("no trusted authority issued the certificate, but MTA-STS demands it", rig.Happened.OfType<RecipientAttempted>().Last().Reply, StringComparison.Ordinal);
        Assert.Equal(IPAddress.Loopback, way.Unbound.EndPoint.Address);
    }

    [SkippableTheory]
    [InlineData("ann@example.test", "Verified")]
    [InlineData("kim@open.test", "Untrusted")] // our certificate is self-signed, and nothing names it
    public async Task Postfix_sends_by_STARTTLS_and_by_DANE_where_our_key_is_published(string recipient, string trust)
    {
        NeedPeers();
        await GiveToPostfixAsync(recipient, $"to {recipient}");
        using var client = await LogInAsync(recipient);
        var received = "";
        await Eventually.TrueAsync(
            async () =>
            {
                await client.ImapOkAsync("EXAMINE INBOX");
                received = (await client.ImapOkAsync("UID FETCH 1:* (BODY.PEEK[])")).FirstOrDefault(line => line.Contains($"Subject: to {recipient}", StringComparison.Ordinal)) ?? "";
                return received.Length > 0;
            },
            Evidence,
            Patience);
        Assert.Contains("(using TLSv1.3 with cipher", received, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => Task.FromResult(way.Postfix.Log().Contains($"{trust} TLS connection established to mx.{recipient.Split('@')[1]}[127.0.0.1]:{way.Server.Smtp}: TLSv1.3", StringComparison.Ordinal)), Evidence, Patience);
    }

    [SkippableFact]
    public async Task Postfix_keeps_mail_when_another_key_of_ours_is_published()
    {
        NeedPeers();
        await GiveToPostfixAsync("kim@forged.test", "never to be seen");
        await Eventually.TrueAsync(
            () => Task.FromResult(way.Postfix.Log().Split('\n').Any(line => line.Contains("to=<kim@forged.test>", StringComparison.Ordinal) && line.Contains("status=deferred (Server certificate not verified)", StringComparison.Ordinal))), Evidence, Patience);
        using var client = await LogInAsync("kim@forged.test");
        Assert.Contains(await client.ImapOkAsync("STATUS INBOX (MESSAGES)"), line => line.Contains("MESSAGES 0", StringComparison.Ordinal));
    }

    private void NeedPeers() => Skip.IfNot(way.CanRun, "postfix, unbound or ldnsutils are not installed, or the tests do not run as root");

    private async Task SubmitAsync(string recipient)
    {
        using var client = await WireClient.ConnectAsync(way.Server.Submission);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.example.net");
        Assert.StartsWith("235", await client.SmtpAsync($"AUTH PLAIN {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0ann\0{way.Server.Plan.Password}"))}"), StringComparison.Ordinal);
        await client.SmtpAsync($"MAIL FROM:<{way.Server.Address("ann")}>");
        Assert.StartsWith("250", await client.SmtpAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
        await client.SmtpAsync("DATA");
        Assert.StartsWith("250", await client.SmtpAsync($"From: <{way.Server.Address("ann")}>\r\nTo: <{recipient}>\r\nSubject: protected\r\n\r\ntext\r\n."), StringComparison.Ordinal);
    }

    /// <summary>Gives Postfix a message it has to send on.</summary>
    private async Task GiveToPostfixAsync(string recipient, string subject)
    {
        using var client = await WireClient.ConnectAsync(way.Postfix.Port);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.example.net");
        Assert.StartsWith("250", await client.SmtpAsync("MAIL FROM:<lee@plain.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SmtpAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
        await client.SmtpAsync("DATA");
        Assert.StartsWith("250", await client.SmtpAsync($"From: <lee@plain.test>\r\nTo: <{recipient}>\r\nSubject: {subject}\r\n\r\ntext\r\n."), StringComparison.Ordinal);
    }

    private async Task<WireClient> LogInAsync(string address)
    {
        var client = await WireClient.ConnectAsync(way.Server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN {address} {way.Server.Plan.Password}");
        return client;
    }

    private string Evidence() => string.Join('\n', way.Server.Output.TakeLast(40)) + $"\n--- postfix\n{way.Postfix.Log()}\n--- unbound\n{way.Unbound.Log()}";
}
