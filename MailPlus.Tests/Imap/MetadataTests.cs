using System.Text;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>What a transcript cannot show of METADATA (RFC 5464): octets of any kind, and limits.</summary>
public sealed class MetadataTests
{
    [Fact]
    public async Task ValuesMayHoldAnyOctets()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = server.Connect();
        await client.ReadLineAsync();
        await AskAsync(client, "a LOGIN kim secret\r\n");
        Assert.Contains("a OK", await AskAsync(client, "a SETMETADATA INBOX (/private/vendor/acme/x ~{4+}\r\na\0\u00ffb /private/comment {3+}\r\n\u00ed\u0095\u009c)\r\n"));
        Assert.Equal("* METADATA \"INBOX\" (/private/comment {3}\r\n\u00ed\u0095\u009c /private/vendor/acme/x ~{4}\r\na\0\u00ffb)\r\na OK Getmetadata completed\r\n",
            await AskAsync(client, "a GETMETADATA (DEPTH infinity) INBOX /private\r\n"));
        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task LimitsAreToldAndNothingIsSetThen()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = server.Connect();
        await client.ReadLineAsync();
        await AskAsync(client, "a LOGIN kim secret\r\n");
        Assert.Equal("a NO [METADATA MAXSIZE 65536] The annotation is larger than 65536 octets\r\n",
            await AskAsync(client, $"a SETMETADATA INBOX (/private/one \"x\" /private/two {{65537+}}\r\n{new string('x', 65537)})\r\n"));
        Assert.Contains("(/private/one NIL)", await AskAsync(client, "a GETMETADATA INBOX /private/one\r\n"));
        var many = string.Join(' ', Enumerable.Range(0, 100).Select(n => $"/private/n{n} \"x\""));
        Assert.Contains("a OK", await AskAsync(client, $"a SETMETADATA INBOX ({many})\r\n"));
        Assert.Equal("a NO [METADATA TOOMANY] There are too many annotations\r\n", await AskAsync(client, "a SETMETADATA INBOX (/shared/one \"x\")\r\n"));
        Assert.Contains("a OK", await AskAsync(client, "a SETMETADATA INBOX (/private/n0 NIL /shared/one \"x\")\r\n"));
        Assert.StartsWith("a BAD Too many entries", await AskAsync(client, $"a SETMETADATA INBOX ({many} /private/n100 \"x\")\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/private", true)]
    [InlineData("/shared/x y", true)]
    [InlineData("private/x", false)]
    [InlineData("/private/x/", false)]
    [InlineData("/privatex/y", false)]
    [InlineData("/", false)]
    [InlineData("/shared/\u00e9", false)]
    public void NamesFollowTheRules(string entry, bool isValid)
    {
        var command = new CommandText("a", "GETMETADATA", Encoding.UTF8.GetBytes($" INBOX \"{entry}\""));
        Assert.Equal(isValid, Record.Exception(() => GetMetadataArguments.Parse(command)) is null);
    }

    [Fact]
    public void ANameOfTooManyLevelsIsRefused()
    {
        var command = new CommandText("a", "GETMETADATA", Encoding.ASCII.GetBytes(" INBOX /private" + string.Concat(Enumerable.Repeat("/x", 20))));
        Assert.Throws<SyntaxException>(() => GetMetadataArguments.Parse(command));
    }

    /// <summary>All octets up to and with the tagged answer to "a".</summary>
    private static async Task<string> AskAsync(Support.MemoryConnection client, string command)
    {
        await client.SendAsync(command);
        var answer = new StringBuilder();
        while (true)
        {
            var line = await client.ReadLineAsync() ?? throw new EndOfStreamException();
            answer.Append(line).Append("\r\n");
            if (line.StartsWith("a ", StringComparison.Ordinal))
            {
                return answer.ToString();
            }
        }
    }
}
