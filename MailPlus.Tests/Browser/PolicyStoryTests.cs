using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>What an administrator does with user policies in the console.</summary>
[Collection(BrowserTests.Name)]
public sealed class PolicyStoryTests(BrowserFixture browser)
{
    // ACC-40 to ACC-52, ACC-B9
    [SkippableFact]
    public async Task A_policy_is_made_aimed_and_put_into_its_place_by_mouse_and_by_keyboard()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["minji"] });
        await server.VerbAsync(["policy", "add", "One"]);
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await visitor.OpenAsync("/admin/policies");

        await page.GetByRole(AriaRole.Button, new() { Name = "Create policy" }).ClickAsync();
        var panel = page.Locator("dialog[open]");
        await Expect(panel.GetByRole(AriaRole.Button, new() { Name = "OK" })).ToBeDisabledAsync();
        await panel.GetByLabel("Name", new() { Exact = true }).FillAsync("Two");
        await panel.GetByLabel("Daily sending quota (messages)", new() { Exact = true }).SelectOptionAsync("On");
        await panel.GetByLabel("Value of Daily sending quota (messages)", new() { Exact = true }).FillAsync("7");
        await panel.GetByText("Enable IMAP").ClickAsync();
        await visitor.MustBeAccessibleAsync("settings of a policy");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Target users (0)" }).ClickAsync();
        await panel.GetByLabel("Find users and groups").FillAsync("minji");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Add minji" }).ClickAsync();
        await Expect(panel.GetByRole(AriaRole.Button, new() { Name = "Take minji out" })).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("targets of a policy");
        await panel.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync();
        await Expect(page.Locator("tr[data-policy='Two']")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show targets" }).ClickAsync();
        await Expect(page.Locator("tr[data-policy='Two']")).ToContainTextAsync("minji");
        var two = (await server.JsonAsync("policy", "list")).EnumerateArray().First();
        Assert.Equal(("Two", "7", "no"), (two.GetProperty("policy").GetString(), two.GetProperty("dailyMessages").GetString(), two.GetProperty("imap").GetString()));

        await page.GetByRole(AriaRole.Button, new() { Name = "Change order" }).ClickAsync();
        await page.Locator("tr[data-policy='One']").DragToAsync(page.Locator("tr[data-policy='Two']"));
        await Expect(page.Locator("tr[data-policy]").First).ToContainTextAsync("One");
        Assert.Equal(["Two", "One"], await OrderAsync(server)); // nothing before it is applied
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply order" }).ClickAsync();
        await Eventually.TrueAsync(async () => (await OrderAsync(server)).SequenceEqual(["One", "Two"]), () => "the order was applied");

        await page.GetByRole(AriaRole.Button, new() { Name = "Change order" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Move Two up" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("tr[data-policy]").First).ToContainTextAsync("Two");
        await visitor.MustBeAccessibleAsync("order of policies");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply order" }).ClickAsync();
        await Eventually.TrueAsync(async () => (await OrderAsync(server)).SequenceEqual(["Two", "One"]), () => "the order was applied");

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete One" }).ClickAsync();
        await page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Expect(page.Locator("tr[data-policy='One']")).ToHaveCountAsync(0);
        visitor.MustNotHaveComplained();
    }

    private static async Task<IReadOnlyList<string?>> OrderAsync(RunningServer server) =>
        [.. (await server.JsonAsync("policy", "list")).EnumerateArray().Select(policy => policy.GetProperty("policy").GetString())];
}
