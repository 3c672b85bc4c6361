using System.Text;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>What a transcript cannot show of MULTIAPPEND (RFC 3502): how many messages, and what they cost while they come.</summary>
public sealed class MultiAppendTests
{
    [Theory]
    [InlineData(2000, 300)]
    [InlineData(60, 200_000)] // more than one command may hold in memory: the rest waits in files
    public async Task ManyMessagesComeInOneCommand(int count, int octets)
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = server.Connect();
        await client.ReadLineAsync();
        await client.SendAsync("a LOGIN kim secret\r\n");
        await client.ReadLineAsync();
        var sending = Task.Run(async () =>
        {
            await client.SendAsync("b APPEND INBOX");
            for (var i = 0; i < count; i++)
            {
                await client.SendAsync($" {{{octets}+}}\r\n{Message(i, octets)}");
            }

            await client.SendAsync("\r\n");
        });
        Assert.Matches($@"^b OK \[APPENDUID \d+ 1:{count}\] ", await client.ReadLineAsync());
        await sending;
        await client.SendAsync("c EXAMINE INBOX\r\nd FETCH 1,* BODY.PEEK[HEADER.FIELDS (SUBJECT)]\r\n");
        var answer = new StringBuilder();
        for (var line = ""; !line.StartsWith("d ", StringComparison.Ordinal); answer.Append(line).Append('\n'))
        {
            line = await client.ReadLineAsync() ?? throw new EndOfStreamException();
        }

        Assert.Contains($"* {count} EXISTS", answer.ToString(), StringComparison.Ordinal);
        Assert.Contains("Subject: 0\n", answer.ToString(), StringComparison.Ordinal);
        Assert.Contains($"Subject: {count - 1}\n", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooManyMessagesStoreNothing()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = server.Connect();
        await client.ReadLineAsync();
        await client.SendAsync("a LOGIN kim secret\r\n");
        await client.ReadLineAsync();
        var sending = Task.Run(() => client.SendAsync("b APPEND INBOX" + string.Concat(Enumerable.Repeat(" {1+}\r\nx", 2001)) + "\r\nc STATUS INBOX (MESSAGES)\r\n"));
        Assert.Equal("b BAD Too many messages", await client.ReadLineAsync());
        Assert.Equal("* STATUS \"INBOX\" (MESSAGES 0)", await client.ReadLineAsync());
        await sending;
    }

    private static string Message(int number, int octets)
    {
        var header = $"Subject: {number}\r\n\r\n";
        return header + new string('x', octets - header.Length);
    }
}
