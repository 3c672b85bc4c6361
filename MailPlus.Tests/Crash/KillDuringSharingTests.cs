using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Crash;

/// <summary>
/// kill -9 while one account moves messages into another's mailbox and the owner changes annotations and rights: what was answered OK is so after the restart,
/// and a move loses nothing (decision 0010, mail-rules 4, 11).
/// </summary>
public sealed partial class KillDuringSharingTests
{
    private const string Team = "\"Other Users/kim/Team\"";

    [Fact]
    public async Task Moves_to_another_account_annotations_and_rights_survive_a_kill()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["kim", "ann"] });
        using (var kim = await LogInAsync(server, "kim"))
        {
            await kim.ImapOkAsync("CREATE Team");
            await kim.ImapOkAsync("SETACL Team ann lrswite");
        }

        var (moved, appended) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());
        var (comment, rights) = (0, 0);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task[] work = [UntilCutAsync("ann", MoveAsync), UntilCutAsync("kim", AnnotateAsync), UntilCutAsync("kim", ShareAsync)];
        await enough.Task.WaitAsync(TimeSpan.FromMinutes(2));
        await server.KillAsync();
        await Task.WhenAll(work);
        await server.LaunchAsync();

        using var owner = await LogInAsync(server, "kim");
        using var reader = await LogInAsync(server, "ann");
        var there = await NamesAsync(reader, Team);
        var here = await NamesAsync(reader, "INBOX");
        Assert.Equal(there.Count, there.Distinct().Count());
        Assert.All(moved, name => Assert.True(there.Contains(name) && !here.Contains(name), $"{name} was moved"));
        Assert.All(appended, name => Assert.True(there.Contains(name) || here.Contains(name), $"{name} is lost"));

        // \Seen came along as the mover's own, and nobody else's.
        await reader.ImapOkAsync($"SELECT {Team}");
        Assert.DoesNotContain(await reader.ImapOkAsync("SEARCH UNSEEN"), line => Digits().IsMatch(line));
        await owner.ImapOkAsync("SELECT Team");
        Assert.DoesNotContain(await owner.ImapOkAsync("SEARCH SEEN"), line => Digits().IsMatch(line));

        // What was answered, or at most the one after it.
        AssertOneOf(string.Join(' ', await owner.ImapOkAsync("GETMETADATA Team /shared/comment")), n => $"note-{n}-", comment);
        AssertOneOf(string.Join(' ', await owner.ImapOkAsync("GETACL Team")), n => n % 2 == 1 ? "anyone lr" : "ann lrswite", rights);

        async Task MoveAsync(WireClient client)
        {
            await client.ImapOkAsync("SELECT INBOX");
            for (var number = 0; ; number++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"m{number:D5}");
                var message = $"Subject: {name}\r\n\r\nx\r\n";
                await client.ImapOkAsync($"APPEND INBOX (\\Seen) {{{message.Length}+}}\r\n{message}");
                appended.Add(name);
                await client.ImapOkAsync($"MOVE 1 {Team}");
                moved.Add(name);
                if (number == 150)
                {
                    enough.TrySetResult();
                }
            }
        }

        async Task AnnotateAsync(WireClient client)
        {
            for (var number = 1; ; number++)
            {
                await client.ImapOkAsync($"SETMETADATA Team (/shared/comment \"note-{number}-\")");
                comment = number;
            }
        }

        async Task ShareAsync(WireClient client)
        {
            for (var number = 1; ; number++)
            {
                await client.ImapOkAsync(number % 2 == 1 ? "SETACL Team anyone lr" : "DELETEACL Team anyone");
                rights = number;
            }
        }

        async Task UntilCutAsync(string account, Func<WireClient, Task> act)
        {
            try
            {
                using var client = await LogInAsync(server, account);
                await act(client);
            }
            catch (Exception cut) when (cut is SocketException or EndOfStreamException or IOException)
            {
                // The kill cut the session.
            }
        }
    }

    private static void AssertOneOf(string answer, Func<int, string> text, int answered) =>
        Assert.True((answered == 0 || answer.Contains(text(answered), StringComparison.Ordinal)) || answer.Contains(text(answered + 1), StringComparison.Ordinal), $"{answer} after {answered}");

    private static async Task<List<string>> NamesAsync(WireClient client, string mailbox)
    {
        await client.ImapOkAsync($"EXAMINE {mailbox}");
        var answer = await client.ImapOkAsync("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
        return [.. answer.SelectMany(line => Name().Matches(line)).Select(match => match.Value)];
    }

    private static async Task<WireClient> LogInAsync(RunningServer server, string account)
    {
        var client = await WireClient.ConnectAsync(server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN {account} {server.Plan.Password}");
        return client;
    }

    [GeneratedRegex(@"\bm\d{5}\b", RegexOptions.None, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"SEARCH \d", RegexOptions.None, 1000)]
    private static partial Regex Digits();
}
