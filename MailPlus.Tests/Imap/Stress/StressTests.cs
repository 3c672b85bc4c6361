using System.Diagnostics;
using System.Globalization;
using MailPlus.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace MailPlus.Tests.Imap.Stress;

/// <summary>
/// Many clients change the same mailboxes at once; each checks every untagged response against its own model, and all must agree whenever they pause
/// (RFC 3501 7.4.1, RFC 7162, mail-rules 8).
/// </summary>
public sealed class StressTests(ITestOutputHelper log)
{
    private static readonly string[] Mailboxes = ["INBOX", "Busy", "Busier"];
    private static readonly string[] Shared = ["\\answered", "\\flagged", "\\deleted", "\\Answered", "\\Flagged", "\\Deleted"];

    [Fact]
    public Task Fifty_clients_are_never_told_a_contradiction() => RunAsync(clients: 50, rounds: 4, TimeSpan.FromSeconds(5));

    [Fact]
    [Trait("Set", "Long")]
    public Task Fifty_clients_are_never_told_a_contradiction_in_ten_minutes() => RunAsync(clients: 50, rounds: 20, TimeSpan.FromSeconds(30));

    /// <summary>\Seen and keywords are each reader's own, the other flags everybody's, and no session is told otherwise (mail-rules 11).</summary>
    [Fact]
    public async Task Two_readers_and_the_owner_of_shared_mailboxes_are_never_told_a_contradiction()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["kim", "ann", "bob"] });
        var groups = new List<List<StressClient>>();
        try
        {
            foreach (var account in server.Plan.Accounts)
            {
                // MODSEQs stand for one state of a reader's flags, so each has a ledger.
                var (ledger, prefix) = (new StressLedger(), account == "kim" ? "" : "Other Users/kim/");
                groups.Add([]);
                for (var i = 0; i < 4; i++)
                {
                    groups[^1].Add(await ConnectAsync(server, ledger, groups.Count * 4 + i, (account, i == 0 && prefix == "", [.. Mailboxes.Select(m => $"\"{prefix}{m}\"")])));
                }

                if (account == "kim")
                {
                    foreach (var mailbox in Mailboxes)
                    {
                        await groups[0][0].Session.DoAsync($"SETACL {mailbox} anyone lrswite");
                    }
                }
            }

            var all = groups.SelectMany(group => group).ToList();
            await StepAsync(all, TimeSpan.FromSeconds(8));
            foreach (var group in groups)
            {
                await AgreeAsync(group);
            }

            // What is everybody's is the same for all.
            foreach (var mailbox in all.GroupBy(c => c.Session.View!.Mailbox.Trim('"').Split('/')[^1]))
            {
                Assert.Single(mailbox.Select(c => string.Join(' ', c.Session.View!.Messages.Select(m => $"{m.Uid}({string.Join(' ', m.Flags!.Split(' ').Intersect(Shared))})"))).Distinct());
            }

            Assert.True(all.All(c => c.Done > 0));
            Assert.DoesNotContain(server.Output, line => line.Contains("reference", StringComparison.Ordinal));
        }
        finally
        {
            groups.ForEach(group => group.ForEach(client => client.Session.Dispose()));
        }
    }

    private static Task StepAsync(List<StressClient> clients, TimeSpan length)
    {
        var watch = Stopwatch.StartNew();
        return Task.WhenAll(clients.Select(client => Task.Run(async () =>
        {
            while (watch.Elapsed < length)
            {
                await client.StepAsync();
            }
        })));
    }

    private async Task RunAsync(int clients, int rounds, TimeSpan length)
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["kim"] });
        var ledger = new StressLedger();
        var all = new List<StressClient>();
        try
        {
            for (var i = 0; i < clients; i++)
            {
                all.Add(await ConnectAsync(server, ledger, i, ("kim", i == 0, Mailboxes)));
            }

            for (var round = 0; round < rounds; round++)
            {
                await StepAsync(all, length);
                await AgreeAsync(all);
            }
        }
        finally
        {
            all.ForEach(client => client.Session.Dispose());
        }

        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{all.Sum(c => c.Done)} commands, {ledger.Agreements} facts agreed on"));
        Assert.True(all.All(c => c.Done > 0));
        Assert.DoesNotContain(server.Output, line => line.Contains("reference", StringComparison.Ordinal));
    }

    /// <summary>With everybody at rest, what each was told is what is there, and the same for all who have the mailbox open.</summary>
    private static async Task AgreeAsync(List<StressClient> clients)
    {
        await Task.WhenAll(clients.Select(c => c.SettleAsync()));
        foreach (var mailbox in clients.GroupBy(c => c.Session.View!.Mailbox))
        {
            Assert.Single(mailbox.Select(c => string.Join(' ', c.Session.View!.Messages.Select(m => $"{m.Uid}({m.Flags})"))).Distinct());
        }
    }

    private static async Task<StressClient> ConnectAsync(RunningServer server, StressLedger ledger, int number, (string Account, bool MakesMailboxes, string[] Mailboxes) who)
    {
        var kind = (StressKind)(number % 3);
        var wire = await WireClient.ConnectAsync(server.Imap);
        var session = new StressSession(wire, kind, ledger);
        await wire.ReadLineAsync();
        await session.DoAsync($"LOGIN {who.Account} {server.Plan.Password}");
        if (who.MakesMailboxes)
        {
            await session.DoAsync("CREATE Busy");
            await session.DoAsync("CREATE Busier");
        }

        if (kind == StressKind.QResync)
        {
            await session.DoAsync("ENABLE QRESYNC");
        }

        return new StressClient(number, session, ledger, who.Mailboxes);
    }
}
