using System.Collections.Concurrent;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Cluster;

/// <summary>Two processes of MailPlus on one PostgreSQL serve the same accounts at once (design 2).</summary>
[Collection(PostgresCollection.Name)]
public sealed class TwoNodesTests(PostgresUnderTest postgres)
{
    [SkippableFact]
    public async Task Each_sees_at_once_what_the_other_does_and_takes_over_when_it_dies()
    {
        var plan = new ServerPlan { Database = await postgres.NewDatabaseAsync(), Accounts = ["ann", "bob"] };
        await using var one = await RunningServer.StartAsync(plan);
        await using var two = await RunningServer.StartFreshAsync(plan);

        // What one appends wakes the other's IDLE; flags and expunges follow.
        using var reader = await LogInAsync(two, "ann");
        using var writer = await LogInAsync(one, "ann");
        await reader.ImapOkAsync("SELECT INBOX");
        await writer.ImapOkAsync("SELECT INBOX");
        await reader.SendAsync("i IDLE\r\n");
        Assert.StartsWith("+", await NextAsync(reader, "+"), StringComparison.Ordinal);
        await AppendAsync(writer, "first");
        Assert.Equal("* 1 EXISTS", await NextAsync(reader, "EXISTS"));
        await writer.ImapOkAsync("STORE 1 +FLAGS (\\Flagged)");
        Assert.Contains("\\Flagged", await NextAsync(reader, "FETCH"), StringComparison.Ordinal);
        await reader.SendAsync("DONE\r\n");
        await NextAsync(reader, "i OK");
        await AppendAsync(writer, "second");
        await Eventually.TrueAsync(
            async () => (await reader.ImapOkAsync("NOOP")).Any(line => line.StartsWith("* 2 EXISTS", StringComparison.Ordinal)), () => "the second message is announced on the other node");
        Assert.Contains("2", Assert.Single(await reader.ImapOkAsync("SEARCH ALL"), line => line.StartsWith("* SEARCH", StringComparison.Ordinal)), StringComparison.Ordinal);

        // Accounts, domains and settings made on one are known on the other.
        await one.AddAccountAsync("cho");
        using var third = await LogInAsync(two, "cho");
        for (var n = 0; n < 10; n++)
        {
            await (n % 2 == 0 ? one : two).AddAccountAsync($"new{n}");
            Assert.True(await TrySendAsync(n % 2 == 0 ? two : one, "hello", $"new{n}"), $"new{n} was confirmed by one node and is unknown to the other");
        }

        await two.VerbAsync(["setting", "set", "Smtp.MaximumMessageSize", "1048576"]);
        await Eventually.TrueAsync(async () => await SizeAsync(one) == "1048576", () => "the other node offers the new size");

        // A maildrop is one session's, whichever node it is on (RFC 1939 4).
        using (var pop = await PopAsync(one))
        {
            using var other = await PopAsync(two, "-ERR");
            await pop.SendAsync("QUIT\r\n");
            Assert.StartsWith("+OK", await pop.ReadLineAsync(), StringComparison.Ordinal);
        }

        using (await PopAsync(two))
        {
        }

        // Mail into both; one dies with some of it in hand.
        var acknowledged = new ConcurrentDictionary<string, bool>();
        var taken = 0;
        var sending = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (var n = 0; n < 40; n++)
            {
                if (!await TrySendAsync(i % 2 == 0 ? one : two, $"{i}-{n}"))
                {
                    break;
                }

                acknowledged[$"{i}-{n}"] = true;
                if (Interlocked.Increment(ref taken) == 100)
                {
                    await one.KillAsync();
                }
            }
        })).ToList();
        await Task.WhenAll(sending);
        Assert.True(acknowledged.Count >= 160, $"the node that lives took {acknowledged.Count}");
        using var bob = await LogInAsync(two, "bob");
        await bob.ImapOkAsync("SELECT INBOX");
        List<string> found = [];
        await Eventually.TrueAsync(
            async () =>
            {
                await bob.ImapOkAsync("NOOP");
                found = [.. (await bob.ImapOkAsync("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")).Where(line => line.Contains("Subject: ", StringComparison.Ordinal))
                    .Select(line => line[(line.IndexOf("Subject: ", StringComparison.Ordinal) + 9)..].Split('\r')[0])];
                return acknowledged.Keys.All(found.Contains) && !(await two.JsonAsync("queue", "list")).EnumerateArray().Any();
            },
            () => $"all {acknowledged.Count} acknowledged messages are there, of which {found.Count} are\n{string.Join('\n', two.Output.TakeLast(20))}",
            TimeSpan.FromMinutes(3));
        Assert.Equal(found.Distinct(), found);
    }

    private static async Task<WireClient> LogInAsync(RunningServer server, string account)
    {
        var client = await WireClient.ConnectAsync(server.Imap);
        await client.ReadLineAsync();
        await client.ImapOkAsync($"LOGIN {account} {server.Plan.Password}");
        return client;
    }

    private static async Task<WireClient> PopAsync(RunningServer server, string answer = "+OK")
    {
        var client = await WireClient.ConnectAsync(server.Port("pop3"));
        await client.ReadLineAsync();
        foreach (var (line, wanted) in new[] { ("USER ann", "+OK"), ($"PASS {server.Plan.Password}", answer) })
        {
            await client.SendAsync(line + "\r\n");
            Assert.StartsWith(wanted, await client.ReadLineAsync(), StringComparison.Ordinal);
        }

        return client;
    }

    private static async Task AppendAsync(WireClient client, string subject)
    {
        var text = $"Subject: {subject}\r\n\r\nx\r\n";
        await client.SendAsync($"a APPEND INBOX {{{text.Length}}}\r\n");
        Assert.StartsWith("+", await NextAsync(client, "+"), StringComparison.Ordinal);
        await client.SendAsync(text + "\r\n");
        await NextAsync(client, "a OK");
    }

    private static async Task<string> NextAsync(WireClient client, string wanted)
    {
        while (true)
        {
            var line = await client.ReadLineAsync() ?? throw new EndOfStreamException($"the server hung up before {wanted}");
            if (line.Contains(wanted, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    private static async Task<string?> SizeAsync(RunningServer server)
    {
        using var client = await WireClient.ConnectAsync(server.Smtp);
        await client.ReadLineAsync();
        await client.SendAsync("EHLO x.test\r\n");
        string? size = null;
        while (true)
        {
            var line = await client.ReadLineAsync() ?? throw new EndOfStreamException("the server hung up");
            size = line[4..].StartsWith("SIZE ", StringComparison.Ordinal) ? line[9..] : size;
            if (line[3] == ' ')
            {
                return size;
            }
        }
    }

    /// <summary>True when the message was acknowledged; a connection that breaks says nothing.</summary>
    private static async Task<bool> TrySendAsync(RunningServer server, string subject, string account = "bob")
    {
        try
        {
            using var client = await WireClient.ConnectAsync(server.Smtp);
            await client.ReadLineAsync();
            foreach (var line in new[] { "HELO x.test", "MAIL FROM:<s@far.test>", $"RCPT TO:<{account}@example.test>", "DATA", $"Subject: {subject}\r\n\r\nx\r\n." })
            {
                await client.SendAsync(line + "\r\n");
                if ((await client.ReadLineAsync()) is not ['2' or '3', ..])
                {
                    return false;
                }
            }

            return true;
        }
        catch (Exception broken) when (broken is IOException or System.Net.Sockets.SocketException or InvalidOperationException or EndOfStreamException)
        {
            return false;
        }
    }
}
