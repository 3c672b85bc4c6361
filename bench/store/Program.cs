using System.Diagnostics;
using System.Globalization;
using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Mailboxes;
using MailPlus.Engine.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

// Measures the SQLite mail store alone:  dotnet run -c Release --project bench/store -- deliver|mailbox [name=value ...]
// deliver: accounts=50 writers=50 messages=20000 octets=4096 page=8192 inline=131072 checkpoint=4194304 threads=0
// mailbox: messages=100000 (load, flags, copy, move, fetch of one big mailbox)
var options = args.Skip(1).Select(a => a.Split('=')).ToDictionary(a => a[0], a => int.Parse(a[1], CultureInfo.InvariantCulture));
int Option(string name, int standard) => options.GetValueOrDefault(name, standard);
var folder = Path.Combine(Environment.GetEnvironmentVariable("BENCH_DIR") ?? Path.GetTempPath(), $"store-bench-{Environment.ProcessId}");
try
{
    await (args.FirstOrDefault() == "mailbox" ? MailboxAsync() : DeliverAsync());
}
finally
{
    Directory.Delete(folder, recursive: true);
}

async Task DeliverAsync()
{
    var (accounts, writers, messages) = (Option("accounts", 50), Option("writers", 50), Option("messages", 20_000));
    await using var threads = new SqliteThreads(NullLogger<SqliteThreads>.Instance, Option("threads", 0));
    await using var store = new SqliteMailStore(folder, threads, TimeProvider.System, StoreOptions());
    var leases = new List<(IAccountStore Mail, MailboxId Inbox)>();
    for (var i = 1; i <= accounts; i++)
    {
        await store.CreateAsync(new AccountId(i), default);
        var mail = await store.OpenAsync(new AccountId(i), default);
        leases.Add((mail, (await mail.FindAsync("INBOX", default))!.Id));
    }

    var message = Message(Option("octets", 4096));
    for (var round = 0; round < 3; round++)
    {
        var next = round * messages;
        var end = next + messages;
        var times = new double[messages];
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) <= end;)
            {
                var started = Stopwatch.GetTimestamp();
                var (mail, inbox) = leases[i % accounts];
                await mail.DeliverAsync(new DeliveryKey(new EntryId(i), "user@example.test", "keep"), inbox, message, default);
                times[i - 1 - end + messages] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
        })));
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        Array.Sort(times);
        Print($"deliver {accounts} accounts x{writers}: {messages / watch.Elapsed.TotalSeconds:F0} msg/s, cpu {used.TotalMilliseconds / messages:F3} ms/msg, p50 {times[messages / 2]:F2} ms, p99 {times[messages * 99 / 100]:F2} ms");
    }

    foreach (var (mail, _) in leases)
    {
        await mail.DisposeAsync();
    }
}

async Task MailboxAsync()
{
    var messages = Option("messages", 100_000);
    await using var threads = new SqliteThreads(NullLogger<SqliteThreads>.Instance);
    var store = new SqliteMailStore(folder, threads, TimeProvider.System, StoreOptions());
    var account = new AccountId(1);
    await store.CreateAsync(account, default);
    var mail = await store.OpenAsync(account, default);
    var (inbox, trash) = ((await mail.FindAsync("INBOX", default))!.Id, (await mail.FindAsync("Trash", default))!.Id);
    var message = Message(Option("octets", 4096));
    await TimeAsync($"append {messages}", 1, async () =>
    {
        for (var left = messages; left > 0; left -= 500)
        {
            await mail.AppendAsync(inbox, Enumerable.Repeat(message, Math.Min(500, left)).ToList(), default);
        }
    });
    await ReopenAsync();
    await TimeAsync("load from rows", 1, async () => await mail.StateAsync(inbox, default));
    await ReopenAsync();
    await TimeAsync("load from blocks", 1, async () => await mail.StateAsync(inbox, default));
    var all = UidSet.FromRanges([(1, uint.MaxValue)]);
    var on = false;
    await TimeAsync("flag all", 20, async () => await mail.StoreFlagsAsync(inbox, new FlagChange(all, (on = !on) ? FlagOperation.Add : FlagOperation.Remove, new FlagSet(MessageFlags.Flagged, [])), default));
    await TimeAsync("flag one", 500, async () => await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(new Uid(7)), (on = !on) ? FlagOperation.Add : FlagOperation.Remove, new FlagSet(MessageFlags.Seen, [])), default));
    await ReopenAsync();
    await TimeAsync("load with a journal", 1, async () => await mail.StateAsync(inbox, default));
    var thousand = UidSet.FromRanges([(1, 1000)]);
    await TimeAsync("copy 1000", 5, async () => await mail.CopyAsync(inbox, thousand, trash, default));
    var at = 1001u;
    await TimeAsync("move 1000", 5, async () => { await mail.MoveAsync(inbox, UidSet.FromRanges([(at, at + 999)]), trash, default); at += 1000; });
    await TimeAsync("expunge 1000", 5, async () => { await mail.ExpungeAsync(inbox, UidSet.FromRanges([(at, at + 999)]), true, default); at += 1000; });
    var state = await mail.StateAsync(inbox, default);
    var uids = state.Range(0, 10_000).Select(m => m.Uid).ToList();
    await TimeAsync("fetch 10k envelope+bodystructure", 5, () => FetchAsync(uids, MessageColumns.Envelope | MessageColumns.BodyStructure));
    await TimeAsync("fetch 10k content", 5, () => FetchAsync(uids, MessageColumns.Content));
    await TimeAsync("fetch newest 50", 100, () => FetchAsync(state.Range(state.Count - 50, 50).Select(m => m.Uid).ToList(), MessageColumns.Envelope | MessageColumns.BodyStructure));
    await TimeAsync("open one", 500, async () => await (await mail.OpenAsync(inbox, uids[5], default))!.DisposeAsync());
    await mail.DisposeAsync();
    await store.DisposeAsync();

    async Task FetchAsync(IReadOnlyList<Uid> wanted, MessageColumns columns)
    {
        await foreach (var row in mail.ReadAsync(inbox, wanted, columns, default))
        {
            if (row.Content is not null)
            {
                await row.Content.DisposeAsync();
            }
        }
    }

    async Task ReopenAsync()
    {
        await mail.DisposeAsync();
        await TimeAsync("close", 1, async () => await store.DisposeAsync());
        store = new SqliteMailStore(folder, threads, TimeProvider.System, StoreOptions());
        await TimeAsync("open", 1, async () => mail = await store.OpenAsync(account, default));
    }
}

static async Task TimeAsync(string what, int times, Func<Task> work)
{
    var values = new double[times];
    var cpu = Process.GetCurrentProcess().TotalProcessorTime;
    for (var i = 0; i < times; i++)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        values[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    var used = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds / times;
    Array.Sort(values);
    Print($"{what}: median {values[times / 2]:F2} ms, worst {values[^1]:F2} ms, cpu {used:F2} ms");
}

MailStoreOptions StoreOptions() => new()
{
    PageSize = Option("page", 8192), InlineOctets = Option("inline", 131_072), CheckpointOctets = Option("checkpoint", 4 << 20),
};

static NewMessage Message(int octets)
{
    var text = new StringBuilder("From: Ann <ann@example.test>\r\nSubject: measured\r\n\r\n");
    var header = text.Length;
    while (text.Length < octets)
    {
        text.Append("The quick brown fox jumps over the lazy dog and so on and so on and on.\r\n");
    }

    var summary = new MessageSummary
    {
        Envelope = Encoding.ASCII.GetBytes("(" + new string('e', 420) + ")"), BodyStructure = Encoding.ASCII.GetBytes("(" + new string('s', 220) + ")"),
        Body = Encoding.ASCII.GetBytes("(" + new string('b', 120) + ")"), HeaderLength = header, Subject = "measured", From = "Ann", FromAddress = "ann@example.test",
        To = "Bob", MessageId = "1234567890@example.test", Preview = new string('p', 150),
    };
    return new NewMessage(MessageContent.FromMemory(Encoding.ASCII.GetBytes(text.ToString()[..octets])), summary, new Instant(1_700_000_000_000_000))
    {
        Prefix = Encoding.ASCII.GetBytes("Return-Path: <ann@example.test>\r\nReceived: from a by b with ESMTP id 123; Tue, 1 Jan 2030 00:00:00 +0000\r\n"),
    };
}

static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
