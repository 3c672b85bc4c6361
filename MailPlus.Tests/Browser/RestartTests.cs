using MailPlus.Tests.Support;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>The server goes away under an open webmail and comes back: the page finds it again by itself and no word is lost (design 8).</summary>
[Collection(BrowserTests.Name)]
public sealed class RestartTests(BrowserFixture browser)
{
    [SkippableFact]
    public async Task An_open_webmail_and_a_letter_being_written_survive_a_crash_of_the_server()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["minji", "jun"], KeepsPorts = true });
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.OpenMailAsync(server, "minji");
        await visitor.WriteAsync(server.Address("jun"), "중단된 편지", "before the crash, ");
        await page.SetInputFilesAsync("[data-files]", new Microsoft.Playwright.FilePayload { Name = "계획.txt", MimeType = "text/plain", Buffer = "내용"u8.ToArray() });
        await Expect(page.Locator(".mail-file .mp-meta")).ToContainTextAsync("B");
        await Expect(page.Locator("[data-state]")).ToContainTextAsync("Saved");
        await page.EvaluateAsync("() => { window.before = true; }");

        // Typed while nobody is there: the draft cannot be saved, and the window says so.
        await server.KillAsync();
        await page.Locator("[data-editor]").ClickAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.TypeAsync("during the crash, ");
        await Expect(page.Locator("[data-problem]")).ToBeVisibleAsync();
        await Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
        await visitor.PhotographAsync("mail-server-away");
        await visitor.MustBeAccessibleAsync("server away");

        // Nobody touches the page: it comes back by itself, still signed in, with the window as it was.
        await server.LaunchAsync(samePorts: true);
        await page.WaitForFunctionAsync("() => !window.before", null, new() { Timeout = 180_000 });
        await visitor.WaitForMailAsync();
        Assert.EndsWith("/mail", new Uri(page.Url).AbsolutePath, StringComparison.Ordinal);
        await Expect(page.Locator("[data-editor]")).ToContainTextAsync("before the crash, during the crash,");
        await Expect(page.Locator("[data-subject]")).ToHaveValueAsync("중단된 편지");
        await Expect(page.Locator(".mail-chip")).ToContainTextAsync("jun");
        await Expect(page.Locator("[data-state]")).ToContainTextAsync("Saved");
        visitor.Forgive(); // what the browser said of a server that was not there

        await page.Locator("[data-editor]").ClickAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.TypeAsync("after it.");
        await page.ClickAsync("[data-act=send]");
        await Expect(page.Locator(".mail-compose")).ToHaveCountAsync(0);

        await using var jun = await browser.VisitAsync(server);
        await jun.OpenMailAsync(server, "jun");
        await jun.Page.Locator(".mail-row", new() { HasText = "중단된 편지" }).ClickAsync();
        await Expect(jun.Page.FrameLocator(".mail-frame").Locator("body")).ToContainTextAsync("before the crash, during the crash, after it.");
        await Expect(jun.Page.Locator(".mail-attachments")).ToContainTextAsync("계획.txt");
        await Expect(page.Locator(".mail-row")).ToHaveCountAsync(0);
        visitor.MustNotHaveComplained();
        jun.MustNotHaveComplained();
    }
}
