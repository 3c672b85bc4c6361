using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>The ways to sign in that are off until configured, turned on in the console of a running server.</summary>
[Collection(BrowserTests.Name)]
public sealed class SignInSettingsTests(BrowserFixture browser)
{
    [SkippableFact]
    public async Task Tokens_and_authorities_are_configured_refused_at_their_field_and_offered_at_once()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan());
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await visitor.OpenAsync("/admin/service?tab=signin");
        Assert.DoesNotContain("OAUTHBEARER", await MechanismsAsync(server), StringComparison.Ordinal);

        // What cannot be is refused at its field: a token in clear text, and a certificate that is nobody's authority.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await FillAsync(page, "TokenIntrospectionUrl", "http://login.example.test/introspect");
        await FillAsync(page, "ClientAuthorities", Certificate(key, isAuthority: false).ExportCertificatePem());
        await ApplyAsync(page);
        await Expect(page.Locator("[id='Security.TokenIntrospectionUrl-error']")).ToContainTextAsync("https");
        await Expect(page.Locator("[id='Security.ClientAuthorities-error']")).ToContainTextAsync("not the certificate of an authority");
        await visitor.MustSuitEveryScreenAsync("console-signin-settings");

        using var authority = Certificate(key, isAuthority: true);
        await FillAsync(page, "TokenIntrospectionUrl", "https://login.example.test/introspect");
        await FillAsync(page, "TokenClientId", "mailplus");
        await FillAsync(page, "TokenClientSecret", "s3cret");
        await FillAsync(page, "TokenScope", "mail");
        await FillAsync(page, "ClientAuthorities", "Our own:\n" + authority.ExportCertificatePem());
        await ApplyAsync(page);
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        Assert.Contains("OAUTHBEARER", await MechanismsAsync(server), StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(authority.RawData), await ValueAsync(server, "ClientAuthorities"), StringComparison.Ordinal);
        Assert.Contains("mailplus", await ValueAsync(server, "TokenClientId"), StringComparison.Ordinal);
        Assert.Contains("mail", await ValueAsync(server, "TokenScope"), StringComparison.Ordinal);

        // The secret never comes back to a browser, and saving something else keeps it.
        await visitor.OpenAsync("/admin/service?tab=signin");
        await Expect(Control(page, "ClientAuthorities")).ToHaveValueAsync(authority.ExportCertificatePem());
        await Expect(Control(page, "TokenClientSecret")).ToHaveValueAsync("********");
        await FillAsync(page, "TokenScope", "other");
        await Expect(page.GetByText("1 change", new() { Exact = true })).ToBeVisibleAsync();
        await ApplyAsync(page);
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        Assert.Contains("********", await ValueAsync(server, "TokenClientSecret"), StringComparison.Ordinal);

        await FillAsync(page, "TokenIntrospectionUrl", "");
        await ApplyAsync(page);
        await Expect(page.Locator("[id='Security.TokenIntrospectionUrl-control']")).ToHaveValueAsync("");
        await Eventually.TrueAsync(
            async () => !(await MechanismsAsync(server)).Contains("OAUTHBEARER", StringComparison.Ordinal), () => "tokens are no longer offered");
        visitor.MustNotHaveComplained();
    }

    private static ILocator Control(IPage page, string setting) => page.Locator($"[id='Security.{setting}-control']");

    private static async Task FillAsync(IPage page, string setting, string value)
    {
        await Control(page, setting).FillAsync(value);
        await Control(page, setting).BlurAsync();
    }

    private static Task ApplyAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();

    private static async Task<string> ValueAsync(RunningServer server, string setting) => (await server.VerbAsync(["setting", "get", "Security." + setting])).Output;

    private static async Task<string> MechanismsAsync(RunningServer server)
    {
        using var client = await WireClient.ConnectAsync(server.Imap);
        await client.ReadLineAsync();
        return string.Join('\n', await client.ImapOkAsync("CAPABILITY"));
    }

    private static X509Certificate2 Certificate(ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest("CN=Company", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }
}
