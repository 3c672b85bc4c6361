using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Pop3.Wire;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Pop3;

/// <summary>What no transcript can say: octets at odd places, big messages, time, hostile clients.</summary>
public sealed class Pop3SessionTests
{
    [Fact]
    public async Task Octets_after_STLS_are_never_taken_for_commands_under_TLS()
    {
        await using var server = await Pop3UnderTest.StartAsync(isLab: false);
        var client = server.Connect();
        Assert.StartsWith("+OK", await client.ReadLineAsync());
        await client.SendAsync("STLS\r\nUSER kim\r\nUTF8\r\n");
        Assert.StartsWith("+OK Begin", await client.ReadLineAsync());
        await client.StartTlsAsync();
        await client.SendAsync($"PASS {SystemUnderTest.Password}\r\n");
        Assert.Equal("-ERR Send USER first", await client.ReadLineAsync());
    }

    [Fact]
    public async Task A_big_message_comes_whole_with_its_dots()
    {
        await using var server = await Pop3UnderTest.StartAsync();
        var text = new StringBuilder("Subject: big\r\n\r\n");
        for (var i = 0; text.Length < 3_000_000; i++)
        {
            text.Append(i % 3 == 0 ? ".\r\n" : i % 3 == 1 ? "..x\r\n" : "an ordinary line\r\n");
        }

        await server.AppendAsync(Encoding.ASCII.GetBytes(text.ToString()));
        var client = await server.SignInAsync();
        await client.SendAsync("RETR 1\r\nTOP 1 3\r\n");
        Assert.Equal($"+OK {text.Length} octets", await client.ReadLineAsync());
        Assert.Equal(text.ToString(), await ReadBodyAsync(client));
        await client.ReadLineAsync();
        Assert.Equal("Subject: big\r\n\r\n.\r\n..x\r\nan ordinary line\r\n", await ReadBodyAsync(client));
    }

    [Fact]
    public async Task Bare_line_ends_in_a_stored_message_never_end_the_answer_early()
    {
        await using var server = await Pop3UnderTest.StartAsync();
        await server.AppendAsync("Subject: odd\n\nfirst\n.\nsecond\r.\rthird"u8.ToArray());
        var client = await server.SignInAsync();
        await client.SendAsync("RETR 1\r\nNOOP\r\n");
        await client.ReadLineAsync();
        Assert.Equal("Subject: odd\r\n\r\nfirst\r\n.\r\nsecond\r\n.\r\nthird\r\n", await ReadBodyAsync(client));
        Assert.Equal("+OK Nothing done", await client.ReadLineAsync());
    }

    [Fact]
    public async Task Without_QUIT_nothing_is_deleted_and_the_maildrop_is_free_again()
    {
        await using var server = await Pop3UnderTest.StartAsync();
        await server.AppendAsync("Subject: kept\r\n\r\n"u8.ToArray());
        var client = await server.SignInAsync();
        await client.SendAsync("DELE 1\r\n");
        Assert.StartsWith("+OK", await client.ReadLineAsync());
        client.FinishSending();
        Assert.Null(await client.ReadLineAsync());
        var again = await server.SignInAsync();
        await again.SendAsync("STAT\r\n");
        Assert.Equal("+OK 1 17", await again.ReadLineAsync());
    }

    [Fact]
    public async Task An_idle_session_is_told_and_deletes_nothing()
    {
        await using var server = await Pop3UnderTest.StartAsync();
        await server.AppendAsync("Subject: kept\r\n\r\n"u8.ToArray());
        var clock = new FakeTimeProvider();
        var client = server.Connect(clock);
        await client.SendAsync($"USER kim\r\nPASS {SystemUnderTest.Password}\r\nDELE 1\r\n");
        for (var i = 0; i < 4; i++)
        {
            Assert.StartsWith("+OK", await client.ReadLineAsync());
        }

        var line = client.ReadLineAsync();
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromMinutes(1));
                client.Server.CheckDeadline(clock.GetTimestamp());
                return Task.FromResult(line.IsCompleted);
            },
            () => "the session ends",
            longestPause: 20);
        Assert.StartsWith("-ERR [SYS/TEMP] Idle", await line);
        Assert.Null(await client.ReadLineAsync());
        var again = await server.SignInAsync();
        await again.SendAsync("STAT\r\n");
        Assert.Equal("+OK 1 17", await again.ReadLineAsync());
    }

    [Fact]
    public async Task The_setting_says_how_long_a_session_may_be_idle()
    {
        await using var server = await Pop3UnderTest.StartAsync();
        await server.SetAsync(settings => settings with { Pop3 = settings.Pop3 with { IdleMinutes = 30 } });
        var clock = new FakeTimeProvider();
        var client = server.Connect(clock);
        await client.SendAsync($"USER kim\r\nPASS {SystemUnderTest.Password}\r\n");
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("+OK", await client.ReadLineAsync());
        }

        // Twice the default, and the session still answers.
        clock.Advance(TimeSpan.FromMinutes(20));
        client.Server.CheckDeadline(clock.GetTimestamp());
        await client.SendAsync("NOOP\r\n");
        Assert.StartsWith("+OK", await client.ReadLineAsync());

        var line = client.ReadLineAsync();
        var minutes = 0;
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromMinutes(1));
                minutes++;
                client.Server.CheckDeadline(clock.GetTimestamp());
                return Task.FromResult(line.IsCompleted);
            },
            () => "the session ends",
            longestPause: 20);
        Assert.True(minutes >= 30, $"ended after {minutes} minutes");
        Assert.StartsWith("-ERR [SYS/TEMP] Idle", await line);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "-ERR This is a mail server, not a web server")]
    [InlineData("\x16\x03\x01\x02\x00\x01", "-ERR [SYS/PERM] TLS begins with STLS on this port")]
    public async Task Another_protocol_gets_one_answer_and_the_end(string sent, string answer)
    {
        await using var server = await Pop3UnderTest.StartAsync();
        var client = server.Connect();
        await client.ReadLineAsync();
        await client.SendAsync(sent);
        Assert.Equal(answer, await client.ReadLineAsync());
        Assert.Null(await client.ReadLineAsync());
    }

    [Theory]
    [InlineData("NOOP\n", "-ERR Lines end with CRLF")]
    [InlineData("\r\n", "-ERR Unknown command")]
    [InlineData("\xff\xfe\r\n", "-ERR Unknown command")]
    [InlineData("NO\0OP\r\n", "-ERR Unknown command")]
    [InlineData("AUTH PLAIN =\r\n", "-ERR Cannot decode the response")]
    public async Task A_faulty_line_is_answered(string sent, string answer)
    {
        await using var server = await Pop3UnderTest.StartAsync();
        var client = server.Connect();
        await client.ReadLineAsync();
        await client.SendAsync(sent);
        Assert.Equal(answer, await client.ReadLineAsync());
    }

    [Fact]
    public async Task Long_lines_are_refused_and_too_many_faults_end_the_session()
    {
        await using var server = await Pop3UnderTest.StartAsync();
        var client = server.Connect();
        await client.ReadLineAsync();
        await client.SendAsync("USER " + new string('x', 2000) + "\r\n");
        Assert.Equal("-ERR Line too long", await client.ReadLineAsync());
        await client.SendAsync("NOOP " + new string('x', 100_000) + "\r\n");
        Assert.Equal("-ERR Line too long", await client.ReadLineAsync());
        await client.SendAsync(string.Concat(Enumerable.Repeat("WHAT\r\n", 30)));
        var rest = await client.ReadToEndAsync();
        Assert.EndsWith("-ERR [SYS/PERM] Too many errors\r\n", rest);
    }

    [Fact]
    public async Task Three_wrong_passwords_end_the_session()
    {
        await using var server = await Pop3UnderTest.StartAsync();
        var client = server.Connect();
        await client.ReadLineAsync();
        await client.SendAsync(string.Concat(Enumerable.Repeat("USER kim\r\nPASS x\r\n", 5)));
        var rest = await client.ReadToEndAsync();
        Assert.Equal(3, rest.Split("-ERR [AUTH]").Length - 1);
    }

    [Theory]
    [InlineData("Subject: a\r\n\r\nb\r\nc\r\nd", 0, "Subject: a\r\n\r\n")]
    [InlineData("Subject: a\r\n\r\nb\r\nc\r\nd", 2, "Subject: a\r\n\r\nb\r\nc\r\n")]
    [InlineData("Subject: a\r\n\r\nb\r\nc\r\nd", 9, "Subject: a\r\n\r\nb\r\nc\r\nd")]
    [InlineData("Subject: a\n\nb\nc", 1, "Subject: a\n\nb\n")]
    [InlineData("no body\r\n", 5, "no body\r\n")]
    [InlineData("\r\nbody\r\nmore\r\n", 1, "\r\nbody\r\n")]
    public void TOP_cuts_at_the_same_place_however_the_octets_come(string message, int lines, string expected)
    {
        var octets = Encoding.ASCII.GetBytes(message);
        for (var size = 1; size <= octets.Length; size++)
        {
            var top = new TopLines(lines);
            var taken = new List<byte>();
            for (var at = 0; at < octets.Length; at += size)
            {
                var piece = octets.AsSpan(at, Math.Min(size, octets.Length - at));
                taken.AddRange(piece[..top.Take(piece)]);
            }

            Assert.Equal(expected, Encoding.ASCII.GetString([.. taken]));
        }
    }

    [Theory]
    [InlineData("Subject: plain\r\n\r\n", false)]
    [InlineData("Subject: caf\u00e9\r\n\r\n", true)]
    public void A_header_is_put_into_ASCII_when_it_holds_UTF8(string header, bool needed) => Assert.Equal(needed, HeaderDowngrade.IsNeeded(Encoding.UTF8.GetBytes(header)));

    [Fact]
    public void A_header_in_another_charset_is_left_alone() => Assert.False(HeaderDowngrade.IsNeeded(Encoding.Latin1.GetBytes("Subject: caf\u00e9\r\n\r\n")));

    [Theory]
    [InlineData("X-한: x\r\nSubject: 가\r\n나\r\n\r\n")]
    [InlineData(": 가\r\n가\r\n 나")]
    [InlineData("Content-Type: text/plain; name=\"가.txt\"\r\nReceived: from 가 by 나; x\r\nReferences: <가@나>\r\nDate: 가\r\n\r\n")]
    [InlineData("To: 가, <>, \"unclosed <가@나\r\nFrom: <가@나.test>\r\n\r\n")]
    public void Whatever_the_header_the_answer_is_ASCII_and_ends_its_lines(string header)
    {
        var made = HeaderDowngrade.Apply(Encoding.UTF8.GetBytes(header));
        Assert.True(Ascii.IsValid(made));
        Assert.Equal(header.EndsWith("\r\n\r\n"), Encoding.ASCII.GetString(made).EndsWith("\r\n\r\n"));
    }

    private static async Task<string> ReadBodyAsync(MemoryConnection client)
    {
        var body = new StringBuilder();
        while (await client.ReadLineAsync() is { } line && line != ".")
        {
            body.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        }

        return body.ToString();
    }
}
