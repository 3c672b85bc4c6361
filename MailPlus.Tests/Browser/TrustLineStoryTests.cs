using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>Mail from outside, sent by swaks to a running server with a zone of its own, and what the webmail says of its senders.</summary>
[Collection(BrowserTests.Name)]
public sealed class TrustLineStoryTests(BrowserFixture browser)
{
    [SkippableFact]
    public async Task A_reader_sees_who_was_confirmed()
    {
        Skip.If(BrowserFixture.Program is null || ChildProcess.Find("swaks") is null, "Chromium or swaks is not installed");
        using var zone = TestZone.Start();
        zone.Txt("good.test", "v=spf1 ip4:127.0.0.1 -all").Txt("_dmarc.good.test", "v=DMARC1; p=reject")
            .Txt("bad.test", "v=spf1 -all").Txt("_dmarc.bad.test", "v=DMARC1; p=reject");
        await using var server = await RunningServer.StartAsync(new ServerPlan
        {
            Accounts = ["minji"],
            Settings = new Dictionary<string, string> { ["Resolver.Servers"] = $"[\"{zone.EndPoint}\"]", ["MailAuth.ExemptNetworks"] = "[]" },
        });
        foreach (var domain in new[] { "good.test", "bad.test", "none.test" })
        {
            (await ChildProcess.RunAsync("swaks", ["--server", "127.0.0.1", "--port", $"{server.Smtp}", "--helo", "client.example.net", "--from", $"lee@{domain}", "--to", "minji@example.test",
                "--header", $"Subject: from {domain}", "--add-header", "Authentication-Results: mail.example.test; dmarc=pass header.from=bank.test"])).MustSucceed("swaks");
        }

        await using var desk = await browser.VisitAsync(server, Screen.Desk);
        await desk.SignInAsync("minji", server.Plan.Password);
        await desk.Page.GotoAsync("/mail");
        await desk.Page.WaitForSelectorAsync("html[data-mail-ready]", new() { State = WaitForSelectorState.Attached });
        foreach (var (domain, tone, words) in new[] { ("good.test", "good", "Sender confirmed by good.test"), ("bad.test", "bad", "bad.test does not confirm this sender"), ("none.test", "plain", "Sender not confirmed") })
        {
            await desk.Page.Locator(".mail-row", new() { HasText = $"from {domain}" }).ClickAsync();
            var line = desk.Page.Locator(".mail-trust");
            await Expect(line).ToHaveAttributeAsync("data-trust", tone);
            await Expect(line).ToContainTextAsync(words);

            // What was opened for the message before starts closed.
            await Expect(line).Not.ToHaveAttributeAsync("open", "");
            await line.Locator("summary").ClickAsync();
            await Expect(line).ToHaveAttributeAsync("open", "");
            await desk.MustBeAccessibleAsync($"message from {domain}");
            await desk.PhotographAsync($"mail-trust-{tone}");
        }

        await using var phone = await browser.VisitAsync(server, Screen.Phone);
        await phone.OpenMailAsync(server, "minji");
        await phone.Page.Locator(".mail-row", new() { HasText = "from bad.test" }).ClickAsync();
        await phone.Page.Locator(".mail-trust summary").ClickAsync();
        await Expect(phone.Page.Locator(".mail-trust dl")).ToBeVisibleAsync();
        await phone.MustBeAccessibleAsync("trust line");
        await phone.MustFitAsync("trust line");
        await phone.PhotographAsync("mail-trust-phone");
        phone.MustNotHaveComplained();
    }
}
