using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>A newcomer sets the server up in the browser and makes a domain and two users.</summary>
[Collection(BrowserTests.Name)]
public sealed class SetupStoryTests(BrowserFixture browser)
{
    [SkippableFact]
    public async Task From_the_wizard_to_a_domain_with_two_users()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartFreshAsync(new ServerPlan { Lab = false }) /* the laboratory lifts password rules */;
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;

        // SET-B1: every address leads to the wizard, and without the token the wizard stays shut.
        await page.GotoAsync("/admin/accounts");
        Assert.Contains("/setup", page.Url, StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("#domain").CountAsync());

        await visitor.OpenAsync(await server.SetupPathAsync());
        await visitor.MustBeAccessibleAsync("wizard");

        // SET-B3: a host name that is not fully qualified is refused beside the field.
        await page.FillAsync("#domain", "first.example");
        await Expect(page.Locator("#hostname")).ToHaveValueAsync("mail.first.example"); // offered; typed over only once it stands there
        await page.FillAsync("#hostname", "mail");
        await page.ClickAsync("button[type=submit]");
        await Expect(page.Locator("#hostname-error")).ToBeVisibleAsync();
        await page.FillAsync("#hostname", "mail.first.example");
        await page.ClickAsync("button[type=submit]");
        await page.FillAsync("#administrator", "alex");
        await page.FillAsync("#password", "short");
        await page.ClickAsync("button[type=submit]");
        await Expect(page.Locator("#password-error")).ToBeVisibleAsync();
        await page.FillAsync("#password", server.Plan.Password);
        await page.ClickAsync("button[type=submit]");
        await Expect(page.GetByText("alex@first.example")).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("wizard, summary");

        // SET-B2: until Apply nothing was written.
        Assert.False((await server.TryVerbAsync(["domain", "list", "--json"])).Output.Contains("first.example", StringComparison.Ordinal));
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();

        // The router changes the address first and loads the static page after it: only the form says that the new document is there.
        await Expect(page.Locator("#name")).ToBeVisibleAsync();

        await visitor.SignInAsync("alex", server.Plan.Password);
        Assert.EndsWith("/admin", page.Url, StringComparison.Ordinal);

        await AddDomainAsync(visitor, "second.example");
        foreach (var name in new[] { "minji", "joon" })
        {
            await AddUserAsync(visitor, name, server.Plan.Password);
        }

        // The list is searched by the engine and the search stands in the address bar.
        await page.GetByRole(AriaRole.Searchbox).FillAsync("minji");
        await Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(1);
        await page.WaitForURLAsync("**search=minji**");

        // The verbs see the same accounts.
        var accounts = await server.VerbAsync(["account", "list", "--json"]);
        Assert.Contains("minji@", accounts.Output, StringComparison.Ordinal);
        Assert.Contains("joon@", accounts.Output, StringComparison.Ordinal);

        // Once set up the wizard is never shown again.
        await page.GotoAsync(await server.SetupPathAsync());
        Assert.DoesNotContain("/setup", page.Url, StringComparison.Ordinal);
        visitor.MustNotHaveComplained();
    }

    private static async Task AddDomainAsync(Visitor visitor, string name)
    {
        var page = visitor.Page;
        await visitor.OpenAsync("/admin/domains");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add domain" }).First.ClickAsync();
        await page.FillAsync("#domain-name", "no domain");
        await page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Add" }).ClickAsync();
        await Expect(page.Locator("#domain-name-error")).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("add domain");
        await page.FillAsync("#domain-name", name);
        await page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Add" }).ClickAsync();
        await page.WaitForURLAsync("**/admin/domains/*");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = name, Level = 1 })).ToBeVisibleAsync();
    }

    private static async Task AddUserAsync(Visitor visitor, string name, string password)
    {
        var page = visitor.Page;
        await visitor.OpenAsync("/admin/accounts");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add account" }).First.ClickAsync();
        await page.FillAsync("#account-local", name);
        await page.FillAsync("#account-password", password);
        await visitor.MustBeAccessibleAsync("add account");
        await page.Locator("dialog").GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Expect(page.Locator("tr[data-row]").Filter(new() { HasText = name }).First).ToBeVisibleAsync();
    }
}
