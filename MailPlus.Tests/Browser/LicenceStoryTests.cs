using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>What an administrator does with licences, groups and activation in the console.</summary>
[Collection(BrowserTests.Name)]
public sealed class LicenceStoryTests(BrowserFixture browser)
{
    // LIC-10, LIC-13, LIC-14, LIC-16, LIC-B10: only a key of the built-in issuer would pass, so the bad one stays marked
    [SkippableFact]
    public async Task A_bad_key_is_marked_beside_its_field_and_nothing_is_installed()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Lab = false, Accounts = ["minji"] });
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await visitor.OpenAsync("/admin/licence");
        await Expect(page.Locator("dl.mp-facts dd").First).ToHaveTextAsync("5");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).First.ClickAsync();
        var dialog = page.Locator("dialog[open]");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Agree" }).ClickAsync();
        await dialog.GetByLabel("License key 1", new() { Exact = true }).FillAsync("MPL1-forged.key");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Another key" }).ClickAsync();
        await visitor.MustBeAccessibleAsync("keys of a licence");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
        await Expect(page.Locator("#licence-0-error")).ToBeVisibleAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Remove key 1" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
        await Expect(page.Locator("#licence-0-error")).ToBeVisibleAsync(); // nothing was typed into the one that is left
        await page.Keyboard.PressAsync("Escape");
        visitor.MustNotHaveComplained();
    }

    // ACC-22, ACC-27, LIC-18
    [SkippableFact]
    public async Task A_ticked_box_lowers_the_licences_shown_at_once_and_takes_effect_with_Apply()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Lab = false, Accounts = ["minji"] });
        await server.VerbAsync(["account", "disable", server.Address("minji")]);
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await visitor.OpenAsync("/admin/accounts");
        await Expect(page.GetByText("4 licences available")).ToBeVisibleAsync();
        await page.GetByLabel("Activate minji", new() { Exact = true }).CheckAsync();
        await Expect(page.GetByText("3 licences available")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Deactivate minji", new() { Exact = true })).Not.ToBeCheckedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).ClickAsync();
        await Expect(page.Locator("dialog[open] ins")).ToHaveTextAsync("Activate");
        await page.Keyboard.PressAsync("Escape");
        Assert.Equal("deactivated", await StateAsync(server));
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await Eventually.TrueAsync(async () => await StateAsync(server) == "active", () => "minji is not active");
        await Expect(page.GetByText("3 licences available")).ToBeVisibleAsync();

        await visitor.OpenAsync("/admin/groups");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add group" }).First.ClickAsync();
        var panel = page.Locator("dialog[open]");
        await panel.GetByLabel("Name", new() { Exact = true }).FillAsync("Staff");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await panel.GetByLabel("Add members").FillAsync("minji");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Add minji" }).ClickAsync();
        await Expect(panel.GetByRole(AriaRole.Button, new() { Name = "Take minji out" })).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("a group with a member");
        visitor.MustNotHaveComplained();
    }

    private static async Task<string?> StateAsync(RunningServer server) => (await server.JsonAsync("account", "list")).EnumerateArray()
        .Single(account => account.GetProperty("name").GetString() == "minji").GetProperty("state").GetString();
}
