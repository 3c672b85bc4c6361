using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>Mail Delivery in the console of a running server: forms with Apply, lists of rules with their editor (DEL-001, DEL-016, DEL-060 to DEL-075, DEL-140 to DEL-147, DEL-150 to DEL-155).</summary>
[Collection(BrowserTests.Name)]
public sealed class MailDeliveryTests(BrowserFixture browser)
{
    [SkippableFact]
    public async Task Rules_are_made_found_switched_and_deleted_and_settings_wait_for_Apply()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Settings = new Dictionary<string, string> { ["Security.TrustedProxies"] = "127.0.0.1" } });
        await using var visitor = await browser.VisitAsync(server);
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);

        // A form: what cannot be is refused at its field, the rest is in force after Apply.
        await visitor.OpenAsync("/admin/delivery?tab=security");
        await FillAsync(page, "SmtpPolicy.MessagesPerMinute", "many");
        await ApplyAsync(page);
        await Expect(page.Locator("[id='SmtpPolicy.MessagesPerMinute-error']")).ToBeVisibleAsync();
        await FillAsync(page, "SmtpPolicy.MessagesPerMinute", "100");
        await page.Locator("[id='SmtpPolicy.RejectIncompleteHelo-control']").CheckAsync();
        await Expect(page.GetByText("2 changes", new() { Exact = true })).ToBeVisibleAsync();
        await ApplyAsync(page);
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        Assert.StartsWith("550", await RcptAsync(server, "localhost", "a@x.test"), StringComparison.Ordinal);

        // A list: empty, a wrong rule, a right one, found again, switched off, deleted after a question.
        await visitor.OpenAsync("/admin/delivery?tab=black");
        await Expect(page.GetByText("Nothing here yet")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create", Exact = true }).ClickAsync();
        await FillRuleAsync(page, "name", "spam");
        await FillRuleAsync(page, "match", "no address");
        await page.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync();
        await Expect(page.Locator("dialog[open] [role=alert]")).ToContainTextAsync("spam");
        await visitor.MustBeAccessibleAsync("editor of a rule");
        await FillRuleAsync(page, "match", "*@spam.example");
        await page.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync();
        await Expect(page.Locator("tr[data-row]")).ToContainTextAsync("*@spam.example");
        Assert.StartsWith("550 5.7.1", await RcptAsync(server, "client.example.net", "b@spam.example"), StringComparison.Ordinal);

        await page.GetByLabel("Enable spam").UncheckAsync();
        await Eventually.TrueAsync(async () => (await server.VerbAsync(["rule", "list", "black-list"])).Output.Contains("\"enabled\":false", StringComparison.Ordinal), () => "the rule is off");
        await visitor.OpenAsync("/admin/delivery?tab=black&search=nothing");
        await Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(0);
        await visitor.OpenAsync("/admin/delivery?tab=black&search=SPAM.example");
        await page.Locator("tr[data-row]").First.ClickAsync();
        await page.Locator("dialog.mp-panel[open]").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.Locator("dialog.mp-dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync(); // the question, not the panel behind it
        await Eventually.TrueAsync(async () => (await server.VerbAsync(["rule", "list", "black-list"])).Output.Trim() == "[]", () => "the rule is gone");

        // The other lists.
        await visitor.OpenAsync("/admin/delivery?tab=trusted");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create", Exact = true }).ClickAsync();
        await FillRuleAsync(page, "name", "branch");
        await FillRuleAsync(page, "network", "203.0.113.0/28");
        await page.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync();
        await Expect(page.Locator("tr[data-row]")).ToContainTextAsync("203.0.113.0/28");
        await visitor.OpenAsync("/admin/delivery?tab=domains");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create", Exact = true }).ClickAsync();
        await FillRuleAsync(page, "name", "branch");
        await FillRuleAsync(page, "domain", "branch.test");
        await FillRuleAsync(page, "host", "192.0.2.9");
        await page.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync();
        await Expect(page.Locator("tr[data-row]")).ToContainTextAsync("192.0.2.9:25");
        await visitor.OpenAsync("/admin/delivery?tab=hosts");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create", Exact = true }).ClickAsync();
        await FillRuleAsync(page, "name", "R1");
        await FillRuleAsync(page, "targets", "b.test\nboss@c.test");
        await FillRuleAsync(page, "host", "relay.test");
        await FillRuleAsync(page, "user", "u");
        await FillRuleAsync(page, "password", "geheim");
        await page.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync();
        await Expect(page.Locator("tr[data-row]")).ToContainTextAsync("b.test, boss@c.test");
        await page.Locator("tr[data-row]").First.ClickAsync();
        await Expect(page.Locator("#rule-password")).ToHaveValueAsync("********");
        await visitor.MustBeAccessibleAsync("editor of a relay rule");
        visitor.MustNotHaveComplained();
    }

    private static async Task FillAsync(IPage page, string setting, string value)
    {
        await page.Locator($"[id='{setting}-control']").FillAsync(value);
        await page.Locator($"[id='{setting}-control']").BlurAsync();
    }

    private static async Task FillRuleAsync(IPage page, string field, string value)
    {
        await page.Locator($"#rule-{field}").FillAsync(value);
        await page.Locator($"#rule-{field}").BlurAsync();
    }

    private static Task ApplyAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();

    private static async Task<string> RcptAsync(RunningServer server, string helo, string sender)
    {
        using var client = await WireClient.ConnectAsync(server.Smtp);
        await client.ReadReplyAsync();
        await client.SmtpAsync("XCLIENT ADDR=198.51.100.7");
        await client.SmtpAsync($"EHLO {helo}");
        var mail = await client.SmtpAsync($"MAIL FROM:<{sender}>");
        return mail!.StartsWith('2') ? await client.SmtpAsync("RCPT TO:<admin@example.test>") ?? "" : mail;
    }
}
