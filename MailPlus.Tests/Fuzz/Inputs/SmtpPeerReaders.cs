using System.Net;
using System.Net.Sockets;
using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Client;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Replies of servers we send to, and what they say they can.</summary>
internal sealed class SmtpReplyReader : FuzzReader
{
    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "220 mx.example.net ESMTP\r\n", "250-mx.example.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-LIMITS RCPTMAX=20 MAILMAX=5\r\n250-DELIVERBY 240\r\n250-AUTH PLAIN LOGIN\r\n250-AUTH=PLAIN\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n",
        "550-5.1.1 no such user\r\n550 5.1.1 here\r\n", "421 4.3.2 \u00e9\r\n354 go\n");

    public override IReadOnlyList<string> Words { get; } = ["250-", "250 ", "550 5.1.", "SIZE ", "LIMITS RCPTMAX=", "DELIVERBY -", "\r\n2", "999999999999999999999"];

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        await using var stream = new MemoryStream(input);
        var reader = new ReplyReader(stream);
        try
        {
            while (true)
            {
                var reply = await reader.ReadAsync(default);
                Xunit.Assert.InRange(reply.Code, 200, 599);
                Xunit.Assert.InRange(reply.Lines.Count, 1, 100);
                Xunit.Assert.InRange(reply.ToString().Length, 3, 1000);
                Xunit.Assert.DoesNotContain(reply.ToString(), char.IsControl);
                Xunit.Assert.InRange(reply.Status.Length, 5, 9);
                SmtpOutcome.Of(reply);
                var can = SmtpCapabilities.Parse(reply);
                Xunit.Assert.True(can is { MaximumSize: >= 0, MaximumRecipients: >= 0, MaximumMessages: >= 0, ShortestTime: >= 0 }, "a limit below zero");
            }
        }
        catch (SmtpClientException)
        {
            // the end, or no SMTP
        }
    }
}

/// <summary>A whole session with a server that says the wrong things at the wrong time: it ends, and no message counts as taken without a 2yz.</summary>
internal sealed class SmtpServerReader : FuzzReader
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    private SmtpServerReader() => _listener.Start();

    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "220 mx ready\r\n250-mx\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE 1000000\r\n250 2.1.0 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no\r\n354 go\r\n250 2.0.0 taken\r\n221 bye\r\n",
        "220 mx ready\r\n502 what\r\n250 mx\r\n250 ok\r\n250 ok\r\n451 later\r\n354 go\r\n452 full\r\n221 bye\r\n",
        "220-a\r\n220 b\r\n250-mx\r\n250-STARTTLS\r\n250 CHUNKING\r\n220 go\r\n\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03",
        "220 mx\r\n250-mx\r\n250 LIMITS RCPTMAX=1\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n421 4.3.0 closing\r\n");

    public override IReadOnlyList<string> Words { get; } = ["250 ok\r\n", "421 bye\r\n", "354 go\r\n", "250-", "STARTTLS", "SIZE 1", "220 \r\n", "LIMITS RCPTMAX=0"];

    public static Task<FuzzReader> MakeAsync() => Task.FromResult<FuzzReader>(new SmtpServerReader());

    public override async ValueTask ReadAsync(byte[] input, Random random)
    {
        using var patience = new CancellationTokenSource(Patience);
        var answering = AnswerAsync(input, random.Next(2) == 0 ? input.Length : random.Next(1, 60), patience.Token);
        var peer = new SmtpPeer("mx.example.net", (IPEndPoint)_listener.LocalEndpoint, SmtpClientTls.Opportunistic);
        try
        {
            await using var session = await SmtpClientSession.OpenAsync(peer, new SmtpClientOptions(TimeProvider.System, "us.example.test"), patience.Token);
            var envelope = new Envelope(EmailAddress.Parse("from@example.test"), [new Recipient(EmailAddress.Parse("a@example.net")), new Recipient(EmailAddress.Parse("b@example.net"))]);
            var message = new SmtpTransaction(envelope, default, MessageContent.FromMemory("Subject: x\r\n\r\n.x\r\n"u8.ToArray()));
            var outcomes = await new MailTransfer(session, message).RunAsync(patience.Token);
            Xunit.Assert.Equal(2, outcomes.Count);
            Xunit.Assert.True(outcomes.All(outcome => outcome.Kind != SmtpOutcomeKind.Accepted) || Encoding.Latin1.GetString(input).Contains("354", StringComparison.Ordinal), "taken, but nobody asked for the message");
            await session.QuitAsync(patience.Token);
        }
        catch (SmtpClientException)
        {
            // a session that cannot go on
        }

        await answering;
    }

    public override ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Says it all, whatever the client says, then that nothing more will come.</summary>
    private async Task AnswerAsync(byte[] replies, int piece, CancellationToken cancellationToken)
    {
        using var client = await _listener.AcceptSocketAsync(cancellationToken);
        try
        {
            for (var at = 0; at < replies.Length; at += piece)
            {
                await client.SendAsync(replies.AsMemory(at, Math.Min(piece, replies.Length - at)), SocketFlags.None, cancellationToken);
            }

            client.Shutdown(SocketShutdown.Send);
            var buffer = new byte[4096];
            while (await client.ReceiveAsync(buffer, SocketFlags.None, cancellationToken) > 0)
            {
                // what the client says does not matter
            }
        }
        catch (SocketException)
        {
            // it has hung up
        }
    }
}
