using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>A server that listens where its settings say and keeps all its rules: what an administrator turns in the console happens in the running process.</summary>
[Collection(BrowserTests.Name)]
public sealed partial class LiveSettingsTests(BrowserFixture browser) : IAsyncLifetime
{
    private readonly int _smtp = FreePort.Next();
    private readonly int _imap = FreePort.Next();
    private RunningServer? _server;

    private RunningServer Server => _server!;

    public async Task InitializeAsync()
    {
        if (BrowserFixture.Program is not null)
        {
            _server = await RunningServer.StartAsync(new ServerPlan
            {
                Lab = false,
                FollowsSettings = true,
                Accounts = ["minji"],
                Settings = new Dictionary<string, string>
                {
                    ["Service.ListenAddresses"] = "127.0.0.1",
                    ["Service.Smtp"] = $"on:{_smtp}",
                    ["Service.Imap"] = $"on:{_imap}",
                    ["Service.Smtps"] = "off",
                    ["Service.Submission"] = "off",
                    ["Service.Imaps"] = "off",
                    ["Service.Pop3"] = "off",
                    ["Service.Pop3s"] = "off",
                },
            });
        }
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task A_port_is_moved_in_the_running_process_a_taken_one_is_refused_at_its_field_and_history_takes_it_back()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var visitor = await browser.VisitAsync(Server);
        var page = visitor.Page;
        await visitor.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
        await visitor.OpenAsync("/admin/service");
        await MustAnswerAsync(_imap);

        // PRO-050: a port another program has is refused at its field, and nothing moves.
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port;
        await MovePortAsync(page, taken);
        await Expect(page.Locator("[id='Service.Imap-error']")).ToContainTextAsync(taken.ToString(CultureInfo.InvariantCulture));
        await visitor.MustBeAccessibleAsync("a taken port");
        await visitor.PhotographAsync("console-port-taken");
        await MustAnswerAsync(_imap);

        await MovePortAsync(page, _smtp);
        await Expect(page.Locator("[id='Service.Imap-error']")).ToBeVisibleAsync();
        await MustAnswerAsync(_imap);

        var free = FreePort.Next();
        await MovePortAsync(page, free);
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        await MustAnswerAsync(free);
        await MustRefuseAsync(_imap);

        // Every version is kept: the one before this is restored, and the listener moves back.
        await page.GetByRole(AriaRole.Link, new() { Name = "History" }).ClickAsync();
        var rows = page.Locator("tr[data-row]");
        await Expect(rows.First).ToContainTextAsync("In force");
        await Expect(rows.First).ToContainTextAsync("Enable IMAP");
        await Expect(rows.First).ToContainTextAsync(Server.Plan.Administrator);
        await visitor.MustSuitEveryScreenAsync("console-history");
        await rows.Nth(1).ClickAsync();
        var panel = page.Locator("dialog.mp-panel[open]");
        await Expect(panel.Locator("ins").Last).ToContainTextAsync(_imap.ToString(CultureInfo.InvariantCulture));
        await Expect(panel.Locator("del").Last).ToContainTextAsync(free.ToString(CultureInfo.InvariantCulture));
        await visitor.MustSuitEveryScreenAsync("console-history-panel");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        var question = page.Locator("dialog.mp-dialog[open]");
        await Expect(question).ToBeVisibleAsync();
        await visitor.MustBeAccessibleAsync("restore a version");
        await question.GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        await Expect(question).ToHaveCountAsync(0);
        await MustAnswerAsync(_imap);
        await MustRefuseAsync(free);

        // What cannot be restored says why in the question: the port of the version before is taken meanwhile.
        using var late = new TcpListener(IPAddress.Loopback, free);
        late.Start();
        await rows.Nth(1).ClickAsync();
        await panel.GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        await question.GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        await Expect(question).ToContainTextAsync(free.ToString(CultureInfo.InvariantCulture));
        await visitor.PhotographAsync("console-history-refused");
        await MustAnswerAsync(_imap);

        late.Stop();
        await page.Keyboard.PressAsync("Escape");
        await visitor.OpenAsync("/admin/service");
        await MovePortAsync(page, free);
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        await MustAnswerAsync(free);

        // A port can lock people out: it is on trial, on every page, until it is kept or taken back.
        var trial = page.GetByRole(AriaRole.Region, new() { Name = "Settings on trial." });
        await Expect(trial).ToContainTextAsync("Enable IMAP");
        await visitor.OpenAsync("/admin/queue");
        await Expect(trial).ToContainTextAsync(Server.Plan.Administrator);
        await visitor.MustSuitEveryScreenAsync("console-settings-trial");
        await trial.GetByRole(AriaRole.Button, new() { Name = "Undo now" }).ClickAsync();
        await MustAnswerAsync(_imap);
        await MustRefuseAsync(free);
        await Expect(trial).ToHaveCountAsync(0);
        await visitor.OpenAsync("/admin/service");
        await MovePortAsync(page, free);
        await Expect(page.GetByText("Applied.")).ToBeVisibleAsync();
        await trial.GetByRole(AriaRole.Button, new() { Name = "Keep settings" }).ClickAsync();
        await Expect(trial).ToHaveCountAsync(0);
        await MustAnswerAsync(free);
        visitor.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task A_webmail_that_is_switched_off_is_closed_to_open_pages_too_and_opens_again()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var user = await browser.VisitAsync(Server);
        await user.OpenMailAsync(Server, "minji");
        await using var admin = await browser.VisitAsync(Server);
        await admin.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
        await admin.OpenAsync("/admin/service");
        await admin.Page.Locator("[id='Service.WebmailEnabled-control']").UncheckAsync();
        await admin.Page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await Expect(admin.Page.GetByText("Applied.")).ToBeVisibleAsync();

        // The page that was open is refused at its next step, a new one at once.
        await user.Page.Locator(".mail-folders a").Nth(1).ClickAsync();
        await Expect(user.Page.GetByText("Webmail is switched off")).ToBeVisibleAsync();
        user.MustNotHaveComplained();
        await user.Page.GotoAsync("/mail");
        await Expect(user.Page.GetByText("Webmail is switched off")).ToBeVisibleAsync();
        await user.MustSuitEveryScreenAsync("mail-off");
        user.MustNotHaveComplained();
        Assert.Equal(503, (await user.Page.APIRequest.GetAsync("/mail/compose/suggest?q=a")).Status);
        await admin.OpenAsync("/admin/service");
        await Expect(admin.Page.Locator(".mp-nav a[href='/mail']")).ToHaveCountAsync(0);

        await admin.Page.Locator("[id='Service.WebmailEnabled-control']").CheckAsync();
        await admin.Page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await Expect(admin.Page.GetByText("Applied.")).ToBeVisibleAsync();
        await user.Page.GotoAsync("/mail");
        await user.WaitForMailAsync();
        await Expect(user.Page.GetByText("Webmail is switched off")).ToHaveCountAsync(0);
        admin.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task Too_many_wrong_passwords_shut_the_sign_in_even_for_the_right_one()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await Server.VerbAsync(["setting", "set", "Security.LockoutFailures", "3"]);
        await using var visitor = await browser.VisitAsync(Server);
        var page = visitor.Page;
        await page.GotoAsync("/signin");
        for (var n = 0; n < 3; n++)
        {
            await TryAsync(page, "minji", $"wrong {n}");
            await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("is not right");
        }

        await TryAsync(page, "minji", Server.Plan.Password);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Too many failed attempts");
        Assert.Contains("/signin", page.Url, StringComparison.Ordinal);
        await visitor.MustSuitEveryScreenAsync("sign-in-locked");

        // More failures are allowed from now on, but whoever is held back stays so until an administrator releases the name and the address.
        await Server.VerbAsync(["setting", "set", "Security.LockoutFailures", "10"]);
        await Server.VerbAsync(["signin", "release", "minji", "127.0.0.1"]);
        await TryAsync(page, "minji", Server.Plan.Password);
        await page.WaitForURLAsync(Mail());
        visitor.MustNotHaveComplained();
    }

    private static async Task TryAsync(IPage page, string name, string password)
    {
        // The form is answered in place: an earlier answer must be gone before the next is waited for.
        await page.GotoAsync("/signin");
        await page.FillAsync("#name", name);
        await page.FillAsync("#password", password);
        await page.ClickAsync("form button[type=submit]");
    }

    private static async Task MovePortAsync(IPage page, int port)
    {
        await page.GetByLabel("Port of Enable IMAP", new() { Exact = true }).FillAsync(port.ToString(CultureInfo.InvariantCulture));
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
    }

    private static async Task MustAnswerAsync(int port)
    {
        var line = "";
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    using var client = await WireClient.ConnectAsync(port);
                    line = await client.ReadLineAsync() ?? "";
                }
                catch (Exception failure) when (failure is SocketException or IOException)
                {
                    line = failure.Message;
                }

                return line.StartsWith("* OK", StringComparison.Ordinal);
            },
            () => $"IMAP greets on port {port}: {line}");
    }

    private static async Task MustRefuseAsync(int port) => await Eventually.TrueAsync(
        async () =>
        {
            try
            {
                using var client = await WireClient.ConnectAsync(port);
                return false;
            }
            catch (SocketException)
            {
                return true;
            }
        },
        () => $"nothing listens on port {port} any more");

    [GeneratedRegex("/mail$")]
    private static partial Regex Mail();
}
