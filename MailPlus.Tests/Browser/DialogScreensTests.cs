using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>What opens over a page, on the largest and the smallest screen, light and dark: nothing axe objects to, nothing wider than the screen.</summary>
[Collection(BrowserTests.Name)]
[Trait("Set", "Long")]
public sealed class DialogScreensTests(BrowserFixture browser)
{
    [SkippableTheory]
    [InlineData("en")]
    [InlineData("ko")]
    public async Task Dialogs_of_the_console_suit_every_screen(string language)
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["minji"] });
        await using var visitor = await browser.VisitAsync(server, Screen.Desk with { Language = language });
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await visitor.OpenAsync("/admin/accounts");
        await page.Locator(".mp-head .mp-button.primary").ClickAsync();
        await LookAsync("account-add");
        await page.Keyboard.PressAsync("Escape");

        var row = page.Locator("tr[data-row]", new() { HasText = "minji" }).First;
        await row.ClickAsync();
        await LookAsync("account-edit");
        await page.Locator("dialog[open] .mp-button.danger").ClickAsync();
        await Expect(page.Locator("#confirm-name")).ToBeVisibleAsync();
        await LookAsync("account-delete");
        await page.Keyboard.PressAsync("Escape");

        await visitor.OpenAsync("/admin/domains");
        await page.Locator(".mp-head .mp-button.primary").ClickAsync();
        await LookAsync("domain-add");
        await visitor.OpenAsync("/admin/domains/1");
        await Expect(page.Locator("#domain-description")).ToBeVisibleAsync();
        await visitor.MustSuitEveryScreenAsync($"console-domain-edit-{language}");
        await visitor.OpenAsync("/admin/domains/1?tab=members");
        await page.Locator(".mp-head .mp-button.primary").ClickAsync();
        await LookAsync("domain-members-add");
        visitor.MustNotHaveComplained();

        async Task LookAsync(string what)
        {
            await Expect(page.Locator("dialog[open]").Last).ToBeVisibleAsync();
            await visitor.MustSuitEveryScreenAsync($"console-{what}-{language}");
        }
    }

    [SkippableTheory]
    [InlineData("en")]
    [InlineData("ko")]
    public async Task Settings_and_compose_windows_of_the_webmail_suit_every_screen(string language)
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["minji"] });
        await using var visitor = await browser.VisitAsync(server, Screen.Desk with { Language = language });
        var page = visitor.Page;
        await visitor.SignInAsync("minji", server.Plan.Password);
        await visitor.OpenAsync("/mail/settings");
        await Expect(page.Locator("#signature")).ToBeEnabledAsync();
        await visitor.MustSuitEveryScreenAsync($"mail-settings-{language}");

        await page.GotoAsync("/mail");
        await visitor.WaitForMailAsync();
        await visitor.WriteAsync("kim@far.test", "소식 news", "안녕하세요.");
        await page.Locator("[data-act=cc]").ClickAsync();
        await page.SetInputFilesAsync("[data-files]", new FilePayload { Name = "회의 자료 with a rather long name.txt", MimeType = "text/plain", Buffer = "내용"u8.ToArray() });
        await Expect(page.Locator(".mail-file .mp-meta")).ToContainTextAsync("B");
        await visitor.MustSuitEveryScreenAsync($"mail-compose-{language}");
        await page.Locator("[data-act=full]").ClickAsync();
        await visitor.MustSuitEveryScreenAsync($"mail-compose-full-{language}");
        visitor.MustNotHaveComplained();
    }
}
