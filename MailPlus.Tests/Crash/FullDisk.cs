using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Crash;

/// <summary>
/// A disk that is full: mail is refused for now and in words that say so, what was acknowledged stays and arrives once, reading goes on, and all is well again when there is room
/// (RFC 5321 4.2.3, RFC 5530, mail-rules 4; design 2).
/// </summary>
public abstract partial class FullDisk(ITestOutputHelper log)
{
    private const string Team = "\"Other Users/bob/Team\"";
    private const int Sources = 120;
    private const int New = 2200; // more than a mailbox's state may lie behind
    private const int Refusals = 3;
    private const int MostTries = 3_000;

    protected async Task RunAsync(ServerPlan plan, SmallVolume volume)
    {
        await using var server = await RunningServer.StartAsync(plan with { Accounts = ["ann", "bob"], Settings = new Dictionary<string, string> { ["Delivery.RetrySeconds"] = "5" } });
        using var ann = await LogInAsync(server, "ann");
        using var bob = await LogInAsync(server, "bob");
        await bob.ImapOkAsync("CREATE Team");
        await bob.ImapOkAsync("SETACL Team ann lrswite");
        await ann.ImapOkAsync("CREATE Source");
        for (var i = 0; i < Sources; i++)
        {
            await ann.ImapOkAsync(Append("Source", $"s{i}", 8_000));
        }

        var acknowledged = new List<string>();
        await SendAsync(server, ["before"], acknowledged);
        await ann.ImapOkAsync("SELECT Source");

        volume.Fill();
        var refused = new List<string>();
        await SendAsync(server, Enumerable.Range(0, MostTries).Select(n => $"smtp{n}"), acknowledged, refused);
        Assert.Contains(refused, reply => reply.StartsWith("452 4.3.1", StringComparison.Ordinal));
        log.WriteLine($"full: {acknowledged.Count} acknowledged, then {string.Join(" | ", refused)}");
        refused.Clear();
        for (var n = 0; n < MostTries && refused.Count < Refusals; n++)
        {
            var answer = (await ann.ImapAsync(Append("INBOX", $"append{n}", 60_000)))[^1];
            (IsOk(answer) ? acknowledged : refused).Add(IsOk(answer) ? $"append{n}" : answer);
        }

        Assert.Contains(refused, answer => answer.Contains(" NO [OVERQUOTA]", StringComparison.Ordinal));
        Assert.All(refused, MustBeTemporary);

        // Bigger than what is held in memory: the spool has no room.
        volume.Fill();
        var big = (await ann.ImapAsync(Append("INBOX", "big", 3_000_000)))[^1];
        Assert.Contains(" NO [OVERQUOTA]", big, StringComparison.Ordinal);

        // To another account: all of it or, where taking back has no room either, whole messages; nothing is lost.
        var (copied, copies) = (0, "");
        while (copied < 50 && IsOk(copies = (await ann.ImapAsync($"UID COPY 1:* {Team}"))[^1]))
        {
            copied++;
        }

        MustBeTemporary(copies);
        var moved = (await ann.ImapAsync($"UID MOVE 1:* {Team}"))[^1];
        var stayed = IsOk(moved) ? 0 : Sources; // what the copies that were taken back left may be room enough
        if (stayed > 0)
        {
            MustBeTemporary(moved);
        }

        Assert.Equal(stayed, await CountAsync(ann, "Source"));
        await ann.ImapOkAsync("EXAMINE INBOX");
        Assert.Contains("Subject: before", string.Join(' ', await ann.ImapOkAsync("FETCH 1 BODY.PEEK[HEADER]")), StringComparison.Ordinal);
        await ann.ImapOkAsync("SELECT Source");
        var flagged = stayed > 0 && IsOk((await ann.ImapAsync("STORE 1:3 +FLAGS.SILENT (\\Flagged)"))[^1]);

        volume.MakeRoom();
        await Eventually.TrueAsync(
            async () =>
            {
                var (count, name) = (acknowledged.Count, $"after{refused.Count}");
                await SendAsync(server, [name], acknowledged, refused);
                return acknowledged.Count > count;
            },
            () => $"mail is taken again\n{string.Join('\n', server.Output.TakeLast(20))}",
            TimeSpan.FromMinutes(2));
        await ann.ImapOkAsync(Append("INBOX", "append-after", 60_000));
        acknowledged.Add("append-after");
        var left = await CountAsync(bob, "Team");
        Assert.True(left >= (copied * Sources) + Sources - stayed, $"{left} of {copied} times {Sources} are there");
        log.WriteLine($"copied {copied} times, {left - (copied * Sources)} copies stayed of what was refused");
        if (stayed > 0)
        {
            await ann.ImapOkAsync($"UID MOVE 1:* {Team}");
        }

        await VerifyAsync();
        await server.KillAsync();
        await server.LaunchAsync();
        await VerifyAsync();
        Assert.Equal(0, await server.StopAsync());

        async Task VerifyAsync()
        {
            using var reader = await LogInAsync(server, "ann");
            List<string> names = [];
            await Eventually.TrueAsync(
                async () =>
                {
                    await reader.ImapOkAsync("EXAMINE INBOX");
                    names = [.. (await reader.ImapOkAsync("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")).Select(line => Subject().Match(line)).Where(m => m.Success).Select(m => m.Groups[1].Value)];
                    return acknowledged.All(names.Contains);
                },
                () => $"what was acknowledged is there; missing {string.Join(", ", acknowledged.Except(names).Take(10))}\n{string.Join('\n', server.Output.TakeLast(20))}",
                TimeSpan.FromMinutes(3));
            Assert.Equal(names.Distinct().Count(), names.Count);
            Assert.Empty(names.Except(acknowledged)); // what was refused is not there
            Assert.Equal(0, await CountAsync(reader, "Source"));
            using var owner = await LogInAsync(server, "bob");
            Assert.Equal(left + stayed, await CountAsync(owner, "Team"));
            await owner.ImapOkAsync("EXAMINE Team");
            var marks = stayed == 0 ? 0 : (await owner.ImapOkAsync($"FETCH {left + 1}:* FLAGS")).Count(line => line.Contains("\\Flagged", StringComparison.Ordinal));
            Assert.Equal(flagged ? 3 : 0, marks);
        }
    }

    /// <summary>What is there can be read, also where something would be written down besides: the packed state of a mailbox that has much that is new, and who is told first that it is.</summary>
    protected static async Task ReadAsync(ServerPlan plan, SmallVolume volume)
    {
        // Without the index nobody but the session below has looked at the mailbox.
        await using var server = await RunningServer.StartAsync(plan with { Accounts = ["ann"], Settings = new Dictionary<string, string> { ["Search.Enabled"] = "false" } });
        using var ann = await LogInAsync(server, "ann");
        await ann.ImapOkAsync("CREATE New");
        const string Octets = "Subject: new\r\n\r\n";
        for (var i = 0; i < 2; i++)
        {
            await ann.ImapOkAsync("APPEND New" + string.Concat(Enumerable.Repeat($" {{{Octets.Length}+}}\r\n{Octets}", New / 2)));
        }

        volume.Fill();
        await MustReadAsync("EXAMINE", server);
        await MustReadAsync("SELECT", server);
        volume.MakeRoom();
        await MustReadAsync("SELECT", server);
        await ann.ImapOkAsync("SELECT New");
        await ann.ImapOkAsync("STORE 1 +FLAGS (\\Flagged)");
        Assert.Equal(0, await server.StopAsync());

        static async Task MustReadAsync(string command, RunningServer server)
        {
            using var reader = await LogInAsync(server, "ann");
            Assert.Contains($"* {New} EXISTS", await reader.ImapOkAsync($"{command} New"));
            Assert.Contains("Subject: new", string.Join(' ', await reader.ImapOkAsync($"UID FETCH {New} (FLAGS BODY.PEEK[HEADER])")), StringComparison.Ordinal);
            await reader.ImapOkAsync("UID SEARCH UNSEEN");
        }
    }

    /// <summary>Sends until there are enough refusals, which must say that it is for now.</summary>
    private static async Task SendAsync(RunningServer server, IEnumerable<string> names, List<string> acknowledged, List<string>? refused = null)
    {
        using var client = await WireClient.ConnectAsync(server.Smtp);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.example.net");
        var enough = (refused?.Count ?? 0) + Refusals;
        foreach (var name in names)
        {
            var reply = await client.SmtpAsync("MAIL FROM:<sender@example.net>");
            reply = reply?[0] == '2' ? await client.SmtpAsync($"RCPT TO:<{server.Address("ann")}>") : reply;
            reply = reply?[0] == '2' ? await client.SmtpAsync("DATA") : reply;
            reply = reply?[0] == '3' ? await client.SmtpAsync(Message(name, 60_000) + ".") : reply;
            if (reply?[0] == '2')
            {
                acknowledged.Add(name);
                continue;
            }

            Assert.True(reply?[0] == '4', $"{name}: {reply}");
            refused!.Add(reply!);
            if (refused.Count >= enough)
            {
                break;
            }

            await client.SmtpAsync("RSET");
        }
    }

    private static void MustBeTemporary(string answer) =>
        Assert.True(answer.Contains(" NO [OVERQUOTA]", StringComparison.Ordinal) || answer.Contains(" NO [UNAVAILABLE]", StringComparison.Ordinal), answer);

    private static bool IsOk(string answer) => answer.Contains(" OK", StringComparison.Ordinal);

    private static async Task<int> CountAsync(WireClient client, string mailbox) =>
        int.Parse(Messages().Match(string.Join(' ', await client.ImapOkAsync($"STATUS {mailbox} (MESSAGES)"))).Groups[1].Value, CultureInfo.InvariantCulture);

    private static string Append(string mailbox, string name, int octets)
    {
        var message = Message(name, octets);
        return $"APPEND {mailbox} {{{message.Length}+}}\r\n{message}";
    }

    private static string Message(string name, int octets)
    {
        var text = new StringBuilder($"From: Sender <sender@example.net>\r\nSubject: {name}\r\nMessage-ID: <{name}@example.net>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n");
        while (text.Length < octets)
        {
            text.Append(CultureInfo.InvariantCulture, $"{text.Length} octets of a message for which there may be no room\r\n");
        }

        return text.ToString();
    }

    private static async Task<WireClient> LogInAsync(RunningServer server, string account)
    {
        var client = await WireClient.ConnectAsync(server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN {account} {server.Plan.Password}");
        return client;
    }

    [GeneratedRegex(@"Subject: (\S+)", RegexOptions.None, 1000)]
    private static partial Regex Subject();

    [GeneratedRegex(@"MESSAGES (\d+)", RegexOptions.None, 1000)]
    private static partial Regex Messages();
}
