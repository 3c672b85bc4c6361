using MailPlus.Engine.Net.Lines;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Tests.Imap;
using MailPlus.Tests.Pop3;
using MailPlus.Tests.Smtp;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Net;

/// <summary>Peers that keep a session open by sending an octet now and then (slow loris): a line, and a message, has one deadline however it is cut up.</summary>
public sealed class SlowPeerTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task An_SMTP_command_sent_octet_by_octet_gains_no_time()
    {
        using var bench = new SmtpBench(clock: _clock);
        await using var ends = new MemoryConnection(clock: _clock);
        var served = Task.Run(() => ServeAsync(bench, ends));
        await ends.ReadLineAsync();
        Assert.StartsWith("421 4.4.2", await DripAsync(ends, "N"));
        await served;
    }

    [Fact]
    public async Task An_SMTP_message_sent_octet_by_octet_ends_when_it_falls_behind_the_least_pace()
    {
        using var bench = new SmtpBench(clock: _clock);
        await using var ends = new MemoryConnection(clock: _clock);
        var served = Task.Run(() => ServeAsync(bench, ends));
        await ends.ReadLineAsync();
        await ends.SendAsync("HELO x\r\nMAIL FROM:<x@far.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n");
        foreach (var code in new[] { "250", "250", "250", "354" })
        {
            Assert.StartsWith(code, await ends.ReadLineAsync());
        }

        Assert.StartsWith("421 4.4.2", await DripAsync(ends, "x"));
        await served;
        Assert.Empty(bench.Acceptance.Accepted);
    }

    [Fact]
    public async Task A_POP3_command_sent_octet_by_octet_gains_no_time()
    {
        await using var server = await Pop3UnderTest.StartAsync();
        var client = server.Connect(_clock);
        await client.ReadLineAsync();
        Assert.StartsWith("-ERR [SYS/TEMP]", await DripAsync(client, "N"));
    }

    [Fact]
    public async Task An_IMAP_command_sent_octet_by_octet_gains_no_time()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = server.Connect(clock: _clock);
        await client.ReadLineAsync();
        Assert.StartsWith("* BYE", await DripAsync(client, "N"));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("a1 LOGIN kim secret\r\n", "a1 OK")]
    [InlineData("a1 LOGIN kim secret\r\na2 SELECT INBOX\r\na3 IDLE\r\n", "+ ")]
    public async Task An_IMAP_client_that_has_gone_without_a_word_does_not_stay(string before, string last)
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = server.Connect(clock: _clock);
        var line = await client.ReadLineAsync();
        await client.SendAsync(before);
        while (before.Length > 0 && !line!.StartsWith(last, StringComparison.Ordinal))
        {
            line = await client.ReadLineAsync();
        }

        Assert.StartsWith("* BYE", await DripAsync(client, ""));
    }

    [Fact]
    public void A_message_has_time_to_come_and_more_the_more_has_come()
    {
        var pace = new ArrivalPace(_clock, TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.FromMinutes(5), pace.After(0));
        _clock.Advance(ArrivalPace.Free - TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromMinutes(1), pace.After(0));
        Assert.Equal(TimeSpan.FromMinutes(2), pace.After(60 * ArrivalPace.LeastPace));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, pace.After(60 * ArrivalPace.LeastPace));
        Assert.Equal(TimeSpan.FromMinutes(5), pace.After(50_000_000));
    }

    private static async Task ServeAsync(SmtpBench bench, MemoryConnection ends)
    {
        await new SmtpHandler(SmtpRole.Mx, bench.Door).ServeAsync(ends.Server, ends.Server.Aborted);
        await ends.Server.DisposeAsync(); // says the last words, as the listener does
    }

    /// <summary>Sends an octet every half minute until the server says something: it must long before a thousand.</summary>
    private async Task<string?> DripAsync(MemoryConnection client, string octet)
    {
        var said = client.ReadLineAsync();
        for (var sent = 0; sent < 1000 && !said.IsCompleted; sent++)
        {
            await client.SendAsync(octet);
            _clock.Advance(TimeSpan.FromSeconds(30));
            client.Server.CheckDeadline(_clock.GetTimestamp());
            await Task.WhenAny(said, Task.Delay(30));
        }

        Assert.True(said.IsCompleted, "a thousand octets, one every half minute, kept the session open");
        return await said;
    }
}
