using System.Net;
using System.Net.Sockets;
using System.Text;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Smtp.Client;
using Xunit;

namespace MailPlus.Tests.Smtp.Client;

/// <summary>Our side of a session with another server, against a scripted one.</summary>
public sealed class SmtpClientTests
{
    private const string Text = "Subject: hello\r\n\r\n.leading dot\r\nbody\r\n";

    private static readonly SmtpClientOptions Options = new(TimeProvider.System, "us.example.test");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_goes_through_with_a_result_for_each_recipient(bool pipelining)
    {
        await using var server = new ScriptedSmtpServer();
        server.Extensions = pipelining ? ["PIPELINING", "SIZE"] : ["SIZE"];
        server.Answer = line => line.Contains("<bad@", StringComparison.Ordinal) ? "550 5.1.1 who?" : line.Contains("<busy@", StringComparison.Ordinal) ? "451 4.3.0 later" : null;
        await using var session = await SmtpClientSession.OpenAsync(Peer(server), Options, default);

        var outcomes = await SendAsync(session, Message("ann@example.test", "bad@example.test", "busy@example.test"));
        await session.QuitAsync(default);

        Assert.Equal([SmtpOutcomeKind.Accepted, SmtpOutcomeKind.Permanent, SmtpOutcomeKind.Transient], outcomes.Select(o => o.Kind));
        Assert.Equal("550 5.1.1 who?", outcomes[1].Text);
        Assert.Equal("5.1.1", outcomes[1].Status);
        Assert.Equal("Received: by us\r\nSubject: hello\r\n\r\n..leading dot\r\nbody\r\n", Assert.Single(server.Messages));
        Assert.Equal(
            ["EHLO us.example.test", $"MAIL FROM:<from@example.test> SIZE={17 + Text.Length}", "RCPT TO:<ann@example.test>", "RCPT TO:<bad@example.test>", "RCPT TO:<busy@example.test>", "DATA", "QUIT"],
            server.Commands);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_recipient_nothing_is_sent_and_the_session_goes_on(bool pipelining)
    {
        await using var server = new ScriptedSmtpServer();
        server.Extensions = pipelining ? ["PIPELINING"] : [];
        server.Answer = line => line.Contains("<bad@", StringComparison.Ordinal) ? "550 5.1.1 who?" : null;
        await using var session = await SmtpClientSession.OpenAsync(Peer(server), Options, default);

        Assert.Equal(SmtpOutcomeKind.Permanent, (await SendAsync(session, Message("bad@example.test")))[0].Kind);
        Assert.Equal(SmtpOutcomeKind.Accepted, (await SendAsync(session, Message("ann@example.test")))[0].Kind);
        Assert.DoesNotContain(server.Messages.SkipLast(1), m => m.Length > 0);
    }

    [Fact]
    public async Task An_old_server_is_greeted_with_HELO()
    {
        await using var server = new ScriptedSmtpServer { Answer = line => line.StartsWith("EHLO", StringComparison.Ordinal) ? "502 what?" : null };
        await using var session = await SmtpClientSession.OpenAsync(Peer(server), Options, default);
        Assert.Equal(SmtpOutcomeKind.Accepted, (await SendAsync(session, Message("ann@example.test")))[0].Kind);
        Assert.Contains("HELO us.example.test", server.Commands);
        Assert.Contains("MAIL FROM:<from@example.test>", server.Commands);
    }

    [Fact]
    public async Task Tls_is_started_when_offered_whatever_the_certificate_between_servers()
    {
        using var certificate = ScriptedSmtpServer.MakeCertificate("somebody.else.test");
        await using var server = new ScriptedSmtpServer { Certificate = certificate, Extensions = ["STARTTLS"] };
        await using var session = await SmtpClientSession.OpenAsync(Peer(server), Options, default);
        Assert.True(session.IsTls);
        Assert.Equal(["EHLO us.example.test", "STARTTLS", "EHLO us.example.test"], server.Commands);
        Assert.Equal(SmtpOutcomeKind.Accepted, (await SendAsync(session, Message("ann@example.test")))[0].Kind);
    }

    // mail-rules 20
    [Fact]
    public async Task A_password_is_never_sent_without_a_verified_certificate()
    {
        using var certificate = ScriptedSmtpServer.MakeCertificate("peer.example.test");
        await using var server = new ScriptedSmtpServer { Certificate = certificate, Extensions = ["STARTTLS", "AUTH PLAIN LOGIN"] };
        var credential = new SmtpCredential("user", "secret");

        var untrusted = await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(Peer(server) with { Credential = credential, Proof = PeerProof.WebPki, Tls = SmtpClientTls.Required }, Options, default));
        Assert.Equal(SmtpClientFailure.Tls, untrusted.Failure);
        var unverified = await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(Peer(server) with { Credential = credential, Tls = SmtpClientTls.Required }, Options, default));
        Assert.Equal(SmtpClientFailure.Authentication, unverified.Failure);
        var clear = await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(Peer(server) with { Credential = credential, Proof = PeerProof.WebPki, Tls = SmtpClientTls.None }, Options, default));
        Assert.Equal(SmtpClientFailure.Authentication, clear.Failure);
        Assert.DoesNotContain(server.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Text_that_follows_the_STARTTLS_reply_in_clear_is_not_believed()
    {
        using var certificate = ScriptedSmtpServer.MakeCertificate("peer.example.test");
        await using var server = new ScriptedSmtpServer { Certificate = certificate, Extensions = ["STARTTLS"], Answer = line => line == "STARTTLS" ? "220 go\r\n250 injected" : null };
        var failure = await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(Peer(server), Options, default));
        Assert.Equal(SmtpClientFailure.Tls, failure.Failure);
    }

    [Theory]
    [InlineData("554 no service", SmtpClientFailure.Refused)]
    [InlineData("421 busy", SmtpClientFailure.Refused)]
    [InlineData("hello", SmtpClientFailure.Protocol)]
    [InlineData("220-a\r\n221 b", SmtpClientFailure.Protocol)]
    public async Task A_greeting_that_is_no_welcome_ends_the_session(string greeting, object failure)
    {
        await using var server = new ScriptedSmtpServer { Greeting = greeting };
        var thrown = await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(Peer(server), Options, default));
        Assert.Equal(failure, thrown.Failure);
    }

    [Fact]
    public async Task Endless_replies_are_cut()
    {
        await using var lines = new ScriptedSmtpServer { Greeting = string.Concat(Enumerable.Repeat("220-more\r\n", 200)) + "220 end" };
        Assert.Equal(SmtpClientFailure.Protocol, (await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(Peer(lines), Options, default))).Failure);
        await using var octets = new ScriptedSmtpServer { Greeting = "220 " + new string('x', 100_000) };
        Assert.Equal(SmtpClientFailure.Protocol, (await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(Peer(octets), Options, default))).Failure);
    }

    [Fact]
    public async Task Deadlines_end_the_wait_for_a_silent_server()
    {
        await using var server = new ScriptedSmtpServer { Greeting = "220-never ending" };
        var hasty = Options with { Deadlines = new SmtpClientDeadlines { Command = TimeSpan.FromMilliseconds(200) } };
        var failure = await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(Peer(server), hasty, default));
        Assert.Equal(SmtpClientFailure.Timeout, failure.Failure);
        Assert.EndsWith("timed out waiting for the greeting", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_connection_says_where_and_why()
    {
        // Bound but not listening: nobody else can take the port meanwhile.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var gone = (IPEndPoint)socket.LocalEndPoint!;

        var failure = await Assert.ThrowsAsync<SmtpClientException>(() => SmtpClientSession.OpenAsync(new SmtpPeer("mx.example.test", gone, SmtpClientTls.Opportunistic), Options, default));
        Assert.Equal($"connect to mx.example.test[127.0.0.1]:{gone.Port}: connection refused", failure.Message);
    }

    [Fact]
    public async Task A_connection_lost_after_the_final_dot_is_transient_for_those_who_were_accepted()
    {
        await using var server = new ScriptedSmtpServer { Answer = line => line == "." ? "421 4.3.2 shutting down" : line.Contains("<bad@", StringComparison.Ordinal) ? "550 5.1.1 who?" : null };
        await using var session = await SmtpClientSession.OpenAsync(Peer(server), Options, default);
        var outcomes = await SendAsync(session, Message("ann@example.test", "bad@example.test"));
        Assert.Equal([SmtpOutcomeKind.Transient, SmtpOutcomeKind.Permanent], outcomes.Select(o => o.Kind));
        Assert.False(session.IsUsable);
    }

    [Fact]
    public async Task What_a_server_cannot_take_is_not_offered_to_it()
    {
        await using var server = new ScriptedSmtpServer { Extensions = ["SIZE 10", "8BITMIME"] };
        await using var session = await SmtpClientSession.OpenAsync(Peer(server), Options, default);
        Assert.Equal("5.3.4", (await SendAsync(session, Message("ann@example.test")))[0].Status);

        await using var ascii = new ScriptedSmtpServer { Extensions = ["8BITMIME"] };
        await using var other = await SmtpClientSession.OpenAsync(Peer(ascii), Options, default);
        var outcome = (await SendAsync(other, Message("사용자@example.test")))[0];
        Assert.Equal((SmtpOutcomeKind.Permanent, "5.6.7"), (outcome.Kind, outcome.Status));
        Assert.DoesNotContain(ascii.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dsn_and_utf8_parameters_are_passed_on_where_they_are_offered()
    {
        await using var server = new ScriptedSmtpServer();
        await using var session = await SmtpClientSession.OpenAsync(Peer(server), Options, default);
        var envelope = new Envelope(EmailAddress.Parse("from@example.test"), [new Recipient(EmailAddress.Parse("사용자@example.test"), DsnNotify.Success | DsnNotify.Failure, "rfc822;old+one@example.test")])
        {
            Return = DsnReturn.Headers, EnvelopeId = "id=1", SmtpUtf8 = true,
        };
        var content = MessageContent.FromMemory(Encoding.UTF8.GetBytes("Subject: 안녕\r\n\r\n안녕\r\n"));
        var outcomes = await SendAsync(session, new SmtpTransaction(envelope, default, content) { HasEightBit = true, HasEightBitHeader = true });
        Assert.True(outcomes[0].DsnPassedOn);
        Assert.Contains($"MAIL FROM:<from@example.test> SIZE={content.Length} BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id+3D1", server.Commands);
        Assert.Contains("RCPT TO:<사용자@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;old+2Bone@example.test", server.Commands);
    }

    [Fact]
    public async Task Eight_bit_content_is_encoded_for_a_seven_bit_server()
    {
        await using var server = new ScriptedSmtpServer { Extensions = [] };
        await using var session = await SmtpClientSession.OpenAsync(Peer(server), Options, default);
        var content = MessageContent.FromMemory(Encoding.UTF8.GetBytes("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nSubject: x\r\n\r\n안녕하세요\r\n"));
        var outcomes = await SendAsync(session, Message("ann@example.test") with { Content = content, HasEightBit = true });
        Assert.Equal(SmtpOutcomeKind.Accepted, outcomes[0].Kind);
        var sent = Assert.Single(server.Messages);
        Assert.All(sent, c => Assert.True(c < 128));
        using var parsed = await MimeKit.MimeMessage.LoadAsync(new MemoryStream(Encoding.ASCII.GetBytes(sent)));
        Assert.Equal("안녕하세요", parsed.TextBody!.Trim());
    }

    private static SmtpPeer Peer(ScriptedSmtpServer server) => new("peer.example.test", server.EndPoint, SmtpClientTls.Opportunistic);

    private static Task<IReadOnlyList<SmtpOutcome>> SendAsync(SmtpClientSession session, SmtpTransaction message) => new MailTransfer(session, message).RunAsync(default);

    private static SmtpTransaction Message(params string[] recipients) =>
        new(new Envelope(EmailAddress.Parse("from@example.test"), [.. recipients.Select(r => new Recipient(EmailAddress.Parse(r)))]), Encoding.ASCII.GetBytes("Received: by us\r\n"), MessageContent.FromMemory(Encoding.ASCII.GetBytes(Text)));
}
