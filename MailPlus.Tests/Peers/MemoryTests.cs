using System.Globalization;
using MailPlus.Tests.Support;
using Microsoft.Playwright;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Peers;

/// <summary>What the whole process takes of the machine's memory: at rest with a webmail open, and while a message of 50 MB passes through.</summary>
public sealed class MemoryTests(ITestOutputHelper log)
{
    private const long Megabyte = 1024 * 1024;
    private const long RestingLimit = 250 * Megabyte;
    private const long GrowthLimit = 30 * Megabyte;
    private const int BigMessage = 50_000_000;

    [SkippableFact]
    public async Task At_rest_with_one_open_webmail_the_process_stays_below_250_MB()
    {
        Skip.If(ChildProcess.Find("chromium") is null, "chromium is not installed");
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        await SendAsync(server, 20_000);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = ChildProcess.Find("chromium"),
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        });
        var page = await browser.NewPageAsync();
        page.SetDefaultTimeout(180_000);
        await page.GotoAsync($"http://localhost:{server.Web}/signin");
        await page.FillAsync("#name", server.Address("ann"));
        await page.FillAsync("#password", server.Plan.Password);
        await page.ClickAsync("button[type=submit].primary");
        await page.WaitForURLAsync("**/mail**");
        await page.GetByText("size 20000").First.WaitForAsync();

        var resident = server.ResidentBytes();
        log.WriteLine($"resident with one webmail open: {resident / Megabyte} MB");
        Assert.True(resident < RestingLimit, $"{resident / Megabyte} MB");
    }

    [Fact]
    public async Task A_message_of_50_MB_passes_without_the_process_growing_by_more_than_30_MB()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        for (var n = 0; n < 3; n++) // the code has run once: what it needs to run at all is part of the level at rest
        {
            await SendAsync(server, 2_000_000 + n);
            await ReadAsync(server, 2_000_000 + n);
        }

        await server.ManagedHeapAsync();
        var resting = server.ResidentBytes();
        await File.WriteAllTextAsync($"/proc/{server.ProcessId}/clear_refs", "5"); // the peak counts from here
        await SendAsync(server, BigMessage);
        var sent = server.PeakResidentBytes();
        await ReadAsync(server, BigMessage);
        var read = server.PeakResidentBytes();
        log.WriteLine($"resident at rest {resting / Megabyte} MB, peak while received {sent / Megabyte} MB, peak while also read {read / Megabyte} MB");
        Assert.True(read - resting < GrowthLimit, $"grew by {(sent - resting) / Megabyte} MB while the message was received, by {(read - resting) / Megabyte} MB in all");
    }

    /// <summary>Sends a message of about that size by SMTP, never holding it whole here.</summary>
    private static async Task SendAsync(RunningServer server, int size)
    {
        using var client = await WireClient.ConnectAsync(server.Smtp);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.example.net");
        Assert.StartsWith("250", await client.SmtpAsync("MAIL FROM:<big@example.net>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SmtpAsync($"RCPT TO:<{server.Address("ann")}>"), StringComparison.Ordinal);
        Assert.StartsWith("354", await client.SmtpAsync("DATA"), StringComparison.Ordinal);
        await client.SendAsync(
            $"From: big@example.net\r\nTo: ann@example.test\r\nSubject: size {size}\r\nMessage-ID: <{size}@example.net>\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the file.\r\n--b\r\n"
            + "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=big.bin\r\n\r\n");
        var lines = string.Concat(Enumerable.Repeat(new string('A', 76) + "\r\n", 800));
        for (var sent = 0; sent < size; sent += lines.Length)
        {
            await client.SendAsync(lines);
        }

        Assert.StartsWith("250", await client.SmtpAsync("--b--\r\n."), StringComparison.Ordinal);
    }

    /// <summary>Reads it whole by IMAP, and its attachment, throwing the octets away.</summary>
    private static async Task ReadAsync(RunningServer server, int size)
    {
        using var client = await WireClient.ConnectAsync(server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN ann {server.Plan.Password}");
        var uid = "";
        await Eventually.TrueAsync(
            async () =>
            {
                await client.ImapOkAsync("SELECT INBOX");
                var found = (await client.ImapOkAsync($"UID SEARCH SUBJECT \"size {size}\"")).First(l => l.StartsWith("* SEARCH", StringComparison.Ordinal)).Split(' ');
                uid = found.Length > 2 ? found[2] : "";
                return uid.Length > 0;
            },
            () => $"the message of {size} octets is in the mailbox");
        foreach (var section in new[] { "BODY.PEEK[]", "BODY.PEEK[2]" })
        {
            await client.SendAsync($"big UID FETCH {uid} ({section})\r\n");
            var line = await client.ReadLineAsync() ?? throw new EndOfStreamException();
            Assert.EndsWith("}", line, StringComparison.Ordinal);
            var length = int.Parse(line[(line.LastIndexOf('{') + 1)..^1], CultureInfo.InvariantCulture);
            Assert.True(length >= size, $"{section} has {length} octets");
            await client.SkipAsync(length);
            while (!(await client.ReadLineAsync() ?? throw new EndOfStreamException()).StartsWith("big OK", StringComparison.Ordinal))
            {
            }
        }
    }
}
