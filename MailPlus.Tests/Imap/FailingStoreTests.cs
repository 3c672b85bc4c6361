using MailPlus.Engine.Primitives;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>Messages are never taken for commands, wherever a command fails whose messages come without being asked for (RFC 7888).</summary>
public sealed class FailingStoreTests
{
    private const string Message = "Subject: a message\r\n\r\n857 octets that look\r\nlike commands\r\nx1 LOGOUT\r\n";

    public static TheoryData<string, bool, string> Failures()
    {
        var cases = new TheoryData<string, bool, string>();
        foreach (var operation in (string[])["StateAsync", "FindAsync", "UsageAsync", "AppendAsync"])
        {
            cases.Add(operation, true, "NO [OVERQUOTA] ");
            cases.Add(operation, false, "NO [SERVERBUG] ");
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task An_append_that_fails_leaves_the_session_in_step(string operation, bool isFull, string answer)
    {
        var fails = false;
        await using var server = await ImapUnderTest.StartAsync();
        var store = FailingStore.Over(server.Store, name => Volatile.Read(ref fails) && name == operation ? Failure(isFull) : null);
        var client = server.Connect(store: store);
        await client.ReadLineAsync();
        await client.SendAsync("a LOGIN kim secret\r\n");
        Assert.StartsWith("a OK", await client.ReadLineAsync(), StringComparison.Ordinal);
        await client.SendAsync("b SELECT INBOX\r\n");
        Assert.StartsWith("b OK", await ReadToAsync("b "), StringComparison.Ordinal);

        foreach (var (tag, text) in new[] { ("c", $"APPEND INBOX {Literal}"), ("d", $"APPEND INBOX {Literal} {Literal}"), ("e", $"APPEND INBOX CATENATE (TEXT {Literal} TEXT {Literal})") })
        {
            Volatile.Write(ref fails, true);
            await client.SendAsync($"{tag} {text}\r\n");
            Assert.StartsWith($"{tag} {answer}", await ReadToAsync($"{tag} "), StringComparison.Ordinal);
            Volatile.Write(ref fails, false);
            await client.SendAsync($"{tag}2 NOOP\r\n");
            Assert.Equal($"{tag}2 OK Done", await client.ReadLineAsync());
        }

        await client.SendAsync($"f APPEND INBOX {Literal}\r\n");
        Assert.StartsWith("f OK", await ReadToAsync("f "), StringComparison.Ordinal);
        Assert.Equal(isFull ? 0 : 3, server.Log.Errors.Count);

        async Task<string> ReadToAsync(string tag)
        {
            while (true)
            {
                var line = await client.ReadLineAsync() ?? throw new EndOfStreamException();
                Assert.False(line.Contains(" BAD", StringComparison.Ordinal) || line.StartsWith("* BYE", StringComparison.Ordinal), line);
                if (line.StartsWith(tag, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
    }

    private static string Literal => $"{{{Message.Length}+}}\r\n{Message}";

    private static Exception Failure(bool isFull) => isFull
        ? new RefusedException(new Refusal(RefusalKind.Unavailable, "StorageFull") { Temporary = true, IsStorageFull = true })
        : new InvalidOperationException("a mistake");
}
