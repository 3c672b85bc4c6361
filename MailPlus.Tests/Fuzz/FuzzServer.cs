using System.Net.Sockets;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Fuzz;

/// <summary>The server all fuzz tests torment; its outbound mail leads nowhere.</summary>
public sealed partial class FuzzServer : IAsyncLifetime
{
    private TestZone? _zone;

    public RunningServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _zone = TestZone.Start(); // knows no name at all
        Server = await RunningServer.StartAsync(new ServerPlan
        {
            Accounts = ["fuzz", "mutant"],
            Settings = new Dictionary<string, string> { ["Resolver.Servers"] = $"[\"{_zone.EndPoint}\"]" },
        });
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        _zone?.Dispose();
    }

    /// <summary>One session: sends the lines in pieces, says that it is done, and reads until the server closes. A hang throws.</summary>
    internal static async Task<(byte[] Received, bool Cut)> TalkAsync(int port, IReadOnlyList<byte[]> lines, Random random)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", port, deadline.Token);
        var reading = ReadAllAsync(socket, deadline.Token);
        var cut = false;
        try
        {
            var pieces = random.Next(3) == 0 ? lines : [[.. lines.SelectMany(l => l)]]; // line by line, or all at once
            foreach (var piece in pieces)
            {
                for (var at = 0; at < piece.Length;)
                {
                    var length = random.Next(10) == 0 ? Math.Min(random.Next(1, 40), piece.Length - at) : piece.Length - at;
                    at += await socket.SendAsync(piece.AsMemory(at, length), SocketFlags.None, deadline.Token);
                }
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            cut = true; // the server has had enough, which is its right
        }

        try
        {
            var (received, reset) = await reading;
            return (received, cut || reset);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException("the server neither answered nor closed within 3 minutes");
        }
    }

    /// <summary>Fails when the server's own log speaks of an exception it did not expect.</summary>
    public void AssertNoFaults()
    {
        var faults = Server.Output.Where(line => Fault().IsMatch(line)).ToList();
        Assert.True(faults.Count == 0, $"{faults.Count} faults in the log:\n{string.Join('\n', faults.Take(5))}");
    }

    /// <summary>The server still does its work: takes a message and shows a mailbox.</summary>
    public async Task AssertAliveAsync()
    {
        using var smtp = await WireClient.ConnectAsync(Server.Smtp);
        Assert.StartsWith("220", await smtp.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SmtpAsync("EHLO client.example.net"), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SmtpAsync("MAIL FROM:<a@example.net>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SmtpAsync("RCPT TO:<fuzz@example.test>"), StringComparison.Ordinal);
        using var imap = await LogInAsync("fuzz");
        await imap.ImapOkAsync("SELECT INBOX");
    }

    internal async Task<WireClient> LogInAsync(string account)
    {
        var client = await WireClient.ConnectAsync(Server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN {account} {Server.Plan.Password}");
        return client;
    }

    /// <summary>Empties a mailbox, so that what came in before weighs on nothing.</summary>
    internal async Task EmptyAsync(string account, params string[] mailboxes)
    {
        using var client = await LogInAsync(account);
        foreach (var mailbox in mailboxes)
        {
            await client.ImapOkAsync($"SELECT {mailbox}");
            await client.ImapOkAsync(@"UID STORE 1:* +FLAGS.SILENT (\Deleted)");
            await client.ImapOkAsync("CLOSE");
        }
    }

    /// <summary>Managed heap in bytes after a full collection; the laboratory mode answers it.</summary>
    public async Task<long> HeapAsync() => await Server.ManagedHeapAsync();

    /// <summary>
    /// The heap must come back to what it was before, up to a tenth. Sessions that end and indexing that is under way are waited for: what stays, stays.
    /// </summary>
    public async Task<long> MustHaveKeptItsHeapAsync(long before)
    {
        long after = 0;
        await Eventually.TrueAsync(
            async () => (after = await HeapAsync()) <= before * 1.10,
            () => $"the managed heap is no larger than before: it grew from {before} to {after} bytes ({100.0 * (after - before) / before:F1} %)");
        return after;
    }

    private static async Task<(byte[] Received, bool Reset)> ReadAllAsync(Socket socket, CancellationToken token)
    {
        var received = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer, SocketFlags.None, token)) > 0;)
            {
                received.Write(buffer, 0, read);
            }

            return (received.ToArray(), false);
        }
        catch (SocketException)
        {
            return (received.ToArray(), true);
        }
    }

    [GeneratedRegex(@"^\S+ (error|critical) |Unhandled exception|\b(NullReference|IndexOutOfRange|ArgumentOutOfRange|InvalidCast|KeyNotFound|ObjectDisposed)Exception\b")]
    private static partial Regex Fault();
}

[CollectionDefinition(Name)]
public sealed class FuzzCollection : ICollectionFixture<FuzzServer>
{
    public const string Name = "fuzz";
}
