using System.Text.RegularExpressions;
using MailKit.Net.Smtp;
using MailKit.Security;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using MimeKit;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>A server whose users read their mail in the browser; each test has its own of them.</summary>
public sealed class WebmailServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["minji", "jun", "sora", "dana"] });

    public async Task DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }
}

/// <summary>Two colleagues write to each other in the webmail of the real server (issue 2).</summary>
[Collection(BrowserTests.Name)]
public sealed partial class WebmailStoryTests(BrowserFixture browser, WebmailServer webmail) : IClassFixture<WebmailServer>
{
    private const string Subject = "회의 자료를 보내 드립니다";

    private RunningServer Server => webmail.Server;

    [SkippableFact]
    public async Task A_Korean_message_with_an_attachment_arrives_live_and_is_answered_from_a_phone_in_the_dark()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var desk = await OpenAsync("minji", Screen.Desk);
        await using var phone = await OpenAsync("jun", Screen.Phone);
        await Expect(phone.Page.Locator(".mail-row")).ToHaveCountAsync(0);
        await phone.MustBeAccessibleAsync("empty inbox");

        await WriteAsync(desk.Page, "jun@example.test", Subject, "안녕하세요.");
        await desk.Page.SetInputFilesAsync("[data-files]", new FilePayload { Name = "회의 자료.txt", MimeType = "text/plain", Buffer = "내용"u8.ToArray() });
        await Expect(desk.Page.Locator(".mail-file")).ToContainTextAsync("회의 자료.txt");
        await Expect(desk.Page.Locator("[data-state]")).ToContainTextAsync("Saved");
        await desk.MustBeAccessibleAsync("compose");
        await desk.PhotographAsync("mail-compose");
        await desk.Page.ClickAsync("[data-act=send]");
        await Expect(desk.Page.Locator(".mail-compose")).ToHaveCountAsync(0);

        // Nobody reloads anything: it slides in.
        var row = phone.Page.Locator(".mail-row", new() { HasText = Subject });
        await Expect(row).ToBeVisibleAsync();
        await Expect(phone.Page).ToHaveTitleAsync(OneUnread());
        await phone.MustBeAccessibleAsync("inbox");
        await phone.MustFitAsync("inbox");
        await phone.PhotographAsync("mail-inbox");
        await row.ClickAsync();
        await Expect(phone.Page.FrameLocator(".mail-frame").Locator("body")).ToContainTextAsync("안녕하세요.");
        await phone.MustBeAccessibleAsync("message");
        await phone.MustFitAsync("message");
        await phone.PhotographAsync("mail-message");
        var download = await phone.Page.RunAndWaitForDownloadAsync(() => phone.Page.Locator(".mail-attachments a").ClickAsync());
        Assert.Equal("회의 자료.txt", download.SuggestedFilename);
        Assert.Equal("내용", await File.ReadAllTextAsync((await download.PathAsync())!));

        await phone.Page.Locator(".mail-answer").GetByRole(AriaRole.Button, new() { Name = "회신", Exact = true }).ClickAsync();
        await Expect(phone.Page.Locator(".mail-chip")).ToContainTextAsync("minji");
        await phone.Page.Locator("[data-editor]").PressSequentiallyAsync("잘 받았습니다.");
        await phone.MustBeAccessibleAsync("answer");
        await phone.MustFitAsync("answer");
        await phone.PhotographAsync("mail-answer");
        await phone.Page.ClickAsync("[data-act=send]");
        await Expect(phone.Page.Locator(".mail-compose")).ToHaveCountAsync(0);

        await desk.Page.Locator(".mail-row", new() { HasText = "Re: " + Subject }).ClickAsync();
        await Expect(desk.Page.FrameLocator(".mail-frame").Locator("body")).ToContainTextAsync("잘 받았습니다.");
        await desk.MustBeAccessibleAsync("message");
        await desk.PhotographAsync("mail-message");
        desk.MustNotHaveComplained();
        phone.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task Deleting_can_be_undone_and_keys_do_what_the_help_says()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        foreach (var number in Enumerable.Range(1, 3))
        {
            await DeliverAsync("sora", new TextPart("plain") { Text = $"text {number}" }, $"letter {number}");
        }

        await using var visitor = await OpenAsync("sora", Screen.Desk);
        var page = visitor.Page;
        await Expect(page.Locator(".mail-row")).ToHaveCountAsync(3);
        await page.Keyboard.PressAsync("j");
        await Expect(page.Locator(".mail-row.cursor")).ToContainTextAsync("letter 3");
        await page.Keyboard.PressAsync("#");
        await Expect(page.Locator(".mail-row")).ToHaveCountAsync(2);
        await page.Locator(".mp-toast button").ClickAsync();
        await Expect(page.Locator(".mail-row")).ToHaveCountAsync(3);
        await Expect(page.Locator(".mail-row").First).ToContainTextAsync("letter 3");

        // The keyboard stayed where the deleted one was, on its successor: one up is the one that came back.
        await page.Keyboard.PressAsync("k");
        await Expect(page.Locator(".mail-row.cursor")).ToContainTextAsync("letter 3");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#subject")).ToHaveTextAsync("letter 3");
        await Expect(page.Locator(".mail-row").First).Not.ToHaveClassAsync(Unread());
        await page.Keyboard.PressAsync("s");
        await Expect(page.Locator(".mail-row").First.Locator(".mail-star")).ToHaveAttributeAsync("aria-pressed", "true");
        await page.Keyboard.PressAsync("e");
        await Expect(page.Locator(".mail-row")).ToHaveCountAsync(2);
        await page.Keyboard.PressAsync("?");
        await Expect(page.Locator("dialog[open] .mail-shortcuts")).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("shortcuts");
        await page.Keyboard.PressAsync("Escape");
        visitor.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task A_hostile_message_runs_nothing_and_asks_nobody_until_pictures_are_allowed()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await DeliverAsync(
            "dana",
            new TextPart("html") { Text = "<p>hello</p><img src=\"http://tracker.invalid/pixel.gif\"><script>top.document.title='owned'</script><img src=x onerror=\"top.document.title='owned'\"><style>p{background:url(http://tracker.invalid/bg)}</style>" },
            "offer");
        await using var visitor = await OpenAsync("dana", Screen.Tablet);
        var page = visitor.Page;
        var foreign = new List<string>();
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url).Host == "tracker.invalid")
            {
                foreign.Add(request.Url);
            }
        };
        await page.Locator(".mail-row", new() { HasText = "offer" }).ClickAsync();
        await Expect(page.FrameLocator(".mail-frame").Locator("p")).ToHaveTextAsync("hello");
        await Expect(page.Locator(".mail-images")).ToBeVisibleAsync();
        Assert.Empty(foreign);
        Assert.DoesNotContain("owned", await page.TitleAsync(), StringComparison.Ordinal);
        await visitor.MustBeAccessibleAsync("blocked pictures");
        visitor.MustNotHaveComplained();

        await page.Locator(".mail-images button").First.ClickAsync();
        await Eventually.TrueAsync(() => Task.FromResult(foreign.Count > 0), () => "the picture is asked for once it is allowed");
    }

    private async Task<Visitor> OpenAsync(string account, Screen screen)
    {
        var visitor = await browser.VisitAsync(Server, screen);
        await visitor.SignInAsync(account, Server.Plan.Password);
        await visitor.Page.GotoAsync("/mail");
        await visitor.Page.WaitForSelectorAsync("html[data-mail-ready]", new() { State = WaitForSelectorState.Attached });
        return visitor;
    }

    private static async Task WriteAsync(IPage page, string to, string subject, string text)
    {
        await page.Keyboard.PressAsync("c");
        await page.Locator("[data-field=to] input").FillAsync(to);
        await page.Keyboard.PressAsync("Enter");
        await page.FillAsync("[data-subject]", subject);
        await page.Locator("[data-editor]").PressSequentiallyAsync(text);
    }

    private async Task DeliverAsync(string account, MimeEntity body, string subject)
    {
        var message = new MimeMessage { Subject = subject, Body = body };
        message.From.Add(new MailboxAddress("Stranger", "stranger@other.test"));
        message.To.Add(new MailboxAddress(null, Server.Address(account)));
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", Server.Smtp, SecureSocketOptions.None);
        await client.SendAsync(message);
        await client.DisconnectAsync(quit: true);
    }

    [GeneratedRegex(@"^\(1\) ")]
    private static partial Regex OneUnread();

    [GeneratedRegex(@"\bunread\b")]
    private static partial Regex Unread();
}
