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

    [Fact]
    public Task Fifty_clients_are_never_told_a_contradiction() => RunAsync(clients: 50, rounds: 4, TimeSpan.FromSeconds(15));

    [Fact]
    [Trait("Set", "Long")]
    public Task Fifty_clients_are_never_told_a_contradiction_in_ten_minutes() => RunAsync(clients: 50, rounds: 20, TimeSpan.FromSeconds(30));

    private async Task RunAsync(int clients, int rounds, TimeSpan length)
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["kim"] });
        var ledger = new StressLedger();
        var all = new List<StressClient>();
        try
        {
            for (var i = 0; i < clients; i++)
            {
                all.Add(await ConnectAsync(server, ledger, i));
            }

            for (var round = 0; round < rounds; round++)
            {
                var watch = Stopwatch.StartNew();
                await Task.WhenAll(all.Select(client => Task.Run(async () =>
                {
                    while (watch.Elapsed < length)
                    {
                        await client.StepAsync();
                    }
                })));
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

    private static async Task<StressClient> ConnectAsync(RunningServer server, StressLedger ledger, int number)
    {
        var kind = (StressKind)(number % 3);
        var wire = await WireClient.ConnectAsync(server.Imap);
        var session = new StressSession(wire, kind, ledger);
        await wire.ReadLineAsync();
        await session.DoAsync($"LOGIN kim {server.Plan.Password}");
        if (number == 0)
        {
            await session.DoAsync("CREATE Busy");
            await session.DoAsync("CREATE Busier");
        }

        if (kind == StressKind.QResync)
        {
            await session.DoAsync("ENABLE QRESYNC");
        }

        return new StressClient(number, session, ledger, Mailboxes);
    }
}
