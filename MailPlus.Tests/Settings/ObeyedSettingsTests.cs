using System.Globalization;
using System.Net;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Settings;

/// <summary>A running server whose settings a script changes.</summary>
public sealed class TurnableServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public RestClient Rest { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        Rest = new RestClient(Server, "admin");
    }

    public async Task DisposeAsync()
    {
        Rest.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>Each setting of the protocols is turned on a running server, which then behaves otherwise without a restart, and is turned back.</summary>
public sealed class ObeyedSettingsTests(TurnableServer turnable) : IClassFixture<TurnableServer>
{
    [Fact]
    public async Task The_host_name_is_what_the_greeting_says()
    {
        Assert.StartsWith("220 mail.example.test ", await GreetingAsync());
        await TurnedAsync("Smtp.Hostname", "mail.example.test", "post.example.test", async () => Assert.StartsWith("220 post.example.test ", await GreetingAsync()));
    }

    [Fact]
    public async Task The_message_size_is_announced_and_enforced() => await TurnedAsync("Smtp.MaximumMessageSize", "52428800", "65536", async () =>
    {
        using var client = await SmtpAsync();
        await client.SendAsync("EHLO c.test\r\n");
        Assert.Contains("SIZE 65536", await WholeReplyAsync(client));
        Assert.StartsWith("552 5.3.4", await client.SmtpAsync("MAIL FROM:<a@b.test> SIZE=65537"));
        Assert.StartsWith("250", await client.SmtpAsync("MAIL FROM:<a@b.test> SIZE=65536"));

        using var imap = await ImapAsync();
        var answer = await imap.ImapAsync("APPEND INBOX {65537+}\r\n" + new string('x', 65_537));
        Assert.Contains("NO [TOOBIG]", answer[^1]);
    });

    [Fact]
    public async Task One_recipient_more_than_allowed_is_put_off() => await TurnedAsync("Smtp.MaximumRecipients", "1000", "100", async () =>
    {
        using var client = await SmtpAsync();
        await client.SmtpAsync("EHLO c.test");
        await client.SmtpAsync("MAIL FROM:<a@b.test>");
        for (var n = 0; n < 100; n++)
        {
            Assert.StartsWith("250", await client.SmtpAsync($"RCPT TO:<ann+{n}@example.test>"));
        }

        Assert.StartsWith("452 4.5.3", await client.SmtpAsync("RCPT TO:<ann+100@example.test>"));
    });

    [Fact]
    public async Task A_message_that_passed_too_many_servers_is_a_loop()
    {
        var hops = string.Concat(Enumerable.Range(0, 12).Select(n => $"Received: from a{n} by b{n}; Tue, 24 Nov 2026 10:00:00 +0000\r\n"));
        Assert.StartsWith("250", await DeliverAsync(hops));
        await TurnedAsync("Smtp.MaximumHops", "50", "10", async () => Assert.StartsWith("554 5.4.6", await DeliverAsync(hops)));
    }

    [Fact]
    public async Task Messages_a_connection_are_counted() => await TurnedAsync("Smtp.MaximumMessagesPerConnection", "0", "1", async () =>
    {
        using var client = await SmtpAsync();
        await client.SmtpAsync("EHLO c.test");
        Assert.StartsWith("250", await DeliverAsync("", client));
        Assert.StartsWith("421 ", await client.SmtpAsync("MAIL FROM:<a@b.test>"));
    });

    [Fact]
    public async Task Sessions_of_one_account_are_counted() => await TurnedAsync("Imap.MaximumSessionsPerAccount", "100", "1", async () =>
    {
        using var first = await ImapAsync();
        using var second = await WireClient.ConnectAsync(turnable.Server.Imap);
        await second.ReadLineAsync();
        Assert.Contains("NO [LIMIT]", (await second.ImapAsync($"LOGIN ann {turnable.Server.Plan.Password}"))[^1]);
        await first.ImapAsync("LOGOUT");
        await Eventually.TrueAsync(
            async () => (await second.ImapAsync($"LOGIN ann {turnable.Server.Plan.Password}"))[^1].Contains(" OK", StringComparison.Ordinal), () => "the place is free again");
    });

    [Fact]
    public async Task The_server_says_what_administrators_remark_and_how_to_reach_them() => await TurnedAsync("Imap.ServerComment", "", "back at nine", async () =>
        await TurnedAsync("Imap.ServerAdmin", "", "boss@example.test", async () =>
        {
            using var client = await ImapAsync();
            var lines = await client.ImapAsync("GETMETADATA \"\" (/shared/comment /shared/admin)");
            Assert.Equal("* METADATA \"\" (/shared/admin \"mailto:boss@example.test\" /shared/comment \"back at nine\")", lines[0]);
        }));

    // mail-rules 13
    [Fact]
    public async Task A_full_mailbox_is_told_at_RCPT()
    {
        Assert.StartsWith("250", await DeliverAsync(""));
        await Eventually.TrueAsync(async () => await UsedAsync() > 0, () => "the message counts");
        await TurnedAsync("Quota.DefaultOctets", "0", "1", async () =>
        {
            using var client = await SmtpAsync();
            await client.SmtpAsync("EHLO c.test");
            await client.SmtpAsync("MAIL FROM:<a@b.test>");
            Assert.StartsWith("452 4.2.2", await client.SmtpAsync("RCPT TO:<ann@example.test>"));
        });
    }

    [Fact]
    public async Task A_mailbox_with_too_many_messages_is_told_at_RCPT()
    {
        Assert.StartsWith("250", await DeliverAsync(""));
        await Eventually.TrueAsync(async () => await UsedAsync() > 0, () => "the message counts");
        await TurnedAsync("Quota.DefaultMessages", "0", "1", async () =>
        {
            using var client = await SmtpAsync();
            await client.SmtpAsync("EHLO c.test");
            await client.SmtpAsync("MAIL FROM:<a@b.test>");
            Assert.StartsWith("452 4.2.2", await client.SmtpAsync("RCPT TO:<ann@example.test>"));
        });
    }

    [Fact]
    public async Task Connections_of_all_are_counted() => await TurnedAsync("Service.MaximumConnections", "10000", "10", async () =>
    {
        var held = new List<WireClient>();
        try
        {
            string? greeting;
            do
            {
                held.Add(await WireClient.ConnectAsync(turnable.Server.Smtp));
                greeting = await held[^1].ReadLineAsync();
            }
            while (held.Count <= 10 && greeting?.StartsWith("220 ", StringComparison.Ordinal) == true);
            Assert.StartsWith("421 ", greeting);
        }
        finally
        {
            held.ForEach(one => one.Dispose());
        }
    });

    private async Task<long> UsedAsync()
    {
        using var imap = await ImapAsync();
        var quota = await imap.ImapOkAsync("STATUS INBOX (SIZE)");
        var size = quota[0][(quota[0].LastIndexOf(' ') + 1)..].TrimEnd(')');
        return long.Parse(size, CultureInfo.InvariantCulture);
    }

    private async Task TurnedAsync(string name, string usual, string turned, Func<Task> check)
    {
        await turnable.Rest.SetAsync((name, turned));
        try
        {
            await check();
        }
        finally
        {
            await turnable.Rest.SetAsync((name, usual));
        }
    }

    private async Task<WireClient> SmtpAsync()
    {
        var client = await WireClient.ConnectAsync(turnable.Server.Smtp);
        await client.ReadReplyAsync();
        return client;
    }

    private async Task<string?> GreetingAsync()
    {
        using var client = await WireClient.ConnectAsync(turnable.Server.Smtp);
        return await client.ReadLineAsync();
    }

    private async Task<WireClient> ImapAsync()
    {
        var client = await WireClient.ConnectAsync(turnable.Server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN ann {turnable.Server.Plan.Password}");
        return client;
    }

    private async Task<string?> DeliverAsync(string header, WireClient? session = null)
    {
        using var own = session is null ? await SmtpAsync() : null;
        var client = session ?? own!;
        if (session is null)
        {
            await client.SmtpAsync("EHLO c.test");
        }

        await client.SmtpAsync("MAIL FROM:<a@b.test>");
        await client.SmtpAsync("RCPT TO:<ann@example.test>");
        await client.SmtpAsync("DATA");
        return await client.SmtpAsync($"{header}From: <a@b.test>\r\nSubject: hello\r\n\r\ntext\r\n.");
    }

    private static async Task<string> WholeReplyAsync(WireClient client)
    {
        var lines = new List<string>();
        do
        {
            lines.Add(await client.ReadLineAsync() ?? throw new EndOfStreamException());
        }
        while (lines[^1][3] == '-');
        return string.Join('\n', lines);
    }
}
