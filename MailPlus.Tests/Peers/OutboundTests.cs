using System.Text.Json;
using MailPlus.Tests.Support;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>A server whose DNS is a test zone and whose next hops listen on one Postfix's port.</summary>
public sealed class OutboundServer : IAsyncLifetime
{
    public const string RemoteDomain = "remote.test";

    private PostfixPeer? _postfix;

    public RunningServer Server { get; private set; } = null!;

    public TestZone Zone { get; private set; } = null!;

    internal PostfixPeer Postfix => _postfix ?? throw new InvalidOperationException("Postfix was not started");

    public bool CanRunPostfix { get; } = ChildProcess.Find("postfix") is not null && Environment.UserName == "root";

    public async Task InitializeAsync()
    {
        Zone = TestZone.Start()
            .Mx(RemoteDomain, "mx.remote.test").A("mx.remote.test", "127.0.0.1")
            .Mx("unreachable.test", "mx.unreachable.test").A("mx.unreachable.test", "127.127.0.77") // nothing listens there
            .Mx("null-mx.test", ".")
            .A("no-mx.test", "127.0.0.1")
            .Fails("broken.test");
        var settings = new Dictionary<string, string>
        {
            ["Resolver.Servers"] = $"[\"{Zone.EndPoint}\"]",
            ["Resolver.TimeoutSeconds"] = "60",
            ["Delivery.RetrySeconds"] = "[2,2,3]",
        };
        if (CanRunPostfix)
        {
            _postfix = await PostfixPeer.StartAsync(RemoteDomain, new Dictionary<string, string>
            {
                ["never"] = "550 5.1.1 there is no such person here",
                ["later"] = "450 4.2.0 come back later",
            });
            settings["Delivery.RemotePort"] = $"{_postfix.Port}";
        }

        Server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"], Settings = settings });
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Zone.Dispose();
        if (_postfix is not null)
        {
            await _postfix.DisposeAsync();
        }
    }
}

/// <summary>Mail that leaves: to a real Postfix, found through DNS.</summary>
public sealed class OutboundTests(OutboundServer outbound) : IClassFixture<OutboundServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task A_message_is_relayed_to_the_MX_of_its_domain()
    {
        NeedPostfix();
        await SubmitAsync("kim@remote.test", "gone out");
        await Eventually.TrueAsync(
            () => Task.FromResult(outbound.Postfix.Received("kim").Count > 0), () => $"Postfix has the message\n{Evidence()}", Patience);
        var message = Assert.Single(outbound.Postfix.Received("kim"));
        Assert.Contains("Subject: gone out", message, StringComparison.Ordinal);
        Assert.Contains("by mail.example.test", message, StringComparison.Ordinal);
        Assert.Contains($"Return-Path: <{outbound.Server.Address("ann")}>", message, StringComparison.Ordinal);
        await QueueEmptyOfAsync("kim@remote.test");
    }

    [SkippableFact]
    public async Task A_domain_without_MX_gets_its_mail_at_its_address()
    {
        NeedPostfix();
        await SubmitAsync("someone@no-mx.test", "no mx");
        // Postfix refuses the domain (no relaying), which proves that the message was offered to it.
        var bounce = await BounceOfAsync("someone@no-mx.test");
        Assert.StartsWith("5.7.1", bounce.Status, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_4xx_is_retried_on_schedule_until_it_is_taken()
    {
        NeedPostfix();
        await SubmitAsync("later@remote.test", "patience");
        JsonElement waiting = default;
        await Eventually.TrueAsync(
            async () => TryFind(await QueueAsync(), "later@remote.test", out waiting) && waiting.GetProperty("attempts").GetInt32() >= 2,
            () => $"the recipient was tried twice; the queue says {waiting}\n{Evidence()}",
            Patience);
        Assert.Contains("4.2.0", waiting.GetProperty("lastReply").GetString(), StringComparison.Ordinal);
        Assert.Contains("come back later", waiting.GetProperty("lastReply").GetString(), StringComparison.Ordinal);
        Assert.Empty(outbound.Postfix.Received("later"));

        await outbound.Postfix.ReplyAsync(new Dictionary<string, string> { ["never"] = "550 5.1.1 there is no such person here" });
        await Eventually.TrueAsync(
            () => Task.FromResult(outbound.Postfix.Received("later").Count > 0), () => $"the retry was taken\n{Evidence()}", Patience);
        Assert.Single(outbound.Postfix.Received("later"));
        await QueueEmptyOfAsync("later@remote.test");
    }

    [SkippableFact]
    public async Task A_5xx_bounces_with_a_well_formed_DSN()
    {
        NeedPostfix();
        await SubmitAsync("never@remote.test", "to nobody");
        var bounce = await BounceOfAsync("never@remote.test");
        Assert.Equal("failed", bounce.Action);
        Assert.Equal("5.1.1", bounce.Status);
        Assert.Contains("there is no such person here", bounce.Diagnostic, StringComparison.Ordinal);
        await QueueEmptyOfAsync("never@remote.test");
    }

    [Fact]
    public async Task A_domain_that_does_not_exist_bounces()
    {
        await SubmitAsync("who@does-not-exist.test", "no domain");
        var bounce = await BounceOfAsync("who@does-not-exist.test");
        Assert.Equal("failed", bounce.Action);
        Assert.Equal("5.1.2", bounce.Status);
    }

    [Fact]
    public async Task A_domain_that_takes_no_mail_bounces()
    {
        await SubmitAsync("who@null-mx.test", "null mx");
        var bounce = await BounceOfAsync("who@null-mx.test");
        Assert.Equal("5.1.10", bounce.Status); // RFC 7505 3
    }

    [Theory]
    [InlineData("unreachable.test", "refused")]
    [InlineData("broken.test", "DNS")]
    public async Task An_unreachable_host_defers_with_a_clear_reason(string domain, string reason)
    {
        var recipient = $"far@{domain}";
        await SubmitAsync(recipient, "unreachable");
        JsonElement waiting = default;
        await Eventually.TrueAsync(
            async () => TryFind(await QueueAsync(), recipient, out waiting) && waiting.GetProperty("lastReply").GetString()!.Length > 0,
            () => $"the queue gives a reason; it says {waiting}\n{Evidence()}",
            Patience);
        Assert.Contains(reason, waiting.GetProperty("lastReply").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains(domain, waiting.GetProperty("lastReply").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.True(waiting.GetProperty("nextAttempt").ValueKind is JsonValueKind.String or JsonValueKind.Number);
    }

    private void NeedPostfix() => Skip.IfNot(outbound.CanRunPostfix, "postfix is not installed, or the tests do not run as root");

    private async Task SubmitAsync(string recipient, string subject)
    {
        using var client = await WireClient.ConnectAsync(outbound.Server.Submission);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.example.net");
        var login = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0ann\0{outbound.Server.Plan.Password}"));
        Assert.StartsWith("235", await client.SmtpAsync($"AUTH PLAIN {login}"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SmtpAsync($"MAIL FROM:<{outbound.Server.Address("ann")}>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SmtpAsync($"RCPT TO:<{recipient}>"), StringComparison.Ordinal);
        Assert.StartsWith("354", await client.SmtpAsync("DATA"), StringComparison.Ordinal);
        var reply = await client.SmtpAsync($"From: Ann <{outbound.Server.Address("ann")}>\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\nHello.\r\n.");
        Assert.StartsWith("250", reply, StringComparison.Ordinal);
    }

    private async Task<JsonElement> QueueAsync() => await outbound.Server.JsonAsync("queue", "list");

    /// <summary>Finds a recipient anywhere in what the verb lists.</summary>
    private static bool TryFind(JsonElement at, string recipient, out JsonElement found)
    {
        found = default;
        switch (at.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in at.EnumerateArray())
                {
                    if (TryFind(item, recipient, out found))
                    {
                        return true;
                    }
                }

                return false;
            case JsonValueKind.Object:
                if (at.TryGetProperty("address", out var address) && address.ValueKind == JsonValueKind.String && address.GetString() == recipient)
                {
                    found = at;
                    return true;
                }

                foreach (var property in at.EnumerateObject())
                {
                    if (TryFind(property.Value, recipient, out found))
                    {
                        return true;
                    }
                }

                return false;
            default:
                return false;
        }
    }

    private async Task QueueEmptyOfAsync(string recipient) => await Eventually.TrueAsync(
        async () => !TryFind(await QueueAsync(), recipient, out _), () => $"{recipient} has left the queue", Patience);

    /// <summary>The DSN in the sender's INBOX that reports on a recipient, taken apart and checked against RFC 3462 and 3464.</summary>
    private async Task<(string Action, string Status, string Diagnostic)> BounceOfAsync(string recipient)
    {
        using var client = await WireClient.ConnectAsync(outbound.Server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN ann {outbound.Server.Plan.Password}");
        MimeMessage? bounce = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await client.ImapOkAsync("EXAMINE INBOX");
                foreach (var line in await client.ImapOkAsync("UID FETCH 1:* (BODY.PEEK[])"))
                {
                    var start = line.IndexOf("}\r\n", StringComparison.Ordinal);
                    if (start > 0 && line.Contains(recipient, StringComparison.Ordinal))
                    {
                        using var bytes = new MemoryStream(System.Text.Encoding.Latin1.GetBytes(line[(start + 3)..line.LastIndexOf(')')]));
                        bounce = await MimeMessage.LoadAsync(bytes);
                    }
                }

                return bounce is not null;
            },
            () => $"a bounce about {recipient} is in the INBOX\n{Evidence()}",
            Patience);

        var report = Assert.IsType<MultipartReport>(bounce!.Body);
        Assert.Equal("delivery-status", report.ReportType);
        Assert.Equal("<>", bounce.Headers["Return-Path"]);
        Assert.StartsWith("auto-", bounce.Headers[HeaderId.AutoSubmitted], StringComparison.Ordinal);
        Assert.Equal(outbound.Server.Address("ann"), Assert.Single(bounce.To.Mailboxes).Address);
        Assert.IsType<TextPart>(report[0]);
        var status = Assert.IsType<MessageDeliveryStatus>(report[1]);
        Assert.Equal(2, status.StatusGroups.Count);
        Assert.Equal("dns; mail.example.test", status.StatusGroups[0]["Reporting-MTA"]);
        var group = status.StatusGroups[1];
        Assert.Equal($"rfc822; {recipient}", group["Final-Recipient"], ignoreCase: true);
        var original = Assert.IsAssignableFrom<MessagePart>(report[2]); // the whole message, or its headers only
        Assert.Equal(recipient, original.Message!.Headers["To"]);
        return (group["Action"] ?? "", group["Status"] ?? "", group["Diagnostic-Code"] ?? "");
    }

    private string Evidence() => string.Join('\n', outbound.Server.Output.TakeLast(40)) + (outbound.CanRunPostfix ? $"\n--- postfix\n{outbound.Postfix.Log()}" : "");
}
