using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using MimeKit;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>Auto reply and forward as a user sets them in the webmail, and what the server then does with mail (WEB-118, WEB-121, WEB-123).</summary>
[Collection(BrowserTests.Name)]
public sealed class AutomaticPageTests(BrowserFixture browser, WebmailServer webmail) : IClassFixture<WebmailServer>
{
    private RunningServer Server => webmail.Server;

    [SkippableFact]
    public async Task What_is_set_is_done_with_the_next_message_and_a_policy_takes_forwarding_away()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var visitor = await browser.VisitAsync(Server);
        var page = visitor.Page;
        await visitor.OpenMailAsync(Server, "minji");
        await visitor.OpenAsync("/mail/settings");
        await page.GetByRole(AriaRole.Link, new() { Name = "Auto reply and forward" }).ClickAsync();

        // Wrong input is told at its field and nothing is saved.
        await page.CheckAsync("#answers");
        await page.FillAsync("#first-day", "2026-03-02");
        await page.FillAsync("#last-day", "2026-03-01");
        await SaveAsync(page);
        await Expect(page.Locator("#text-error")).ToBeVisibleAsync();
        await page.FillAsync("#text", "I am away.\n다음 주에 돌아옵니다.");
        await SaveAsync(page);
        await Expect(page.Locator("#last-day-error")).ToBeVisibleAsync();
        await page.FillAsync("#first-day", "");
        await page.FillAsync("#last-day", "");
        await page.CheckAsync("#forwards");
        await page.FillAsync("#targets", "nobody at all");
        await SaveAsync(page);
        await Expect(page.Locator("#targets-error")).ToBeVisibleAsync();
        await visitor.MustSuitEveryScreenAsync("mail-automatic");
        await page.FillAsync("#targets", Server.Address("jun"));
        await page.FillAsync("#subject", "Away");
        await SaveAsync(page);
        await Expect(page.GetByText("Saved.")).ToBeVisibleAsync();
        await visitor.OpenAsync("/mail/settings/automatic");
        await Expect(page.Locator("#targets")).ToHaveValueAsync(Server.Address("jun"));
        await Expect(page.Locator("#text")).ToHaveValueAsync("I am away.\n다음 주에 돌아옵니다.");

        await SendAsync("dana", "lunch");
        await ArrivesAsync("minji", "lunch");
        await ArrivesAsync("jun", "lunch");
        await ArrivesAsync("dana", "Away");

        // ACC-60: the policy forbids it, the page says so, and mail stays where it is.
        await Server.VerbAsync(["policy", "add", "Stays", "--users", "minji", "--forwarding", "forbid"]);
        await visitor.OpenAsync("/mail/settings/automatic");
        await Expect(page.GetByText("does not let mail be forwarded")).ToBeVisibleAsync();
        await Expect(page.Locator("#targets")).ToHaveCountAsync(0);
        await visitor.MustBeAccessibleAsync("forwarding forbidden");
        await SendAsync("sora", "dinner");
        await ArrivesAsync("minji", "dinner");
        await ArrivesAsync("sora", "Away");
        Assert.DoesNotContain("dinner", await SubjectsAsync("jun"));
        await visitor.OpenAsync("/mail/settings/automatic");
        await Expect(page.GetByText("something went wrong")).ToBeVisibleAsync();
        await SaveAsync(page);
        await Expect(page.GetByText("Saved.")).ToBeVisibleAsync();
        await Expect(page.GetByText("something went wrong")).ToHaveCountAsync(0);
        visitor.MustNotHaveComplained();
    }

    private static Task SaveAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();

    private async Task SendAsync(string from, string subject)
    {
        var message = new MimeMessage { Subject = subject, Body = new TextPart("plain") { Text = subject } };
        message.From.Add(new MailboxAddress(null, Server.Address(from)));
        message.To.Add(new MailboxAddress(null, Server.Address("minji")));
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", Server.Submission, SecureSocketOptions.None);
        await client.AuthenticateAsync(from, Server.Plan.Password);
        await client.SendAsync(message);
        await client.DisconnectAsync(quit: true);
    }

    private Task ArrivesAsync(string account, string subject) =>
        Eventually.TrueAsync(async () => (await SubjectsAsync(account)).Contains(subject), () => $"{subject} is in the inbox of {account}");

    private async Task<IReadOnlyList<string>> SubjectsAsync(string account)
    {
        using var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", Server.Imap, SecureSocketOptions.None);
        await client.AuthenticateAsync(account, Server.Plan.Password);
        var inbox = client.Inbox!;
        await inbox.OpenAsync(FolderAccess.ReadOnly);
        var found = inbox.Count == 0 ? [] : await inbox.FetchAsync(0, -1, MessageSummaryItems.Envelope);
        await client.DisconnectAsync(quit: true);
        return [.. found.Select(message => message.Envelope?.Subject ?? "")];
    }
}
