using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Fuzz;

/// <summary>Mutated messages through SMTP and APPEND, then everything IMAP can say about them.</summary>
[Collection(FuzzCollection.Name)]
public sealed partial class MessageFuzzTests(FuzzServer fuzz, ITestOutputHelper log)
{
    /// <summary>By then code is compiled, pools and caches have their size: the heap was measured to stay level from here on.</summary>
    private const int ShortWarmUp = 500;

    private const string Everything =
        "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[1] BODY.PEEK[1.MIME] "
        + "BODY.PEEK[2.1] BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)] BODY.PEEK[]<10.100> BODY.PEEK[])";

    [Fact]
    public Task Three_hundred_mutated_messages() => RunAsync(300, ShortWarmUp, firstSeed: 7);

    [Fact]
    [Trait("Set", "Long")]
    public Task Two_thousand_mutated_messages_and_more() => RunAsync(2_000, warmUp: 2_000, firstSeed: 2_000_000, FuzzTime.LongMessages); // measured: still rising a little at 500, level from about 2,000 on

    /// <summary>So many messages, and more until the time is over.</summary>
    private async Task RunAsync(int messages, int warmUp, int firstSeed, TimeSpan time = default)
    {
        const int Further = 400;
        var watch = Stopwatch.StartNew();
        var seeds = Seeds.Messages(400);
        log.WriteLine($"{seeds.Count} messages to begin with");
        await RunRangeAsync(seeds, firstSeed, warmUp);
        var before = await fuzz.HeapAsync();
        await RunRangeAsync(seeds, firstSeed + warmUp, messages);
        for (; watch.Elapsed < time; messages += Further)
        {
            await RunRangeAsync(seeds, firstSeed + warmUp + messages, Further);
        }

        fuzz.AssertNoFaults();
        await fuzz.AssertAliveAsync();
        var after = await fuzz.MustHaveKeptItsHeapAsync(before);
        log.WriteLine($"managed heap {before / 1024} KiB after {warmUp} messages, {after / 1024} KiB after {messages} more");
    }

    private async Task RunRangeAsync(IReadOnlyList<byte[]> seeds, int first, int count)
    {
        const int Batch = 40;
        for (var at = first; at < first + count; at += Batch)
        {
            await RunBatchAsync(seeds, at, Math.Min(Batch, first + count - at));
        }
    }

    private async Task RunBatchAsync(IReadOnlyList<byte[]> seeds, int first, int count)
    {
        var accepted = 0;
        using var imap = await fuzz.LogInAsync("mutant");
        await imap.ImapOkAsync("SELECT INBOX");
        for (var seed = first; seed < first + count; seed++)
        {
            var mutator = new Mutator(seed);
            var message = mutator.Mutate(seeds[mutator.Random.Next(seeds.Count)]);
            if (seed % 4 != 0) // most keep right line ends, so that they come as far as the MIME parser
            {
                message = Encoding.Latin1.GetBytes(LineEnd().Replace(Encoding.Latin1.GetString(message), "\r\n"));
            }

            accepted += seed % 2 == 0 ? await SendAsync(seed, message) : await AppendAsync(imap, seed, message);
        }

        await ReadAllAsync(imap, accepted, first);
        await imap.ImapOkAsync(@"UID STORE 1:* +FLAGS.SILENT (\Deleted)");
        await imap.ImapOkAsync("EXPUNGE");
    }

    private async Task<int> SendAsync(int seed, byte[] message)
    {
        using var client = await WireClient.ConnectAsync(fuzz.Server.Smtp);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.example.net");
        await client.SmtpAsync("MAIL FROM:<a@example.net> BODY=8BITMIME");
        await client.SmtpAsync("RCPT TO:<mutant@example.test>");
        Assert.StartsWith("354", await client.SmtpAsync("DATA"), StringComparison.Ordinal);
        var stuffed = "\r\n" + Encoding.Latin1.GetString(message);
        stuffed = stuffed.Replace("\r\n.", "\r\n..", StringComparison.Ordinal)[2..];
        await client.SendAsync(stuffed + (stuffed.EndsWith("\r\n", StringComparison.Ordinal) ? ".\r\n" : "\r\n.\r\n"));
        var reply = await client.ReadReplyAsync();
        Assert.True(reply is not null && reply[0] is '2' or '5', $"seed {seed}: {reply}"); // a 4xx would only come again
        return reply[0] == '2' ? 1 : 0;
    }

    private static async Task<int> AppendAsync(WireClient imap, int seed, byte[] message)
    {
        await imap.SendAsync($"x{seed} APPEND INBOX {{{message.Length}+}}\r\n");
        await imap.SendAsync(message);
        await imap.SendAsync("\r\n");
        var status = (await imap.ReadImapAsync($"x{seed}"))[^1];
        Assert.Matches($"^x{seed} (OK|NO|BAD) ", status);
        return status.Contains(" OK ", StringComparison.Ordinal) ? 1 : 0;
    }

    /// <summary>Waits for all accepted ones, fetches everything twice: the form must be right and the answers the same.</summary>
    private static async Task ReadAllAsync(WireClient imap, int accepted, int first)
    {
        IReadOnlyList<string> answer = [];
        await Eventually.TrueAsync(
            async () =>
            {
                await imap.ImapOkAsync("NOOP");
                answer = await imap.ImapOkAsync("UID SEARCH ALL");
                return answer.Where(l => l.StartsWith("* SEARCH", StringComparison.Ordinal)).Sum(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length - 2) >= accepted;
            },
            () => $"the {accepted} accepted messages of the batch from seed {first} are in the mailbox: {string.Join('|', answer)}");
        var one = await imap.ImapOkAsync(Everything);
        var two = await imap.ImapOkAsync(Everything);
        Assert.Equal(Fetches(one), Fetches(two));
        foreach (var line in Fetches(one))
        {
            var wrong = ReplySyntax.Imap(Encoding.Latin1.GetBytes(line + "\r\n"), cut: false);
            Assert.True(wrong is null, $"batch from seed {first}: {wrong}");
            var size = Size().Match(line).Groups[1].Value;
            Assert.True(line.Contains($"BODY[] {{{size}}}", StringComparison.Ordinal), $"batch from seed {first}: RFC822.SIZE {size} is not the length of BODY[]");
        }

        foreach (var search in new[] { "TEXT abc", "BODY \"\\\"\"", "SUBJECT x", "FROM kim", "SENTSINCE 1-Jan-2020", "HEADER Content-Type multipart", "LARGER 500" })
        {
            await imap.ImapOkAsync($"UID SEARCH {search}");
        }
    }

    private static List<string> Fetches(IReadOnlyList<string> lines) => [.. lines.Where(l => l.Contains(" FETCH (", StringComparison.Ordinal))];

    [GeneratedRegex(@"\r\n|\r|\n")]
    private static partial Regex LineEnd();

    [GeneratedRegex(@"RFC822\.SIZE (\d+)")]
    private static partial Regex Size();
}
