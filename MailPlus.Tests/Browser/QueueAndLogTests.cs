using System.Globalization;
using MailKit.Net.Smtp;
using MailKit.Security;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using MimeKit;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace MailPlus.Tests.Browser;

/// <summary>Mail that went through a running server, and mail that is stuck in it, as an administrator sees both: dashboard, queue and log (MON-004, MON-049 to MON-064, MON-110 to MON-117).</summary>
[Collection(BrowserTests.Name)]
public sealed class QueueAndLogTests(BrowserFixture browser) : IAsyncLifetime
{
    private const int Stuck = 27;
    private readonly TestZone _zone = TestZone.Start().Mx("far.test", "mx.far.test").A("mx.far.test", "127.0.0.1");
    private RunningServer? _server;

    private RunningServer Server => _server!;

    public async Task InitializeAsync()
    {
        if (BrowserFixture.Program is not null)
        {
            _server = await RunningServer.StartAsync(new ServerPlan
            {
                Accounts = ["minji"],
                Settings = new Dictionary<string, string>
                {
                    ["Resolver.Servers"] = $"[\"{_zone.EndPoint}\"]",
                    ["Delivery.RemotePort"] = "1", // nobody listens on tcpmux
                },
            });
        }
    }

    public async Task DisposeAsync()
    {
        _zone.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task The_chart_of_the_dashboard_counts_what_went_through_and_says_it_as_a_table_too()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await using var visitor = await browser.VisitAsync(Server);
        var page = visitor.Page;
        await visitor.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
        await visitor.OpenAsync("/admin");
        await Expect(page.GetByText("No mail in this time")).ToBeVisibleAsync();

        await SendAsync("guest@other.test", "minji@example.test", 3, n => $"letter {n}");
        await SendAsync(Server.Address("minji"), "kim@far.test", 1, _ => "stuck");
        await Assert.ThrowsAsync<SmtpCommandException>(() => SendAsync("guest@other.test", "nobody@example.test", 1, _ => "to nobody"));

        // Nobody reloads the page: it asks again by itself.
        var chart = page.Locator(".mp-chart");
        await Expect(chart).ToHaveAttributeAsync("aria-label", "Mail traffic, 24 hours: 3 received, 0 sent, 1 rejected, 0 failed.");
        await Expect(chart.Locator("svg path").First).ToBeAttachedAsync();
        await Expect(Tile(page, "Accepted")).ToHaveTextAsync("4");
        await Expect(Tile(page, "Received")).ToHaveTextAsync("3");
        await Expect(Tile(page, "Rejected")).ToHaveTextAsync("1");
        await Expect(Tile(page, "Queue")).ToHaveTextAsync("1");

        await page.GetByText("Show as a table").ClickAsync();
        await Expect(page.Locator(".mp-numbers thead th")).ToHaveTextAsync(["Time", "Received", "Sent", "Rejected", "Failed"]);
        Assert.Equal("3 0 1 0", await TotalsAsync(page));
        await visitor.MustSuitEveryScreenAsync("console-dashboard-traffic");

        foreach (var range in new[] { "7 days", "30 days" })
        {
            await page.GetByRole(AriaRole.Link, new() { Name = range }).ClickAsync();
            await Expect(chart).ToHaveAttributeAsync("aria-label", $"Mail traffic, {range}: 3 received, 0 sent, 1 rejected, 0 failed.");
            Assert.Equal("3 0 1 0", await TotalsAsync(page));
        }

        await visitor.PhotographAsync("console-dashboard-month");
        visitor.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task A_full_queue_is_searched_turned_paged_tried_again_and_cleared()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await SendAsync(Server.Address("minji"), "kim@far.test", Stuck, n => $"stuck {n:00}");
        await Eventually.TrueAsync(
            async () => (await QueueAsync()).Count(message => message.Attempts > 0) == Stuck, () => "every message was tried once");

        await using var visitor = await browser.VisitAsync(Server);
        var page = visitor.Page;
        var rows = page.Locator("tr[data-row]");
        await visitor.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
        await visitor.OpenAsync("/admin/queue");
        await Expect(rows).ToHaveCountAsync(Stuck);
        await Expect(rows.First).ToContainTextAsync("Deferred");
        await Expect(rows.First).ToContainTextAsync("mx.far.test");
        await Expect(rows.First).ToContainTextAsync("stuck 27");
        await visitor.MustSuitEveryScreenAsync("console-queue-full");

        // Sorted: the oldest first.
        await page.GetByRole(AriaRole.Button, new() { Name = "Entered" }).ClickAsync();
        await Expect(rows.First).ToContainTextAsync("stuck 01");

        // Paged: 25 and the other two.
        await page.GetByLabel("Rows per page").SelectOptionAsync("25");
        await Expect(rows).ToHaveCountAsync(25);
        await Expect(page.Locator(".mp-list-foot [role=status]")).ToHaveTextAsync("1–25 of 27");
        await page.GetByRole(AriaRole.Button, new() { Name = "Next page" }).ClickAsync();
        await Expect(rows).ToHaveCountAsync(2);
        await Expect(rows.Last).ToContainTextAsync("stuck 27");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Next page" })).ToBeDisabledAsync();
        await page.ReloadAsync();
        await visitor.WaitUntilLiveAsync();
        await Expect(page.Locator(".mp-list-foot [role=status]")).ToHaveTextAsync("26–27 of 27");

        // Searched and filtered.
        var search = page.GetByRole(AriaRole.Searchbox);
        await search.FillAsync("STUCK 13");
        await Expect(rows).ToHaveCountAsync(1);
        await search.FillAsync("no such thing");
        await Expect(page.GetByText("Nothing matches")).ToBeVisibleAsync();
        await search.FillAsync("stuck 1");
        await Expect(rows).ToHaveCountAsync(10);
        await page.GetByRole(AriaRole.Search).GetByRole(AriaRole.Combobox).SelectOptionAsync("Hold");
        await Expect(page.GetByText("Nothing matches")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await Expect(rows).ToHaveCountAsync(25);
        await search.FillAsync("stuck 13");
        await Expect(rows).ToHaveCountAsync(1);

        // Tried again from its panel: another attempt, another reason why not.
        await rows.First.ClickAsync();
        var panel = page.Locator("dialog.mp-panel[open]");
        await Expect(panel).ToContainTextAsync("kim@far.test");
        await visitor.MustSuitEveryScreenAsync("console-queue-panel");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Resend" }).ClickAsync();
        await Expect(page.GetByText("1 message is being sent again")).ToBeVisibleAsync();
        await Eventually.TrueAsync(
            async () => (await QueueAsync()).Single(message => message.Subject == "stuck 13").Attempts == 2, () => "the one message was tried again");
        Assert.Equal(Stuck - 1, (await QueueAsync()).Count(message => message.Attempts == 1));

        // Removed after the question; taken back, nothing happens.
        await panel.GetByRole(AriaRole.Button, new() { Name = "Clear" }).ClickAsync();
        var question = page.Locator("dialog.mp-dialog[open]");
        await Expect(question.Locator("h2")).ToHaveTextAsync("Remove this message?");
        await visitor.MustBeAccessibleAsync("the question before messages are removed");
        await question.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(question).ToHaveCountAsync(0);
        Assert.Equal(Stuck, (await QueueAsync()).Count);
        await rows.First.Locator("input[type=checkbox]").CheckAsync();
        await page.Locator(".mp-bulk").GetByRole(AriaRole.Button, new() { Name = "Clear", Exact = true }).ClickAsync();
        await question.GetByRole(AriaRole.Button, new() { Name = "Clear" }).ClickAsync();
        await Expect(page.GetByText("1 message removed")).ToBeVisibleAsync();
        await Expect(page.GetByText("Nothing matches")).ToBeVisibleAsync();
        Assert.DoesNotContain(await QueueAsync(), message => message.Subject == "stuck 13");

        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Clear All" }).ClickAsync();
        await question.GetByRole(AriaRole.Button, new() { Name = "Clear" }).ClickAsync();
        await Expect(page.GetByText("26 messages removed")).ToBeVisibleAsync();
        await Expect(page.GetByText("Nothing is waiting")).ToBeVisibleAsync();
        Assert.Empty(await QueueAsync());

        // MON-064: who removed it stands in the admin log.
        await visitor.OpenAsync("/admin/log?tab=admin");
        await Expect(page.Locator("tr[data-row]").First).ToContainTextAsync(Server.Plan.Administrator);
        await visitor.PhotographAsync("console-admin-log-cleared");
        visitor.MustNotHaveComplained();
    }

    [SkippableFact]
    public async Task The_mail_log_is_filtered_and_what_is_left_is_downloaded_whole()
    {
        Skip.If(BrowserFixture.Program is null, "Chromium is not installed");
        await SendAsync("guest@other.test", "minji@example.test", Stuck, n => $"회의, \"자료\" {n:00}");
        await SendAsync(Server.Address("minji"), "kim@far.test", 1, _ => "=1+1");
        using (var rest = new RestClient(Server, Server.Plan.Administrator))
        {
            await Eventually.TrueAsync(async () => await CountAsync("Deferred") >= 1 && await CountAsync("Delivered") == Stuck, () => "all was delivered or put off, and the log says so");

            async Task<int> CountAsync(string kind) => (await rest.GetAsync($"log/mail?kind={kind}"))["total"].GetInt32();
        }

        await using var visitor = await browser.VisitAsync(Server);
        var page = visitor.Page;
        var rows = page.Locator("tr[data-row]");
        await visitor.SignInAsync(Server.Plan.Administrator, Server.Plan.Password);
        await visitor.OpenAsync("/admin/log");
        await Expect(rows).ToHaveCountAsync(50);
        await visitor.MustBeAccessibleAsync("a full log");

        await page.GetByRole(AriaRole.Search).GetByRole(AriaRole.Combobox).SelectOptionAsync("Received");
        await Expect(page.Locator(".mp-list-foot [role=status]")).ToHaveTextAsync($"1–{Stuck} of {Stuck}");
        await page.GetByLabel("Rows per page").SelectOptionAsync("25");
        await Expect(rows).ToHaveCountAsync(25);

        // All rows of the result, not only those of the page (MON-117), and no others (MON-116).
        var received = await DownloadAsync(page);
        Assert.Equal(["Time", "Status", "Sender", "Recipient", "Subject", "Size", "Client", "Reply or reason", "Queue id", "Message-ID"], received[0]);
        Assert.Equal(Stuck, received.Count - 1);
        Assert.All(received.Skip(1), row =>
        {
            Assert.Equal(["Received", "guest@other.test", "minji@example.test"], row[1..4]);
            Assert.True(DateTime.TryParse(row[0], CultureInfo.InvariantCulture, out _), row[0]);
        });
        Assert.Equal(Enumerable.Range(1, Stuck).Select(n => $"회의, \"자료\" {n:00}"), received.Skip(1).Select(row => row[4]).Order(StringComparer.Ordinal));

        await page.GetByRole(AriaRole.Searchbox).FillAsync("자료\" 07");
        await Expect(rows).ToHaveCountAsync(1);
        Assert.Equal("회의, \"자료\" 07", Assert.Single((await DownloadAsync(page)).Skip(1))[4]);

        // The story of one message, and the one that is stuck: its subject must not become a formula.
        await rows.First.ClickAsync();
        var panel = page.Locator("dialog.mp-panel[open]");
        await Expect(panel.Locator(".mp-timeline li")).ToHaveCountAsync(2);
        await visitor.MustSuitEveryScreenAsync("console-log-panel");
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Searchbox).FillAsync("");
        await page.GetByRole(AriaRole.Search).GetByRole(AriaRole.Combobox).SelectOptionAsync("Deferred");
        await Expect(rows.First).ToContainTextAsync("=1+1");
        var deferred = (await DownloadAsync(page))[1];
        Assert.Equal(["Deferred", "minji@example.test", "kim@far.test", "'=1+1"], deferred[1..5]);
        Assert.Contains("mx.far.test", deferred[7], StringComparison.Ordinal);

        // A day without mail.
        await page.GetByLabel("Until").FillAsync("2001-01-01");
        await page.GetByLabel("Until").BlurAsync();
        await Expect(page.GetByText("Nothing matches")).ToBeVisibleAsync();
        Assert.Single(await DownloadAsync(page));
        visitor.MustNotHaveComplained();
    }

    private static ILocator Tile(IPage page, string name) => page.Locator(".mp-tile", new() { Has = page.GetByText(name, new() { Exact = true }) }).Locator(".value");

    /// <summary>Sums of the columns under the chart: an hour may end while the mails are sent.</summary>
    private static async Task<string> TotalsAsync(IPage page)
    {
        var cells = await page.Locator(".mp-numbers tbody td").AllTextContentsAsync();
        return string.Join(' ', Enumerable.Range(0, 4).Select(column => cells.Where((_, index) => index % 4 == column).Sum(cell => int.Parse(cell, CultureInfo.InvariantCulture))));
    }

    private static async Task<IReadOnlyList<string[]>> DownloadAsync(IPage page)
    {
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Export" }).ClickAsync());
        Assert.Equal("mail-log.csv", download.SuggestedFilename);
        var bytes = await File.ReadAllBytesAsync((await download.PathAsync())!);
        Assert.Equal([0xEF, 0xBB, 0xBF], bytes[..3]); // without the mark a spreadsheet takes Korean for something else
        var text = System.Text.Encoding.UTF8.GetString(bytes[3..]);
        Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
        return [.. Csv(text)];
    }

    /// <summary>Reads RFC 4180, independently of what wrote it.</summary>
    private static IEnumerable<string[]> Csv(string text)
    {
        var row = new List<string>();
        var cell = new System.Text.StringBuilder();
        var quoted = false;
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (quoted && c == '"' && at + 1 < text.Length && text[at + 1] == '"')
            {
                cell.Append('"');
                at++;
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && c is (',' or '\r'))
            {
                row.Add(cell.ToString());
                cell.Clear();
                if (c == '\r')
                {
                    at++;
                    yield return [.. row];
                    row.Clear();
                }
            }
            else
            {
                cell.Append(c);
            }
        }
    }

    private async Task<IReadOnlyList<(string Subject, int Attempts)>> QueueAsync()
    {
        var list = await Server.JsonAsync("queue", "list");
        return [.. list.EnumerateArray().Select(message => (message.GetProperty("subject").GetString()!, message.GetProperty("recipients")[0].GetProperty("attempts").GetInt32()))];
    }

    private async Task SendAsync(string from, string to, int count, Func<int, string> subject)
    {
        using var client = new SmtpClient();
        var isOwn = from.EndsWith("@" + Server.Plan.Domain, StringComparison.Ordinal);
        await client.ConnectAsync("127.0.0.1", isOwn ? Server.Submission : Server.Smtp, SecureSocketOptions.None);
        if (isOwn)
        {
            await client.AuthenticateAsync("minji", Server.Plan.Password);
        }

        for (var n = 1; n <= count; n++)
        {
            var message = new MimeMessage { Subject = subject(n), Body = new TextPart("plain") { Text = "안녕하세요." } };
            message.From.Add(MailboxAddress.Parse(from));
            message.To.Add(MailboxAddress.Parse(to));
            await client.SendAsync(message);
        }

        await client.DisconnectAsync(quit: true);
    }
}
