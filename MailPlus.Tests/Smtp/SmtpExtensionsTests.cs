using System.Text;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Smtp;

/// <summary>Extensions of submission on a running server, through queue and mailbox: what a client asks and an administrator sees.</summary>
public sealed class SmtpExtensionsTests
{
    [Fact]
    public async Task Messages_are_held_shown_cancelled_and_started()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Settings = new Dictionary<string, string> { ["Smtp.MaximumHoldDays"] = "2", ["Smtp.Expand"] = "SignedIn" } });
        using var smtp = await WireClient.ConnectAsync(server.Submission);
        Assert.StartsWith("220", await smtp.ReadReplyAsync());
        await smtp.SmtpAsync("EHLO client.test");
        var own = server.Address(server.Plan.Administrator);
        Assert.StartsWith("235", await smtp.SmtpAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{server.Plan.Administrator}\0{server.Plan.Password}"))));
        Assert.StartsWith("501", await smtp.SmtpAsync($"MAIL FROM:<{own}> HOLDFOR=172801"));
        await SendAsync(smtp, own, "HOLDFOR=172800", "tomorrow");
        await SendAsync(smtp, own, "HOLDFOR=1 MT-PRIORITY=5 BY=600;N", "soon");

        var held = (await server.JsonAsync("queue", "list")).EnumerateArray().Single(entry => entry.GetProperty("subject").GetString() == "tomorrow");
        Assert.True(held.GetProperty("heldUntil").GetDateTimeOffset() > TimeProvider.System.GetUtcNow().AddDays(1));
        var id = held.GetProperty("id").GetString()!;
        Assert.StartsWith("0 ", (await server.VerbAsync(["queue", "retry", id])).Output);
        await server.VerbAsync(["queue", "remove", id]);
        await Eventually.TrueAsync(async () => (await server.JsonAsync("queue", "list")).GetArrayLength() == 0, () => "the other one has been delivered");

        Assert.StartsWith("251", await smtp.SmtpAsync("ETRN far.test"));
        Assert.Equal("250", (await smtp.SmtpAsync($"EXPN {own}"))![..3]);
        Assert.StartsWith("214", await smtp.SmtpAsync("HELP ETRN"));
        using var imap = await WireClient.ConnectAsync(server.Imap);
        await imap.ReadLineAsync();
        await imap.ImapOkAsync($"LOGIN {server.Plan.Administrator} \"{server.Plan.Password}\"");
        Assert.Contains("* 1 EXISTS", await imap.ImapOkAsync("SELECT INBOX"));
        Assert.Contains(await imap.ImapOkAsync("FETCH 1 BODY[HEADER]"), line => line.Contains("priority 5;", StringComparison.Ordinal) && line.Contains("Subject: soon", StringComparison.Ordinal));
    }

    private static async Task SendAsync(WireClient smtp, string own, string parameters, string subject)
    {
        Assert.StartsWith("250", await smtp.SmtpAsync($"MAIL FROM:<{own}> {parameters}"));
        Assert.StartsWith("250", await smtp.SmtpAsync($"RCPT TO:<{own}>"));
        Assert.StartsWith("354", await smtp.SmtpAsync("DATA"));
        Assert.StartsWith("250", await smtp.SmtpAsync($"From: {own}\r\nSubject: {subject}\r\n\r\ntext\r\n."));
    }
}
