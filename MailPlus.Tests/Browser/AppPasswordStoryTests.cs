using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>What a user does with app passwords and sees of the sign-in history.</summary>
[Collection(BrowserTests.Name)]
public sealed class AppPasswordStoryTests(BrowserFixture browser)
{
    [SkippableFact]
    public async Task An_app_password_is_shown_once_listed_and_revoked()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["minji"] });
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync("minji", server.Plan.Password);
        await page.GotoAsync("/sessions");
        await page.GetByLabel("Name of the program or device").FillAsync("Phone");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create app password" }).ClickAsync();
        await Expect(page.GetByText("It is shown only now")).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("a new app password");
        Assert.Equal("Phone", (await server.JsonAsync("apppassword", "list", "minji")).EnumerateArray().Single().GetProperty("name").GetString());
        await page.GotoAsync("/sessions");
        await Expect(page.GetByText("It is shown only now")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke Phone" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Revoke Phone" })).ToHaveCountAsync(0);
        Assert.Empty((await server.JsonAsync("apppassword", "list", "minji")).EnumerateArray());
        visitor.MustNotHaveComplained();
    }
}
