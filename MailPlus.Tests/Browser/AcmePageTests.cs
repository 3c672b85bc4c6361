using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Tests.Peers;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>Service &gt; Certificate of a running server beside pebble: the automatic certificate is switched on, taken by every listener while sessions go on, and failures say why (PRO-049, RFC 8555).</summary>
[Collection(BrowserTests.Name)]
public sealed class AcmePageTests(BrowserFixture browser)
{
    [SkippableFact]
    public async Task The_certificate_comes_by_itself_and_no_session_ends()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        Skip.IfNot(PebblePeer.IsInstalled, "pebble is not installed");
        using var zone = TestZone.Start();
        zone.A("mail.example.test", "127.0.0.1");
        await using var server = await RunningServer.StartAsync(new ServerPlan());
        await using var pebble = await PebblePeer.StartAsync(server.Web, zone); // as where port 80 leads to the web's own listener
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);

        using var before = await SessionAsync(server.Imaps);
        await visitor.OpenAsync("/admin/service?tab=certificate");
        await page.Locator("[id='Acme.Enabled-control']").CheckAsync();
        await FillAsync(page, "Acme.Directory", "http://ca.test/dir");
        await FillAsync(page, "Acme.ChallengePort", "0");
        await FillAsync(page, "Acme.DirectoryAuthorities", $"-----BEGIN CERTIFICATE-----\n{pebble.Authority}\n-----END CERTIFICATE-----\n");
        await ApplyAsync(page);
        await Expect(page.Locator("[id='Acme.Directory-error']")).ToBeVisibleAsync();
        await FillAsync(page, "Acme.Names", "nowhere.example.test");
        await FillAsync(page, "Acme.Directory", pebble.Address);
        await ApplyAsync(page);
        await Expect(page.GetByText("The directory could not see that the name leads to this server.")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.GetByText("nowhere.example.test:")).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("a certificate that did not come");

        await FillAsync(page, "Acme.Names", "");
        await ApplyAsync(page);
        await Expect(page.GetByText("This certificate is renewed by itself from")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.GetByText("Pebble")).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("a certificate that is renewed by itself");

        // The session of before goes on under the old certificate; new ones see the new one, mail and web alike.
        await before.Stream.WriteAsync("a NOOP\r\n"u8.ToArray());
        Assert.StartsWith("a OK", await ReadLineAsync(before.Stream), StringComparison.Ordinal);
        Assert.DoesNotContain("Pebble", before.Issuer, StringComparison.Ordinal);
        using var after = await SessionAsync(server.Imaps);
        Assert.Contains("Pebble", after.Issuer, StringComparison.Ordinal);
        using var web = await SessionAsync(server.Port("web-tls"), greets: false);
        Assert.Contains("Pebble", web.Issuer, StringComparison.Ordinal);
        visitor.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task Search_DNS_and_proxies_have_forms_of_their_own()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan());
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await visitor.OpenAsync("/admin/service?tab=network");
        await page.Locator("[id='Resolver.DnssecTrust-control']").SelectOptionAsync("Never");
        await FillAsync(page, "Security.TrustedProxies", "not an address");
        await ApplyAsync(page);
        await Expect(page.Locator("[id='Security.TrustedProxies-error']")).ToBeVisibleAsync();
        await FillAsync(page, "Security.TrustedProxies", "192.0.2.1\n192.0.2.64/26");
        await FillAsync(page, "Security.ProxyListeners", "smtp imaps");
        await ApplyAsync(page);
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        await visitor.OpenAsync("/admin/service?tab=search");
        await page.Locator("[id='Search.CharacterSearch-control']").CheckAsync();
        await ApplyAsync(page);
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        foreach (var (setting, value) in new[] { ("Resolver.DnssecTrust", "Never"), ("Security.TrustedProxies", "192.0.2.1,192.0.2.64/26"), ("Security.ProxyListeners", "smtp,imaps"), ("Search.CharacterSearch", "true") })
        {
            Assert.Equal(value, (await server.VerbAsync(["setting", "get", setting])).Output.Trim());
        }

        visitor.MustNotHaveComplained();
    }

    private static async Task<Session> SessionAsync(int port, bool greets = true)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(System.Net.IPAddress.Loopback, port);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "mail.example.test", RemoteCertificateValidationCallback = (_, _, _, _) => true });
        if (greets)
        {
            await ReadLineAsync(stream);
        }

        return new Session(stream, new X509Certificate2(stream.RemoteCertificate!).Issuer);
    }

    private static async Task<string> ReadLineAsync(SslStream stream)
    {
        var line = new List<byte>();
        var octet = new byte[1];
        while (await stream.ReadAsync(octet) == 1 && octet[0] != '\n')
        {
            line.Add(octet[0]);
        }

        return System.Text.Encoding.ASCII.GetString([.. line]);
    }

    private static async Task FillAsync(IPage page, string setting, string value)
    {
        await page.Locator($"[id='{setting}-control']").FillAsync(value);
        await page.Locator($"[id='{setting}-control']").BlurAsync();
    }

    private static Task ApplyAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();

    private sealed record Session(SslStream Stream, string Issuer) : IDisposable
    {
        public void Dispose() => Stream.Dispose();
    }
}
