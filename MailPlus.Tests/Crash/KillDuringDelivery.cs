using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary>
/// kill -9 while mail pours in: what was answered 250 (or OK to APPEND) is in its mailbox exactly once after the restart, nothing is there twice,
/// and UIDs never go back (design.md 2, mail-rules A1, A4, A6).
/// </summary>
public abstract partial class KillDuringDelivery(ITestOutputHelper log)
{
    private const int Messages = 5_000; // a round when nothing else is said
    private const int Sessions = 20;
    private const int AppendSessions = 4;
    private static readonly string[] Accounts = ["ann", "bob", "cho", "dae", "eun", "fay", "gil", "han"];

    /// <summary>Rounds of mail with a kill in each.</summary>
    /// <param name="rounds">How many.</param>
    /// <param name="database">A PostgreSQL database, null for files.</param>
    /// <param name="messages">Messages a round.</param>
    protected async Task RunRoundsAsync(int rounds, string? database = null, int messages = Messages)
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = Accounts, Database = database });
        var ledger = new Ledger();
        for (var round = 0; round < rounds; round++)
        {
            // Another moment each round: early, late, in the middle.
            var killAt = (600 + (round * 1_777 % 3_600)) * messages / Messages;
            await RunRoundAsync(server, ledger, (round * messages, messages), killAt);
        }

        Assert.Equal(0, await server.StopAsync());
        await server.LaunchAsync(); // and a clean restart changes nothing
        await VerifyAsync(server, ledger);
    }

    private async Task RunRoundAsync(RunningServer server, Ledger ledger, (int First, int Count) round, int killAt)
    {
        var work = new ConcurrentQueue<int>(Enumerable.Range(round.First, round.Count));
        var acknowledged = 0;
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var senders = Enumerable.Range(0, Sessions).Select(_ => SendAllAsync(server, work, ledger, () =>
        {
            if (Interlocked.Increment(ref acknowledged) == killAt)
            {
                killed.TrySetResult();
            }
        })).ToList();
        var appenders = Enumerable.Range(0, AppendSessions).Select(n => AppendUntilCutAsync(server, n, round.First, ledger)).ToList();
        var watchers = Accounts.Select(account => WatchUidsUntilCutAsync(server, account, ledger)).ToList();

        await killed.Task.WaitAsync(TimeSpan.FromMinutes(5));
        await server.KillAsync();
        await Task.WhenAll([.. senders, .. appenders, .. watchers]);
        log.WriteLine($"round from {round.First}: killed after {killAt} acknowledgements; {ledger.Acknowledged.Count} acknowledged in all, {ledger.Unanswered.Count} unanswered");
        Assert.True(!work.IsEmpty, "the server was killed after the last message: the test proved nothing");

        await server.LaunchAsync();
        await VerifyAsync(server, ledger);

        // The rest of the round goes through the restarted server.
        await Task.WhenAll(Enumerable.Range(0, Sessions).Select(_ => SendAllAsync(server, work, ledger, () => { })));
        Assert.True(work.IsEmpty, "the restarted server cut the sessions again");
        await VerifyAsync(server, ledger);
    }

    /// <summary>One SMTP session after another's pace: takes numbers from the queue until it is empty or the server is gone.</summary>
    private static async Task SendAllAsync(RunningServer server, ConcurrentQueue<int> work, Ledger ledger, Action acknowledged)
    {
        var inFlight = -1;
        try
        {
            using var client = await WireClient.ConnectAsync(server.Smtp);
            await client.ReadReplyAsync();
            await client.SmtpAsync("EHLO client.example.net");
            while (work.TryDequeue(out var number))
            {
                var id = $"smtp-{number}";
                var account = Accounts[number % Accounts.Length];
                await client.SendAsync($"MAIL FROM:<sender@example.net>\r\nRCPT TO:<{server.Address(account)}>\r\nDATA\r\n");
                for (var step = 0; step < 3; step++)
                {
                    var reply = await client.ReadReplyAsync() ?? throw new EndOfStreamException();
                    Assert.True(reply[0] is '2' or '3', $"message {number}: {reply}");
                }

                inFlight = number;
                await client.SendAsync(Message(id, number) + ".\r\n");
                var answer = await client.ReadReplyAsync() ?? throw new EndOfStreamException();
                Assert.StartsWith("250", answer, StringComparison.Ordinal);
                ledger.Acknowledged[id] = account;
                inFlight = -1;
                acknowledged();
            }

            await client.SmtpAsync("QUIT");
        }
        catch (Exception cut) when (cut is SocketException or EndOfStreamException or IOException)
        {
            if (inFlight >= 0)
            {
                ledger.Unanswered[$"smtp-{inFlight}"] = Accounts[inFlight % Accounts.Length];
            }
        }
    }

    private static async Task AppendUntilCutAsync(RunningServer server, int session, int round, Ledger ledger)
    {
        var account = Accounts[session % Accounts.Length];
        try
        {
            using var client = await LogInAsync(server, account);
            for (var number = 0; ; number++)
            {
                var id = $"append-{round}-{session}-{number}";
                var message = Message(id, number);
                ledger.Unanswered[id] = account;
                await client.ImapOkAsync($"APPEND INBOX {{{message.Length}+}}\r\n{message}");
                ledger.Acknowledged[id] = account;
                ledger.Unanswered.TryRemove(id, out _);
                await Task.Delay(20); // a few dozen a second are enough beside the SMTP sessions
            }
        }
        catch (Exception cut) when (cut is SocketException or EndOfStreamException or IOException)
        {
            // The kill cut the session: the ledger says which message was under way.
        }
    }

    /// <summary>Notes which UID shows which message while the server runs: these pairs must hold for ever.</summary>
    private static async Task WatchUidsUntilCutAsync(RunningServer server, string account, Ledger ledger)
    {
        try
        {
            using var client = await LogInAsync(server, account);
            await client.ImapOkAsync("EXAMINE INBOX");
            var highest = 0u;
            while (true)
            {
                await client.ImapOkAsync("NOOP");
                var answer = await client.ImapOkAsync($"UID FETCH {highest + 1}:* (UID BODY.PEEK[HEADER.FIELDS (X-CRASH-ID)])");
                highest = Math.Max(highest, NoteUids(answer, account, ledger));
                await Task.Delay(50);
            }
        }
        catch (Exception cut) when (cut is SocketException or EndOfStreamException or IOException)
        {
            // The kill cut the session: what it saw until then is in the ledger.
        }
    }

    private static uint NoteUids(IReadOnlyList<string> answer, string account, Ledger ledger)
    {
        var highest = 0u;
        foreach (var line in answer)
        {
            if (UidAndId(line) is var (uid, id) && id is not null)
            {
                var known = ledger.Uids.GetOrAdd((account, uid), id);
                Assert.True(known == id, $"{account}: UID {uid} was {known} and is {id} now");
                highest = Math.Max(highest, uid);
            }
        }

        return highest;
    }

    private async Task VerifyAsync(RunningServer server, Ledger ledger)
    {
        foreach (var account in Accounts)
        {
            var expected = ledger.Acknowledged.Where(p => p.Value == account).Select(p => p.Key).ToHashSet();
            using var client = await LogInAsync(server, account);
            var uids = new Dictionary<uint, string>();
            await Eventually.TrueAsync(
                async () =>
                {
                    uids = await ReadMailboxAsync(client, account, ledger);
                    return expected.IsSubsetOf(uids.Values);
                },
                () => $"{account}: every acknowledged message is in the mailbox; missing {string.Join(", ", expected.Except(uids.Values).Take(10))} "
                    + $"({expected.Except(uids.Values).Count()} of {expected.Count})",
                TimeSpan.FromMinutes(3));

            var twice = uids.GroupBy(p => p.Value).Where(g => g.Count() > 1).Select(g => $"{g.Key} as UIDs {string.Join(",", g.Select(p => p.Key))}").ToList();
            Assert.True(twice.Count == 0, $"{account}: delivered twice: {string.Join("; ", twice.Take(10))}");
            var strangers = uids.Values.Where(id => !expected.Contains(id) && !ledger.Unanswered.ContainsKey(id)).ToList();
            Assert.True(strangers.Count == 0, $"{account}: never sent there: {string.Join(", ", strangers.Take(10))}");
            foreach (var ((_, uid), id) in ledger.Uids.Where(p => p.Key.Account == account))
            {
                Assert.True(uids.TryGetValue(uid, out var now) && now == id, $"{account}: UID {uid} showed {id} before and shows {now ?? "nothing"} now");
            }

            foreach (var (uid, id) in uids)
            {
                ledger.Uids[(account, uid)] = id;
            }
        }

        log.WriteLine($"verified {ledger.Acknowledged.Count} acknowledged, {ledger.Uids.Count} in the mailboxes");
    }

    /// <summary>UID to id of everything in INBOX; checks UIDVALIDITY, UIDNEXT and that new UIDs are above all that were ever seen.</summary>
    private static async Task<Dictionary<uint, string>> ReadMailboxAsync(WireClient client, string account, Ledger ledger)
    {
        var select = string.Join('\n', await client.ImapOkAsync("EXAMINE INBOX"));
        var validity = uint.Parse(UidValidity().Match(select).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Equal(ledger.Validities.GetOrAdd(account, validity), validity);
        var next = uint.Parse(UidNext().Match(select).Groups[1].Value, CultureInfo.InvariantCulture);
        var highest = ledger.Uids.Keys.Where(k => k.Account == account).Select(k => k.Uid).DefaultIfEmpty(0u).Max();
        Assert.True(next > highest, $"{account}: UIDNEXT {next} after UID {highest} was seen");
        ledger.Nexts.AddOrUpdate(account, next, (_, before) =>
        {
            Assert.True(next >= before, $"{account}: UIDNEXT went back from {before} to {next}");
            return next;
        });

        var uids = new Dictionary<uint, string>();
        foreach (var line in await client.ImapOkAsync("UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (X-CRASH-ID)])"))
        {
            if (UidAndId(line) is var (uid, id) && id is not null)
            {
                uids.Add(uid, id);
                var isNew = !ledger.Uids.ContainsKey((account, uid));
                Assert.True(!isNew || uid > highest, $"{account}: {id} got UID {uid} although {highest} had been given out before");
            }
        }

        return uids;
    }

    private static (uint Uid, string? Id) UidAndId(string line)
    {
        var uid = Uid().Match(line);
        var id = CrashId().Match(line);
        return uid.Success && id.Success ? (uint.Parse(uid.Groups[1].Value, CultureInfo.InvariantCulture), id.Groups[1].Value) : (0, null);
    }

    private static async Task<WireClient> LogInAsync(RunningServer server, string account)
    {
        var client = await WireClient.ConnectAsync(server.Imap);
        if (await client.ReadLineAsync() is null)
        {
            throw new EndOfStreamException();
        }

        await client.ImapOkAsync($"LOGIN {account} {server.Plan.Password}");
        return client;
    }

    private static string Message(string id, int number)
    {
        var text = new StringBuilder()
            .Append("From: Sender <sender@example.net>\r\nTo: someone@example.test\r\nSubject: crash ").Append(number)
            .Append("\r\nMessage-ID: <").Append(id).Append("@example.net>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nX-Crash-Id: ").Append(id).Append("\r\n\r\n");
        for (var line = 0; line < 10 + (number % 40); line++)
        {
            text.Append("line ").Append(line).Append(" of a message that must not be lost, whatever happens to the machine\r\n");
        }

        return text.ToString();
    }

    /// <summary>What the clients know: the server's word is checked against it.</summary>
    private sealed class Ledger
    {
        public ConcurrentDictionary<string, string> Acknowledged { get; } = new();

        /// <summary>Sent whole or in part, but the answer never came: may be there once, or not.</summary>
        public ConcurrentDictionary<string, string> Unanswered { get; } = new();

        public ConcurrentDictionary<(string Account, uint Uid), string> Uids { get; } = new();

        public ConcurrentDictionary<string, uint> Validities { get; } = new();

        public ConcurrentDictionary<string, uint> Nexts { get; } = new();
    }

    [GeneratedRegex(@"\bUID (\d+)")]
    private static partial Regex Uid();

    [GeneratedRegex(@"X-Crash-Id: (\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex CrashId();

    [GeneratedRegex(@"\[UIDVALIDITY (\d+)\]")]
    private static partial Regex UidValidity();

    [GeneratedRegex(@"\[UIDNEXT (\d+)\]")]
    private static partial Regex UidNext();
}
