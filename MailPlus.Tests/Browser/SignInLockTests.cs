using MailKit.Net.Imap;
using MailKit.Security;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>A mail program with a wrong password shuts its account and its address; an administrator sees both in the console and lets them in again.</summary>
[Collection(BrowserTests.Name)]
public sealed class SignInLockTests(BrowserFixture browser)
{
    [SkippableFact]
    public async Task Who_was_shut_out_by_wrong_IMAP_passwords_is_unlocked_in_the_console()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan
        {
            Lab = false,
            Accounts = ["minji"],
            Settings = new Dictionary<string, string> { ["Security.LockoutFailures"] = "3" },
        });

        // The administrator is in before the address is shut; loopback is the address of both.
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await visitor.OpenAsync("/admin/log?tab=signins");
        await Expect(page.GetByText("Nobody is held back")).ToBeVisibleAsync();

        for (var n = 0; n < 3; n++)
        {
            Assert.False(await CanSignInAsync(server, $"wrong {n}"));
        }

        Assert.False(await CanSignInAsync(server, server.Plan.Password));

        await visitor.OpenAsync("/admin/log?tab=signins");
        var account = page.Locator("tr[data-row]", new() { HasText = "minji" });
        var address = page.Locator("tr[data-row]", new() { HasText = "127.0.0.1" });
        await Expect(account).ToContainTextAsync("Account");
        await Expect(account).ToContainTextAsync("Blocked until");
        await Expect(address).ToContainTextAsync("Client address");
        await visitor.MustSuitEveryScreenAsync("console-signins");

        await account.Locator("input[type=checkbox]").CheckAsync();
        await address.Locator("input[type=checkbox]").CheckAsync();
        await visitor.MustBeAccessibleAsync("picked sign-ins");
        await page.GetByRole(AriaRole.Button, new() { Name = "Unlock" }).ClickAsync();
        await Expect(page.GetByText("2 unlocked")).ToBeVisibleAsync();
        await Expect(page.GetByText("Nobody is held back")).ToBeVisibleAsync();
        Assert.True(await CanSignInAsync(server, server.Plan.Password));

        // Who let them in stands in the admin log.
        await visitor.OpenAsync("/admin/log?tab=admin");
        await Expect(page.Locator("tr[data-row]", new() { HasText = "minji" }).First).ToContainTextAsync(server.Plan.Administrator);
        visitor.MustNotHaveComplained();
    }

    private static async Task<bool> CanSignInAsync(RunningServer server, string password)
    {
        using var client = new ImapClient { ServerCertificateValidationCallback = (_, _, _, _) => true };
        await client.ConnectAsync("127.0.0.1", server.Imaps, SecureSocketOptions.SslOnConnect);
        try
        {
            await client.AuthenticateAsync("minji", password);
            return true;
        }
        catch (AuthenticationException)
        {
            return false;
        }
    }
}
