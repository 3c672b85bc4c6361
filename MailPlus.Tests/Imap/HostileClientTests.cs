using System.Text;
using MailPlus.Engine.Tls;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Imap;

/// <summary>Clients that lie, flood or leave: the right answer or an end, never an error in the log, never memory without bound.</summary>
public sealed class HostileClientTests
{
    [Fact]
    public async Task AnEndlessLiteralOfAStrangerIsRefusedWithoutBeingRead()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await GreetedAsync(server);
        await client.SendAsync("a1 LOGIN {1073741824}\r\n");
        Assert.Equal("a1 BAD [TOOBIG] Literal is too large", await client.ReadLineAsync());
        await client.SendAsync("a2 NOOP\r\n");
        Assert.Equal("a2 OK Done", await client.ReadLineAsync());
        await client.SendAsync("a3 LOGIN {99999999999999999999+}\r\n");
        Assert.Equal("* BYE Literal is too large", await client.ReadLineAsync());
        Assert.Null(await client.ReadLineAsync());
        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task ATooLargeLiteralThatComesAnywayIsReadOver()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await GreetedAsync(server);
        await client.SendAsync("a1 LOGIN {100000+}\r\n");
        await client.SendAsync(new string('x', 100_000));
        await client.SendAsync(" {5+}\r\nhello\r\na2 NOOP\r\n");
        Assert.Equal("a1 BAD [TOOBIG] Literal is too large", await client.ReadLineAsync());
        Assert.Equal("a2 OK Done", await client.ReadLineAsync());
    }

    [Fact]
    public async Task ALineWithoutEndIsAnsweredOnceAndThenEndsTheSession()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await GreetedAsync(server);
        await client.SendAsync("a1 " + new string('x', 200_000) + "\r\na2 NOOP\r\n");
        Assert.Equal("a1 BAD [TOOBIG] Command line is too long", await client.ReadLineAsync());
        Assert.Equal("a2 OK Done", await client.ReadLineAsync());
    }

    [Fact]
    public async Task AnAnswerNeverQuotesALineEndOfTheClient()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await GreetedAsync(server);
        await client.SendAsync("a1 LOGIN fuzz {0} x\r\n");
        Assert.Equal("a1 BAD Expected the end of the command", await client.ReadLineAsync());
        await client.SendAsync("a2 NOOP\r\n");
        Assert.Equal("a2 OK Done", await client.ReadLineAsync());
        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task DeepParenthesesAreNoStackOverflow()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await SelectedAsync(server);
        await client.SendAsync("a1 SEARCH " + new string('(', 30_000) + "\r\n");
        Assert.Equal("a1 BAD Search is too complex", await client.ReadLineAsync());
        await client.SendAsync("a2 SEARCH " + string.Concat(Enumerable.Repeat("NOT ", 10_000)) + "ALL\r\n");
        Assert.Equal("a2 BAD Search is too complex", await client.ReadLineAsync());
    }

    [Fact]
    public async Task TenThousandParenthesesAreABadArgumentOfEveryCommand()
    {
        string[] commands =
        [
            "FETCH 1 ", "FETCH 1 (FLAGS BODY[HEADER.FIELDS ", "STORE 1 FLAGS ", "STATUS INBOX ", "LIST ", "LIST \"\" ", "LIST \"\" * RETURN ", "SELECT INBOX ", "SORT ", "SORT (DATE) UTF-8 ",
            "THREAD REFERENCES UTF-8 ", "UID SEARCH RETURN ", "ESEARCH IN ", "NOTIFY SET ", "NOTIFY SET (personal ", "GETMETADATA ", "SETMETADATA INBOX ", "SETQUOTA \"\" ", "ID ", "APPEND INBOX ", "URLFETCH ",
        ];
        await using var server = await ImapUnderTest.StartAsync();
        foreach (var command in commands)
        {
            var client = await SelectedAsync(server);
            foreach (var end in new[] { "", new string(')', 10_000) })
            {
                await client.SendAsync($"a1 {command}{new string('(', 10_000)}{end}\r\n");
                var answer = await client.ReadLineAsync();
                Assert.True(answer!.StartsWith("a1 BAD", StringComparison.Ordinal), $"{command}: {answer}");
            }

            await client.SendAsync("a2 NOOP\r\n");
            Assert.Equal("a2 OK Done", await client.ReadLineAsync());
        }

        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task WhatUnicodeCannotNormaliseIsNoFault()
    {
        const string Name = "\"&,,4-\""; // U+FFFE
        string[] commands =
        [
            "SEARCH CHARSET UTF-8 SUBJECT {3+}\r\n\ufffe", $"CREATE {Name}", $"SUBSCRIBE {Name}", $"STATUS {Name} (MESSAGES)", $"RENAME {Name} x", $"ESEARCH IN (mailboxes {Name}) ALL",
            $"NOTIFY SET (subtree {Name} (MessageNew MessageExpunge))", $"LIST \"\" {Name}", $"COPY 1 {Name}", $"SETMETADATA {Name} (/private/comment NIL)", $"DELETE {Name}", $"SELECT {Name}",
        ];
        await using var server = await ImapUnderTest.StartAsync();
        var client = await SelectedAsync(server);
        foreach (var command in commands)
        {
            await client.SendAsync(Encoding.UTF8.GetBytes($"a1 {command}\r\na2 NOOP\r\n"));
            var lines = new List<string?>();
            do
            {
                lines.Add(await client.ReadLineAsync());
            }
            while (lines[^1] is { } line && !line.StartsWith("a2", StringComparison.Ordinal));
            Assert.Contains(lines, line => line?.StartsWith("a1 ", StringComparison.Ordinal) == true);
            Assert.Equal("a2 OK Done", lines[^1]);
        }

        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task TooManyFaultsEndTheSession()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await GreetedAsync(server);
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync("x FOO\r\n");
            Assert.Equal("x BAD Unknown command", await client.ReadLineAsync());
        }

        Assert.Equal("* BYE Too many faulty commands", await client.ReadLineAsync());
    }

    [Fact]
    public async Task AClientThatLeavesInsideAMessageStoresNothing()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await SelectedAsync(server);
        await client.SendAsync("a1 APPEND INBOX {300000+}\r\nSubject: x\r\n");
        client.FinishSending();
        await server.SessionsAsync();
        await using var store = await server.Store.OpenAsync(ImapUnderTest.Kim, default);
        Assert.Equal(0, (await store.FindAsync("INBOX", default))!.Messages);
        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task AMessageBiggerThanMemoryBuffersComesBackAsItWas()
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await SelectedAsync(server);
        var message = Encoding.ASCII.GetBytes("Subject: big\r\n\r\n" + string.Concat(Enumerable.Range(0, 40_000).Select(i => $"line {i} of a big message\r\n")));
        await client.SendAsync($"a1 APPEND INBOX {{{message.Length}+}}\r\n");
        await client.SendAsync(message);
        await client.SendAsync("\r\n");
        while (await client.ReadLineAsync() is { } line && !line.StartsWith("a1 OK", StringComparison.Ordinal))
        {
            Assert.StartsWith("* ", line, StringComparison.Ordinal);
        }

        await client.SendAsync("a2 FETCH 1 (BODY.PEEK[] BODY.PEEK[TEXT]<100000.5000>)\r\n");
        Assert.Equal($"* 1 FETCH (BODY[] {{{message.Length}}}", await client.ReadLineAsync());
        Assert.Equal(message, await client.ReadBytesAsync(message.Length));
        Assert.Equal(" BODY[TEXT]<100000> {5000}", await client.ReadLineAsync());
        Assert.Equal(message[100_016..105_016], await client.ReadBytesAsync(5000));
        Assert.Equal(")", await client.ReadLineAsync());
        Assert.Equal("a2 OK Fetch completed", await client.ReadLineAsync());
    }

    [Fact]
    public async Task OctetsAfterSTARTTLSAreNeverTakenForCommandsUnderTLS()
    {
        var certificate = SelfSigned.Make("mail.example.test", TimeProvider.System.GetUtcNow());
        await using var server = await ImapUnderTest.StartAsync(isLab: false);
        var client = server.Connect(_ => certificate.Options);
        Assert.StartsWith("* OK", await client.ReadLineAsync(), StringComparison.Ordinal);
        await client.SendAsync("a1 STARTTLS\r\na2 LOGIN kim secret\r\na3 CREATE injected\r\n");
        Assert.StartsWith("a1 OK", await client.ReadLineAsync(), StringComparison.Ordinal);
        await client.StartTlsAsync();
        await client.SendAsync("b1 STATUS INBOX (MESSAGES)\r\n");
        Assert.StartsWith("b1 BAD", await client.ReadLineAsync(), StringComparison.Ordinal); // nobody is signed in
        Assert.Empty(server.Log.Errors);
    }

    [Theory]
    [InlineData("&")]
    [InlineData("&AAA")]
    [InlineData("&AGE-")] // an "a" that needs no base64
    [InlineData("&2AA-")] // half of a surrogate pair
    [InlineData("&3AA-")]
    [InlineData("&1Vxt-&bQ-")]
    [InlineData("&1Vxtb!-")]
    [InlineData("\u00e9")]
    public async Task NamesThatAreNoModifiedUtf7AreRefusedAndTheSessionGoesOn(string name)
    {
        await using var server = await ImapUnderTest.StartAsync();
        var client = await SelectedAsync(server);
        foreach (var command in new[] { "CREATE", "DELETE", "SUBSCRIBE", "SELECT" })
        {
            await client.SendAsync($"a1 {command} \"{name}\"\r\n");
            var answer = await client.ReadLineAsync();
            Assert.True(answer!.StartsWith("a1 BAD", StringComparison.Ordinal) || answer.StartsWith("a1 NO", StringComparison.Ordinal), $"{command}: {answer}");
        }

        await client.SendAsync("a2 NOOP\r\n");
        Assert.Equal("a2 OK Done", await client.ReadLineAsync());
        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task MutatedCommandsNeverBreakASession()
    {
        string[] seeds =
        [
            "SELECT INBOX", "FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (Subject From)]<0.10> ENVELOPE BODYSTRUCTURE MODSEQ) (CHANGEDSINCE 1)", "UID STORE 1:* +FLAGS.SILENT (\\Seen $x)",
            "SEARCH RETURN (ALL COUNT) OR (SUBJECT \"x\" NOT SEEN) SINCE 1-Jan-2020", "LIST (SUBSCRIBED) \"\" (\"*\" %) RETURN (STATUS (MESSAGES))", "STATUS INBOX (UIDNEXT UNSEEN)",
            "COPY 1 Archive", "CREATE \"&1VxtbQ-/x\"", "APPEND INBOX (\\Seen) {10+}\r\nSubject: x", "ID (\"a\" NIL)", "EXPUNGE", "UID EXPUNGE 1:*", "GETQUOTAROOT INBOX", "ENABLE CONDSTORE",
        ];
        await using var server = await ImapUnderTest.StartAsync();
        var random = new DeterministicBytes(42);
        for (var round = 0; round < 60; round++)
        {
            var client = await SelectedAsync(server);
            var reading = client.ReadToEndAsync();
            for (var i = 0; i < 30; i++)
            {
                var octets = Encoding.Latin1.GetBytes($"a{i} {seeds[random.Next(seeds.Length)]}\r\n");
                for (var m = random.Next(4); m > 0; m--)
                {
                    octets[random.Next(octets.Length)] = (byte)random.Next(256);
                }

                await client.SendAsync(octets);
            }

            client.FinishSending();
            await reading;
        }

        await server.SessionsAsync();
        Assert.Empty(server.Log.Errors);
    }

    private static async Task<MemoryConnection> GreetedAsync(ImapUnderTest server)
    {
        var client = server.Connect();
        Assert.StartsWith("* OK", await client.ReadLineAsync(), StringComparison.Ordinal);
        return client;
    }

    private static async Task<MemoryConnection> SelectedAsync(ImapUnderTest server)
    {
        var client = await GreetedAsync(server);
        await client.SendAsync("l1 LOGIN kim secret\r\nl2 SELECT INBOX\r\n");
        while (await client.ReadLineAsync() is { } line && !line.StartsWith("l2 OK", StringComparison.Ordinal))
        {
            Assert.False(line.StartsWith("l2", StringComparison.Ordinal), line);
        }

        return client;
    }

    /// <summary>The same numbers in every run, so that a failure can be repeated.</summary>
    private sealed class DeterministicBytes(uint seed)
    {
        private uint _state = seed;

        public int Next(int below)
        {
            _state = (_state * 1664525) + 1013904223;
            return (int)((_state >> 8) % (uint)below);
        }
    }
}
