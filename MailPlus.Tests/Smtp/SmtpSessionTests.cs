using System.Text;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Smtp;

public sealed class SmtpSessionTests
{
    private const string ToAlice = "EHLO c.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<alice@example.test>\r\n";

    [Fact]
    public async Task A_big_message_goes_through_a_file_and_leaves_none_behind()
    {
        using var bench = new SmtpBench(change: s => s with { MaximumMessageSize = 5_000_000 });
        await using var ends = new MemoryConnection();
        var served = Serve(ends, bench);
        var line = new string('x', 70) + "\r\n";
        var body = string.Concat(Enumerable.Repeat(line, 20_000));
        await SayAsync(ends, ToAlice + "DATA\r\n", "354");
        await ends.SendAsync(body + ".\r\nQUIT\r\n");
        Assert.StartsWith("250 2.0.0", await ends.ReadLineAsync());
        await ReadToAsync(ends, "221");
        await served;
        Assert.True(bench.Acceptance.Accepted.TryDequeue(out var message));
        Assert.True(message.WasFile);
        Assert.Equal(body, message.Text);
        Assert.Equal(0, bench.SpoolFiles);
    }

    [Fact]
    public async Task The_size_is_enforced_while_reading_and_the_dialogue_stays_in_step()
    {
        using var bench = new SmtpBench();
        await using var ends = new MemoryConnection();
        var served = Serve(ends, bench);
        await SayAsync(ends, ToAlice + "DATA\r\n", "354");
        var line = new string('x', 998) + "\r\n";
        for (var i = 0; i < 1000; i++)
        {
            await ends.SendAsync(line); // a megabyte against a limit of 100,000 octets
        }

        await ends.SendAsync(".\r\nNOOP\r\n");
        Assert.StartsWith("552 5.3.4", await ReadToAsync(ends, "552"));
        Assert.Equal("250 2.0.0 Ok", await ends.ReadLineAsync());
        await SayAsync(ends, "MAIL FROM:<a@b.test>\r\nRCPT TO:<alice@example.test>\r\nBDAT 150000\r\n" + new string('y', 150_000) + "NOOP\r\nQUIT\r\n", "552");
        Assert.Equal("250 2.0.0 Ok", await ends.ReadLineAsync());
        await served;
        Assert.Empty(bench.Acceptance.Accepted);
        Assert.Equal(0, bench.SpoolFiles);
    }

    [Fact]
    public async Task What_never_ends_is_cut_off()
    {
        using var bench = new SmtpBench(change: s => s with { MaximumMessageSize = 65_536 });
        await using var ends = new MemoryConnection();
        var served = Serve(ends, bench);
        await SayAsync(ends, ToAlice + "DATA\r\n", "354");
        var block = new byte[100_000];
        Array.Fill(block, (byte)'x');
        var sent = 0L;
        while (sent < 100_000_000 && await ends.TrySendAsync(block))
        {
            sent += block.Length;
        }

        await served;
        Assert.InRange(sent, 10_000_000, 20_000_000);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(60)]
    public async Task An_idle_peer_is_told_421_and_left(int idleSeconds)
    {
        var clock = new FakeTimeProvider();
        using var bench = new SmtpBench(change: s => s with { IdleSeconds = idleSeconds }, clock: clock);
        await using var ends = new MemoryConnection(clock: clock);
        var served = Serve(ends, bench);
        await ends.ReadLineAsync();
        clock.Advance(TimeSpan.FromSeconds(idleSeconds - 2));
        ends.Server.CheckDeadline(clock.GetTimestamp());
        await ends.SendAsync("NOOP\r\n");
        Assert.StartsWith("250", await ends.ReadLineAsync());
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(idleSeconds + 1));
                ends.Server.CheckDeadline(clock.GetTimestamp());
                return Task.FromResult(served.IsCompleted);
            },
            () => "the session ends",
            longestPause: 20);
        Assert.Equal("421 4.4.2 mail.example.test timeout exceeded", await ends.ReadLineAsync());
        await served;
    }

    [Fact]
    public async Task When_the_server_stops_an_idle_session_hears_421_and_a_message_under_way_is_taken()
    {
        using var bench = new SmtpBench();
        await using var idle = new MemoryConnection();
        var idleServed = Serve(idle, bench);
        await idle.ReadLineAsync();
        await using var busy = new MemoryConnection();
        var busyServed = Serve(busy, bench);
        await SayAsync(busy, ToAlice + "DATA\r\n", "354");
        idle.Server.AskToClose();
        busy.Server.AskToClose();
        Assert.Equal("421 4.3.2 mail.example.test is shutting down", await idle.ReadLineAsync());
        await busy.SendAsync("text\r\n.\r\n");
        Assert.StartsWith("250 2.0.0 Ok: queued", await busy.ReadLineAsync());
        Assert.Equal("421 4.3.2 mail.example.test is shutting down", await busy.ReadLineAsync());
        await idleServed;
        await busyServed;
        Assert.Single(bench.Acceptance.Accepted);
    }

    // mail-rules 5
    [Fact]
    public async Task A_message_whose_sender_left_before_the_250_is_remembered()
    {
        using var bench = new SmtpBench();
        await using var ends = new MemoryConnection();
        var reached = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        bench.Acceptance.Meanwhile = async _ =>
        {
            reached.SetResult();
            await go.Task;
        };
        var served = Serve(ends, bench);
        await SayAsync(ends, ToAlice + "DATA\r\n", "354");
        await ends.SendAsync("text\r\n.\r\n");
        await reached.Task;
        ends.FinishSending();
        go.SetResult();
        await served;
        Assert.Single(bench.Acceptance.Accepted);
        Assert.Single(bench.Acceptance.Lost);
    }

    [Fact]
    public async Task A_message_and_QUIT_sent_in_one_go_are_no_lost_reply()
    {
        using var bench = new SmtpBench();
        await using var ends = new MemoryConnection();
        var served = Serve(ends, bench);
        await ends.SendAsync(ToAlice + "DATA\r\ntext\r\n.\r\nQUIT\r\n");
        ends.FinishSending();
        await ReadToAsync(ends, "221");
        await served;
        Assert.Single(bench.Acceptance.Accepted);
        Assert.Empty(bench.Acceptance.Lost);
    }

    // mail-rules 3, 5
    [Fact]
    public async Task Acceptance_that_takes_too_long_is_answered_451()
    {
        var clock = new FakeTimeProvider();
        using var bench = new SmtpBench(clock: clock);
        await using var ends = new MemoryConnection();
        var reached = new TaskCompletionSource();
        bench.Acceptance.Meanwhile = async token =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        };
        var served = Serve(ends, bench);
        await SayAsync(ends, ToAlice + "DATA\r\n", "354");
        await ends.SendAsync("text\r\n.\r\n");
        await reached.Task;
        clock.Advance(TimeSpan.FromSeconds(121));
        Assert.StartsWith("451 4.3.0", await ends.ReadLineAsync());
        await ends.SendAsync("QUIT\r\n");
        await ReadToAsync(ends, "221");
        await served;
    }

    // mail-rules 14
    [Fact]
    public async Task Recipient_n_plus_one_gets_452_and_the_others_the_message()
    {
        using var bench = new SmtpBench(change: s => s with { MaximumRecipients = 2 });
        await using var ends = new MemoryConnection();
        var served = Serve(ends, bench);
        await SayAsync(ends, ToAlice + "RCPT TO:<bob@example.test>\r\nRCPT TO:<postmaster@example.test>\r\n", "452 4.5.3");
        await SayAsync(ends, "DATA\r\n", "354");
        await ends.SendAsync("text\r\n.\r\nQUIT\r\n");
        await ReadToAsync(ends, "221");
        await served;
        Assert.Equal(2, Assert.Single(bench.Acceptance.Accepted).Envelope.Recipients.Count);
    }

    [Fact]
    public async Task A_bug_in_acceptance_is_answered_without_detail_and_ends_the_session()
    {
        using var bench = new SmtpBench();
        await using var ends = new MemoryConnection();
        bench.Acceptance.Meanwhile = _ => throw new InvalidOperationException("the detail");
        var served = Serve(ends, bench);
        await SayAsync(ends, ToAlice + "DATA\r\n", "354");
        await ends.SendAsync("text\r\n.\r\n");
        var reply = await ends.ReadLineAsync();
        Assert.StartsWith("421 4.3.0", reply);
        Assert.DoesNotContain("detail", reply);
        await Assert.ThrowsAsync<InvalidOperationException>(() => served);
    }

    [Fact]
    public async Task The_source_says_how_the_message_came()
    {
        using var bench = new SmtpBench();
        await using var ends = new MemoryConnection();
        var served = Serve(ends, bench);
        await SayAsync(ends, ToAlice.Replace("<a@b.test>", "<a@b.test> SMTPUTF8 RET=FULL ENVID=x+2By") + "DATA\r\n", "354");
        await ends.SendAsync("text\r\n.\r\nQUIT\r\n");
        await ReadToAsync(ends, "221");
        await served;
        var message = Assert.Single(bench.Acceptance.Accepted);
        Assert.Equal(("UTF8SMTP", "c.test", "test"), (message.Source.Protocol, message.Source.Helo, message.Source.ConnectionId));
        Assert.Equal(("x+y", MailPlus.Engine.Primitives.DsnReturn.Full, true), (message.Envelope.EnvelopeId, message.Envelope.Return, message.Envelope.SmtpUtf8));
    }

    private static async Task Serve(MemoryConnection ends, SmtpBench bench)
    {
        try
        {
            await new SmtpHandler(SmtpRole.Mx, bench.Door).ServeAsync(ends.Server, ends.Server.Aborted);
        }
        finally
        {
            await ends.Server.DisposeAsync();
        }
    }

    private static async Task SayAsync(MemoryConnection ends, string text, string expected)
    {
        await ends.SendAsync(text);
        await ReadToAsync(ends, expected);
    }

    /// <summary>Reads replies until one begins as expected; the end fails the test.</summary>
    private static async Task<string> ReadToAsync(MemoryConnection ends, string expected)
    {
        var seen = new StringBuilder();
        while (await ends.ReadLineAsync() is { } line)
        {
            seen.AppendLine(line);
            if (line.StartsWith(expected))
            {
                return line;
            }
        }

        throw new EndOfStreamException($"no {expected} in\n{seen}");
    }
}
