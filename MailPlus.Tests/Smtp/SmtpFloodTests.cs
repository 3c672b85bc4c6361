using System.Net;
using MailPlus.Engine.Smtp.Server;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Smtp;

/// <summary>Peers that want too much of one session.</summary>
public sealed class SmtpFloodTests
{
    // mail-rules 14
    [Fact]
    public async Task Of_100_000_recipients_as_many_are_kept_as_are_allowed_and_the_rest_is_told_452()
    {
        using var bench = new SmtpBench(lab: true);
        await using var ends = new MemoryConnection(remote: IPAddress.Loopback);
        var served = new SmtpHandler(SmtpRole.Mx, bench.Door).ServeAsync(ends.Server, ends.Server.Aborted);
        await ends.ReadLineAsync();
        await ends.SendAsync("HELO x\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nMAIL FROM:<alice@example.test>\r\n");
        foreach (var expected in new[] { "250", "235", "250" })
        {
            Assert.StartsWith(expected, await ends.ReadLineAsync(), StringComparison.Ordinal);
        }

        const int Batch = 500;
        var replies = new Dictionary<string, int>();
        for (var first = 0; first < 100_000; first += Batch)
        {
            await ends.SendAsync(string.Concat(Enumerable.Range(first, Batch).Select(n => $"RCPT TO:<u{n}@far.test>\r\n")));
            for (var i = 0; i < Batch; i++)
            {
                var code = (await ends.ReadLineAsync())![..9];
                replies[code] = replies.GetValueOrDefault(code) + 1;
            }
        }

        Assert.Equal((100, 99_900), (replies["250 2.1.5"], replies["452 4.5.3"]));
        await ends.SendAsync("DATA\r\n");
        Assert.StartsWith("354", await ends.ReadLineAsync(), StringComparison.Ordinal);
        await ends.SendAsync("text\r\n.\r\nQUIT\r\n");
        Assert.StartsWith("250", await ends.ReadLineAsync(), StringComparison.Ordinal);
        await served;
        Assert.Equal(100, Assert.Single(bench.Acceptance.Accepted).Envelope.Recipients.Count);
    }
}
