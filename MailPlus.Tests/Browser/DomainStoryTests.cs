using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>What an administrator does on the tabs of a domain, in both languages: aliases, blind copies, disclaimers, DKIM keys, the look at DNS.</summary>
[Collection(BrowserTests.Name)]
[Trait("Set", "Long")]
public sealed class DomainStoryTests(BrowserFixture browser)
{
    [SkippableTheory]
    [InlineData("en")]
    [InlineData("ko")]
    public async Task Every_tab_of_a_domain_is_used_and_suits_every_screen(string language)
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        using var zone = TestZone.Start();
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["minji", "jun"] });
        await server.VerbAsync(["setting", "set", "Resolver.Servers", zone.EndPoint.ToString()]);
        await using var visitor = await browser.VisitAsync(server, Screen.Desk with { Language = language });
        var page = visitor.Page;
        await visitor.SignInAsync(server.Plan.Administrator, server.Plan.Password);
        await AliasesAsync();
        await CopiesAsync();
        await DisclaimersAsync();
        await KeysAsync();
        await DnsAsync();
        visitor.MustNotHaveComplained();

        async Task AliasesAsync()
        {
            await OpenAsync("alias");
            await page.Locator(".mp-head .mp-button.primary").ClickAsync();
            await page.FillAsync("#alias-name", "no such name@");
            await page.Locator("dialog[open] .mp-button.primary").ClickAsync();
            await Expect(page.Locator("#alias-name-error")).ToBeVisibleAsync();
            await page.FillAsync("#alias-name", "team");
            await page.FillAsync("#alias-search", "minji");
            await page.Locator("dialog[open] label.mp-choice", new() { HasText = "minji@" }).ClickAsync();
            await page.SelectOptionAsync("#alias-source", "External");
            await page.FillAsync("#alias-external", "nobody");
            await page.Locator("#alias-external + .mp-button").ClickAsync();
            await Expect(page.Locator("#alias-external-error")).ToBeVisibleAsync();
            await page.FillAsync("#alias-external", "y@out.test");
            await page.Locator("#alias-external + .mp-button").ClickAsync();
            await Expect(page.Locator("dialog[open] ul li")).ToHaveCountAsync(2);
            await LookAsync("alias-create");
            await page.Locator("dialog[open] .mp-button.primary").ClickAsync();
            await Expect(page.Locator("tr[data-row]", new() { HasText = "team@" })).ToContainTextAsync("y@out.test");

            await page.Locator(".mp-list-tools button.mp-button").First.ClickAsync();
            await page.SetInputFilesAsync("#alias-file", new FilePayload { Name = "aliases.txt", MimeType = "text/plain", Buffer = "team: jun\nnew: jun, team\nbroken: nobody-here\n"u8.ToArray() });
            await Expect(page.Locator("dialog[open] .mp-notice")).ToBeVisibleAsync();
            await Expect(page.Locator("dialog[open] ul li")).ToHaveCountAsync(1);
            await LookAsync("alias-import");
            await page.Keyboard.PressAsync("Escape");
            await page.Locator("tr[data-row]", new() { HasText = "new@" }).ClickAsync();
            await Expect(page.Locator("#alias-name")).ToHaveValueAsync("new");
            await LookAsync("alias-edit");
            await page.Keyboard.PressAsync("Escape");
            await visitor.MustSuitEveryScreenAsync($"console-domain-alias-{language}");
        }

        async Task CopiesAsync()
        {
            await OpenAsync("bcc");
            await page.Locator(".mp-head .mp-button.primary").ClickAsync();
            await page.FillAsync("#bcc-pattern", "minji");
            await page.FillAsync("#bcc-target", "not an address");
            await page.Locator("dialog[open] .mp-button.primary").ClickAsync();
            await Expect(page.Locator("#bcc-target-error")).ToBeVisibleAsync();
            await page.FillAsync("#bcc-target", "jun");
            await LookAsync("bcc-create");
            await page.Locator("dialog[open] .mp-button.primary").ClickAsync();
            await Expect(page.Locator("tr[data-row]", new() { HasText = "minji@" })).ToContainTextAsync("jun@");
            await visitor.MustSuitEveryScreenAsync($"console-domain-bcc-{language}");
        }

        async Task DisclaimersAsync()
        {
            await OpenAsync("disclaimer");
            foreach (var name in new[] { "First", "Second" })
            {
                await page.Locator(".mp-head .mp-button.primary").ClickAsync();
                await page.FillAsync("#disclaimer-name", name);
                if (name == "First")
                {
                    await page.Locator("dialog[open] .mp-button.primary").ClickAsync();
                    await Expect(page.Locator("#disclaimer-html-error")).ToBeVisibleAsync();
                }

                await page.FillAsync("#disclaimer-html", "<p>This mail is <b>private</b>. 이 메일은 비밀입니다.</p>");
                await page.Locator("dialog[open] #disclaimer-plain").ScrollIntoViewIfNeededAsync();
                await page.Locator("dialog[open] .mp-button.small").Last.ClickAsync();
                await Expect(page.Locator("#disclaimer-plain")).ToHaveValueAsync("This mail is private. 이 메일은 비밀입니다.");
                await page.Locator("dialog[open] .mp-button.small").First.ClickAsync();
                await page.Locator("dialog[open] input[aria-label*='*']").FillAsync("*@out.test");
                await LookAsync($"disclaimer-{name}");
                await page.Locator("dialog[open] .mp-button.primary").ClickAsync();
                await Expect(page.Locator($"[data-disclaimer={name}]")).ToBeVisibleAsync();
            }

            await page.Locator("[data-disclaimer=Second]").DragToAsync(page.Locator("[data-disclaimer=First]"));
            await Expect(page.Locator("[data-disclaimer]").First).ToContainTextAsync("Second");
            await page.Locator(".mp-card-body > .mp-button.primary").ClickAsync();
            await Expect(page.Locator(".mp-card-body > .mp-button.primary")).ToBeDisabledAsync();
            await page.ReloadAsync();
            await visitor.WaitUntilLiveAsync();
            await Expect(page.Locator("[data-disclaimer]").First).ToContainTextAsync("Second");
            await visitor.MustSuitEveryScreenAsync($"console-domain-disclaimer-{language}");
        }

        async Task KeysAsync()
        {
            await visitor.OpenAsync("/admin/domains/1");
            await Expect(page.Locator("#dkim-kind")).ToBeVisibleAsync();
            var enabled = page.Locator("section", new() { Has = page.Locator("#dkim-kind") }).Locator("input[type=checkbox]").First;
            await enabled.CheckAsync();
            await Expect(page.Locator("article")).ToHaveCountAsync(1);
            await page.FillAsync("#dkim-prefix", "bad prefix");
            var generate = page.Locator("section", new() { Has = page.Locator("#dkim-kind") }).Locator(".mp-row > .mp-button:not(.small)");
            await generate.ClickAsync();
            await Expect(page.Locator("#dkim-prefix-error")).ToBeVisibleAsync();
            await page.FillAsync("#dkim-prefix", "next");
            await generate.ClickAsync();
            await Expect(page.Locator("article")).ToHaveCountAsync(2);
            await visitor.MustSuitEveryScreenAsync($"console-domain-dkim-{language}");
            await page.Locator("section", new() { Has = page.Locator("#dkim-kind") }).Locator("input[type=checkbox]").Last.CheckAsync();
            await page.FillAsync("#dkim-prefix", "now");
            await generate.ClickAsync();
            await LookAsync("dkim-replace");
            await page.Locator("dialog[open] .mp-button.primary").ClickAsync();
            await Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0);
            await Expect(page.Locator("article h3").First).ToContainTextAsync("now");
            await Expect(page.Locator("article")).ToHaveCountAsync(1); // nothing of the old ones is left
            await page.FillAsync("#dkim-prefix", "later");
            await generate.ClickAsync();
            await Expect(page.Locator("article")).ToHaveCountAsync(2);
            await page.Locator("article .mp-button.danger").First.ClickAsync();
            await LookAsync("dkim-remove");
            await page.Keyboard.PressAsync("Escape");
        }

        async Task DnsAsync()
        {
            await OpenAsync("dns");
            await Expect(page.Locator("[data-check=MxMissing]")).ToContainTextAsync("MX");
            await visitor.MustSuitEveryScreenAsync($"console-domain-dns-{language}");
            var publish = await page.Locator("[data-check=MxMissing] code").AllInnerTextsAsync();
            var words = publish[1].Split(' ');
            zone.Mx(publish[0], words[1], ushort.Parse(words[0], System.Globalization.CultureInfo.InvariantCulture));
            await page.Locator(".mp-card-body > .mp-row > .mp-button").First.ClickAsync();
            await Expect(page.Locator("[data-check=MxGood]")).ToBeVisibleAsync();
            await Expect(page.Locator("td", new() { HasText = "MX " }).First).ToBeVisibleAsync();
        }

        async Task OpenAsync(string tab)
        {
            await visitor.OpenAsync($"/admin/domains/1?tab={tab}");
            await Expect(page.Locator(".mp-tabs [aria-current=page]")).ToBeVisibleAsync();
        }

        async Task LookAsync(string what)
        {
            await Expect(page.Locator("dialog[open]").Last).ToBeVisibleAsync();
            await visitor.MustSuitEveryScreenAsync($"console-domain-{what}-{language}");
        }
    }
}
