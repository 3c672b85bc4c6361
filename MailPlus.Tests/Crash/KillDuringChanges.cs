using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary>
/// kill -9 while sessions append, flag, move and expunge: what was answered OK is so after the restart, what was not answered is wholly so or not at all; numbers never go
/// back, counters and quota agree with what is there, and the index finds exactly it (mail-rules 4, 6, 9, 12; design 2).
/// </summary>
public abstract partial class KillDuringChanges(ITestOutputHelper log)
{
    private const int Sessions = 4;
    private const int NewestToFind = 10;

    protected async Task RunRoundsAsync(int rounds, string? database = null, int steps = 300)
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"], Database = database, Settings = new Dictionary<string, string> { ["Quota.DefaultMessages"] = "1000000" } });
        var desks = Enumerable.Range(0, Sessions).Select(number => new Desk(number)).ToList();
        using (var client = await LogInAsync(server))
        {
            foreach (var desk in desks)
            {
                await client.ImapOkAsync($"CREATE {desk.Work}");
                await client.ImapOkAsync($"CREATE {desk.Done}");
            }
        }

        for (var round = 0; round < rounds; round++)
        {
            var answered = 0;
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var killAt = steps + (round * 137 % steps);
            var work = desks.Select(desk => WorkUntilCutAsync(server, desk, () =>
            {
                if (Interlocked.Increment(ref answered) == killAt)
                {
                    enough.TrySetResult();
                }
            })).ToList();
            await Task.WhenAny(enough.Task, Task.WhenAll(work)).WaitAsync(TimeSpan.FromMinutes(5));
            await server.KillAsync();
            await Task.WhenAll(work); // what was answered otherwise than it should be shows here
            await server.LaunchAsync();
            await VerifyAsync(server, desks);
            log.WriteLine($"round {round}: {answered} answered, {desks.Sum(desk => desk.Messages.Count)} messages known");
        }

        Assert.Equal(0, await server.StopAsync());
        await server.LaunchAsync(); // and a clean restart changes nothing
        await VerifyAsync(server, desks);
    }

    private static async Task WorkUntilCutAsync(RunningServer server, Desk desk, Action answered)
    {
        try
        {
            using var client = await LogInAsync(server);
            await client.ImapOkAsync($"SELECT {desk.Work} (CONDSTORE)");
            while (true)
            {
                var name = desk.NextName();
                var text = $"Subject: {name}\r\n\r\nneedle{name} in a message of which no change must be lost\r\n";
                var message = desk.Begin(name, new Step(Place.Work, false));
                desk.See(await client.ImapOkAsync($"APPEND {desk.Work} {{{text.Length}+}}\r\n{text}"));
                message.Finish();
                answered();

                message.Begin(message.Known! with { IsMarked = true });
                desk.See(await client.ImapOkAsync("STORE * +FLAGS (\\Flagged kept)"));
                message.Finish();
                answered();

                var number = desk.Messages.Count;
                if (number % 3 == 1)
                {
                    message.Begin(message.Known! with { Place = Place.Done });
                    desk.See(await client.ImapOkAsync($"MOVE * {desk.Done}"));
                    message.Finish();
                    answered();
                }
                else if (number % 3 == 2)
                {
                    desk.See(await client.ImapOkAsync("STORE * +FLAGS.SILENT (\\Deleted)"));
                    message.Begin(message.Known! with { Place = Place.Gone });
                    desk.See(await client.ImapOkAsync("UID EXPUNGE *"));
                    message.Finish();
                    answered();
                }
            }
        }
        catch (Exception cut) when (cut is SocketException or EndOfStreamException or IOException)
        {
            // The kill cut the session: the desk says what was under way.
        }
    }

    private static async Task VerifyAsync(RunningServer server, List<Desk> desks)
    {
        using var client = await LogInAsync(server);
        var all = 0;
        foreach (var desk in desks)
        {
            var work = await ReadAsync(client, desk, desk.Work);
            var done = await ReadAsync(client, desk, desk.Done);
            all += work.Count + done.Count;
            Assert.Empty(work.Keys.Intersect(done.Keys));
            foreach (var (name, message) in desk.Messages)
            {
                var now = work.TryGetValue(name, out var flags) ? new Step(Place.Work, IsMarked(flags)) : done.TryGetValue(name, out flags) ? new Step(Place.Done, IsMarked(flags)) : new Step(Place.Gone, true);
                message.Settle(name, now);
            }

            Assert.Empty(work.Keys.Concat(done.Keys).Except(desk.Messages.Keys));
            await FindAsync(client, desk, desk.Work, work.Keys);
            await FindAsync(client, desk, desk.Done, done.Keys);
        }

        // What counts for the quota is what is there.
        var quota = string.Join('\n', await client.ImapOkAsync("GETQUOTAROOT INBOX"));
        Assert.Equal(all, int.Parse(MessageUsage().Match(quota).Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.Equal(all, desks.Sum(desk => desk.Messages.Values.Count(m => m.Known!.Place != Place.Gone)));
    }

    /// <summary>Names and flags of what is in a mailbox; counters, UIDs and MODSEQs are looked at on the way.</summary>
    private static async Task<Dictionary<string, string>> ReadAsync(WireClient client, Desk desk, string mailbox)
    {
        var status = string.Join(' ', await client.ImapOkAsync($"STATUS {mailbox} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ)"));
        long Number(string item) => long.Parse(Regex.Match(status, $@"\b{item} (\d+)", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value, CultureInfo.InvariantCulture);
        desk.Compare(mailbox, (Number("UIDVALIDITY"), Number("UIDNEXT"), Number("HIGHESTMODSEQ")));
        var found = new Dictionary<string, string>();
        await client.ImapOkAsync($"EXAMINE {mailbox}");
        var (count, size, deleted) = (0L, 0L, 0L);
        foreach (var line in await client.ImapOkAsync("UID FETCH 1:* (UID FLAGS MODSEQ RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
        {
            if (Fetched().Match(line) is { Success: true } row && Name().Match(line) is { Success: true } name)
            {
                count++;
                found.Add(name.Value, row.Groups[2].Value); // nothing is there twice
                size += long.Parse(Size().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);
                deleted += row.Groups[2].Value.Contains("\\Deleted", StringComparison.Ordinal) ? 1 : 0;
                desk.NoteUid(mailbox, row.Groups[1].Value, name.Value);
                Assert.True(long.Parse(ModSeq().Match(line).Groups[1].Value, CultureInfo.InvariantCulture) <= Number("HIGHESTMODSEQ"));
            }
        }

        Assert.Equal((count, size, deleted, count), (Number("MESSAGES"), Number("SIZE"), Number("DELETED"), Number("UNSEEN")));
        return found;
    }

    /// <summary>The index and what is read without it agree with the mailbox.</summary>
    private static async Task FindAsync(WireClient client, Desk desk, string mailbox, IEnumerable<string> names)
    {
        await client.ImapOkAsync($"EXAMINE {mailbox}");
        var expected = names.ToList();
        Assert.Equal(expected.Count, await CountAsync(client, "needle" + desk.Prefix));
        foreach (var name in desk.Messages.Keys.Order(StringComparer.Ordinal).TakeLast(NewestToFind))
        {
            Assert.Equal(expected.Contains(name) ? 1 : 0, await CountAsync(client, "needle" + name));
        }
    }

    private static async Task<int> CountAsync(WireClient client, string needle) =>
        int.Parse(Count().Match(string.Join(' ', await client.ImapOkAsync($"SEARCH RETURN (COUNT) BODY {needle}"))).Groups[1].Value, CultureInfo.InvariantCulture);

    private static bool IsMarked(string flags) => flags.Contains("\\Flagged", StringComparison.Ordinal) && flags.Contains("kept", StringComparison.Ordinal);

    private static async Task<WireClient> LogInAsync(RunningServer server)
    {
        var client = await WireClient.ConnectAsync(server.Imap);
        if (await client.ReadLineAsync() is null)
        {
            throw new EndOfStreamException();
        }

        await client.ImapOkAsync($"LOGIN ann {server.Plan.Password}");
        return client;
    }

    private enum Place
    {
        Gone,
        Work,
        Done,
    }

    /// <summary>Where a message is, and whether its flags are set.</summary>
    private sealed record Step(Place Place, bool IsMarked);

    /// <summary>What is known of one message: the last step that was answered, and the one that was begun.</summary>
    private sealed class Tracked
    {
        public Step? Known { get; private set; }

        private Step? Begun { get; set; }

        public void Begin(Step step) => Begun = step;

        public void Finish() => (Known, Begun) = (Begun, null);

        /// <summary>What is there must be the one or the other, and is known from here on.</summary>
        public void Settle(string name, Step now)
        {
            var isKnown = Same(Known ?? new Step(Place.Gone, true), now);
            Assert.True(isKnown || (Begun is { } begun && Same(begun, now)), $"{name} was {Known}, {Begun} was begun, and {now} is there");
            (Known, Begun) = (now, null);
        }

        private static bool Same(Step one, Step other) => one.Place == other.Place && (one.Place == Place.Gone || one.IsMarked == other.IsMarked);
    }

    /// <summary>One session's mailboxes and what it knows.</summary>
    private sealed class Desk(int number)
    {
        private readonly Dictionary<(string Mailbox, string Uid), string> _uids = [];
        private readonly Dictionary<string, (long Validity, long Next, long ModSeq)> _numbers = [];
        private long _highest;
        private int _last;

        public string Work => $"work{number}";

        public string Done => $"done{number}";

        public string Prefix => $"d{number}n";

        public ConcurrentDictionary<string, Tracked> Messages { get; } = new();

        public string NextName() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{++_last:D6}");

        public Tracked Begin(string name, Step step)
        {
            var message = Messages.GetOrAdd(name, _ => new Tracked());
            message.Begin(step);
            return message;
        }

        /// <summary>Notes MODSEQs that were told.</summary>
        public void See(IReadOnlyList<string> answer)
        {
            foreach (var line in answer)
            {
                foreach (Match told in ModSeq().Matches(line))
                {
                    _highest = Math.Max(_highest, long.Parse(told.Groups[1].Value, CultureInfo.InvariantCulture));
                }
            }
        }

        public void Compare(string mailbox, (long Validity, long Next, long ModSeq) now)
        {
            var before = _numbers.GetValueOrDefault(mailbox, (now.Validity, 0, 0));
            Assert.Equal(before.Validity, now.Validity);
            Assert.True(now.Next >= before.Next && now.ModSeq >= before.ModSeq, $"{mailbox}: {before} became {now}");
            Assert.True(mailbox != Work || now.ModSeq >= _highest, $"{mailbox}: MODSEQ {_highest} was told, {now.ModSeq} is the highest");
            _numbers[mailbox] = now;
        }

        public void NoteUid(string mailbox, string uid, string name)
        {
            Assert.True(_uids.TryAdd((mailbox, uid), name) || _uids[(mailbox, uid)] == name, $"{mailbox}: UID {uid} was {_uids[(mailbox, uid)]} and is {name}");
        }
    }

    [GeneratedRegex(@"\(UID (\d+) FLAGS \(([^)]*)\)", RegexOptions.None, 1000)]
    private static partial Regex Fetched();

    [GeneratedRegex(@"\bd\dn\d{6}\b", RegexOptions.None, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"MODSEQ \(?(\d+)", RegexOptions.None, 1000)]
    private static partial Regex ModSeq();

    [GeneratedRegex(@"COUNT (\d+)", RegexOptions.None, 1000)]
    private static partial Regex Count();

    [GeneratedRegex(@"RFC822\.SIZE (\d+)", RegexOptions.None, 1000)]
    private static partial Regex Size();

    [GeneratedRegex(@"MESSAGE (\d+) ", RegexOptions.None, 1000)]
    private static partial Regex MessageUsage();
}
