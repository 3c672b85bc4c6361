using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Net;

/// <summary>What a peer may try against the running server: the right answer, others are served meanwhile, and the process does not grow.</summary>
public sealed class HostilePeerTests(ITestOutputHelper log)
{
    private const long Megabyte = 1024 * 1024;
    private const long GrowthLimit = 40 * Megabyte;

    [Theory]
    [InlineData("b1 CREATE \"")]
    [InlineData("b1 APPEND INBOX {419430400+}\r\n")]
    [InlineData("b1 CREATE {419430400+}\r\n")]
    public async Task A_compression_bomb_ends_the_session_and_takes_no_memory(string first)
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        using var tcp = await ConnectAsync(server.Imap);
        await using var stream = tcp.GetStream();
        await TalkAsync(stream, $"a1 LOGIN ann {server.Plan.Password}\r\na2 COMPRESS DEFLATE\r\n", "a2 OK");
        var resting = await RestingAsync(server);
        // 400 MB in less than half of one.
        var bomb = Deflated((first, 'x', 400), ("\"\r\nb2 NOOP\r\n", ' ', 0));
        log.WriteLine($"{bomb.Length} octets");
        var sending = stream.WriteAsync(bomb).AsTask();
        await using var inflate = new DeflateStream(stream, CompressionMode.Decompress, leaveOpen: true);
        using var reader = new StreamReader(inflate, Encoding.Latin1);
        // A line that much too long is not read over: the session ends (or its last words are lost, as the peer still sends).
        var answer = await ReadOrEndAsync(reader);
        Assert.True(answer is null || answer.StartsWith("* BYE", StringComparison.Ordinal) || answer.Contains("TOOBIG", StringComparison.Ordinal), answer);
        try
        {
            await sending;
        }
        catch (IOException)
        {
            // the server has hung up, as it may
        }

        MustNotHaveGrown(server, resting);
        await MustServeAsync(server);
    }

    [Fact]
    public async Task What_is_announced_as_a_gigabyte_or_never_ends_takes_no_memory()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        var resting = await RestingAsync(server);
        using (var smtp = await WireClient.ConnectAsync(server.Smtp))
        {
            await smtp.ReadReplyAsync();
            await smtp.SmtpAsync("EHLO client.example.net");
            Assert.StartsWith("552 5.3.4", await smtp.SmtpAsync("MAIL FROM:<a@example.net> SIZE=1073741824"), StringComparison.Ordinal);
            Assert.StartsWith("250", await smtp.SmtpAsync("MAIL FROM:<a@example.net>"), StringComparison.Ordinal);
            Assert.StartsWith("250", await smtp.SmtpAsync("RCPT TO:<ann@example.test>"), StringComparison.Ordinal);
            await smtp.SendAsync("BDAT 1073741824 LAST\r\n");
            await MustEndAsync(smtp, "552 5.3.4");
        }

        foreach (var (commands, answer) in new[]
        {
            ("a1 LOGIN {1073741824}\r\n", "a1 BAD [TOOBIG]"), ($"a1 LOGIN ann {server.Plan.Password}\r\na2 APPEND INBOX {{1073741824}}\r\n", "a2 NO [TOOBIG]"),
            ($"a1 LOGIN ann {server.Plan.Password}\r\na2 CREATE {{1073741824}}\r\n", "a2 BAD [TOOBIG]"),
        })
        {
            using var imap = await WireClient.ConnectAsync(server.Imap);
            await imap.SendAsync(commands);
            Assert.Contains(answer, await LinesUntilAsync(imap, answer), StringComparison.Ordinal);
            await imap.ImapOkAsync("NOOP");
        }

        foreach (var command in new[] { "a2 CREATE {1073741824+}\r\n", "a2 APPEND INBOX {1073741824+}\r\n", "a2 CREATE \"" })
        {
            using var imap = await WireClient.ConnectAsync(server.Imap);
            await imap.SendAsync($"a1 LOGIN ann {server.Plan.Password}\r\n");
            await LinesUntilAsync(imap, "a1 OK");
            await imap.SendAsync(command);
            await MustEndAsync(imap, "TOOBIG", "* BYE");
        }

        MustNotHaveGrown(server, resting);
        await MustServeAsync(server);
    }

    [Fact]
    public async Task A_peer_that_never_reads_holds_no_more_than_its_buffers()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        using var tcp = await ConnectAsync(server.Imap);
        tcp.ReceiveBufferSize = 16 * 1024;
        await using var stream = tcp.GetStream();
        var message = $"Subject: big\r\n\r\n{new string('x', 4_000_000)}\r\n";
        await TalkAsync(stream, $"a1 LOGIN ann {server.Plan.Password}\r\na2 APPEND INBOX {{{message.Length.ToString(CultureInfo.InvariantCulture)}+}}\r\n{message}\r\na3 SELECT INBOX\r\n", "a3 OK");
        var resting = await RestingAsync(server);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            var commands = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("b FETCH 1 BODY.PEEK[]\r\n", 1000)));
            while (true)
            {
                await stream.WriteAsync(commands, patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // the server reads no further while nobody reads its answers
        }

        MustNotHaveGrown(server, resting);
        await MustServeAsync(server);
    }

    [Fact]
    public async Task A_peer_that_has_closed_its_side_still_gets_its_answers()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan());
        foreach (var (listener, commands, last) in new[] { ("smtp", "EHLO x\r\nNOOP\r\n", "250 2.0.0"), ("pop3", "CAPA\r\nNOOP\r\n", "-ERR"), ("imap", "a1 NOOP\r\na2 NOOP\r\n", "a2 OK") })
        {
            using var client = await WireClient.ConnectAsync(server.Port(listener));
            await client.SendAsync(commands);
            client.FinishSending();
            var lines = new List<string>();
            while (await client.ReadLineAsync() is { } line)
            {
                lines.Add(line);
            }

            Assert.Contains(lines, line => line.StartsWith(last, StringComparison.Ordinal));
        }
    }

    /// <summary>Sends without end until the server has said one of the answers, or has hung up while octets were still coming, which may take its words away.</summary>
    private static async Task MustEndAsync(WireClient client, params string[] answers)
    {
        const int Megabytes = 100;
        var isAnswered = false;
        var sending = Task.Run(async () =>
        {
            try
            {
                var block = new byte[Megabyte];
                block.AsSpan().Fill((byte)'x');
                for (var sent = 0; sent < Megabytes && !Volatile.Read(ref isAnswered); sent++)
                {
                    await client.SendAsync(block);
                }

                return false;
            }
            catch (SocketException)
            {
                return true;
            }
        });
        string? answer = null;
        try
        {
            while (answer is null || !answers.Any(wanted => answer.Contains(wanted, StringComparison.Ordinal)))
            {
                answer = await client.ReadLineAsync();
                if (answer is null)
                {
                    break;
                }
            }
        }
        catch (SocketException)
        {
            // hung up
        }

        Volatile.Write(ref isAnswered, true);
        Assert.True(await sending || answer is not null, "the server reads on without a word");
    }

    private static async Task<string> LinesUntilAsync(WireClient client, string wanted)
    {
        var lines = new List<string>();
        while (await client.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (line.Contains(wanted, StringComparison.Ordinal))
            {
                break;
            }
        }

        return string.Join('\n', lines);
    }

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        return tcp;
    }

    private static async Task TalkAsync(NetworkStream stream, string commands, string last)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(commands));
        var text = new StringBuilder();
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (!text.ToString().Contains(last, StringComparison.Ordinal) || text[^1] != '\n')
        {
            var read = await stream.ReadAsync(buffer, patience.Token);
            Assert.True(read > 0, text.ToString());
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
    }

    private static byte[] Deflated(params (string Text, char Filling, int Megabytes)[] parts)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var block = new byte[Megabyte];
            foreach (var (text, filling, megabytes) in parts)
            {
                deflate.Write(Encoding.ASCII.GetBytes(text));
                block.AsSpan().Fill((byte)filling);
                for (var i = 0; i < megabytes; i++)
                {
                    deflate.Write(block);
                }
            }
        }

        return packed.ToArray();
    }

    private static async Task<string?> ReadOrEndAsync(StreamReader reader)
    {
        try
        {
            return await reader.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(3));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task<long> RestingAsync(RunningServer server)
    {
        await MustServeAsync(server);
        await server.ManagedHeapAsync();
        var resting = server.ResidentBytes();
        await File.WriteAllTextAsync($"/proc/{server.ProcessId}/clear_refs", "5"); // the peak counts from here
        return resting;
    }

    private void MustNotHaveGrown(RunningServer server, long resting)
    {
        var growth = server.PeakResidentBytes() - resting;
        log.WriteLine($"grew by {growth / Megabyte} MB");
        Assert.True(growth < GrowthLimit, $"grew by {growth / Megabyte} MB");
    }

    private static async Task MustServeAsync(RunningServer server)
    {
        using var other = await WireClient.ConnectAsync(server.Imap);
        await other.ReadLineAsync();
        await other.ImapOkAsync($"LOGIN ann {server.Plan.Password}");
        await other.ImapOkAsync("SELECT INBOX");
    }
}
