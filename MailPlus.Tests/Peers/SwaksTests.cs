using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

[Collection(PeersCollection.Name)]
public sealed class SwaksTests(PeerServer peers)
{
    [SkippableFact]
    public async Task A_message_from_outside_arrives_by_port_25_in_plain()
    {
        var result = await RunAsync("--port", $"{peers.Server.Smtp}", "--from", "outside@example.net", "--header", "Subject: swaks-plain");
        result.MustSucceed("swaks");
        var message = await peers.ReceivedAsync("swaks", "swaks-plain");
        Assert.Contains("Received: from ", message, StringComparison.Ordinal);
        Assert.Contains("Return-Path: <outside@example.net>", message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task STARTTLS_is_offered_on_port_25()
    {
        var result = await RunAsync("--port", $"{peers.Server.Smtp}", "--tls", "--from", "outside@example.net", "--header", "Subject: swaks-25-tls");
        result.MustSucceed("swaks");
        var message = await peers.ReceivedAsync("swaks", "swaks-25-tls");
        Assert.Contains("ESMTPS", message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    public async Task Submission_by_STARTTLS_and_AUTH(string mechanism)
    {
        var result = await RunAsync([.. Submit("submission", mechanism), "--tls", "--header", $"Subject: swaks-587-{mechanism}"]);
        result.MustSucceed("swaks");
        var message = await peers.ReceivedAsync("swaks", $"swaks-587-{mechanism}");
        Assert.Contains("ESMTPSA", message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Submission_by_implicit_TLS_and_AUTH()
    {
        var result = await RunAsync([.. Submit("smtps", "PLAIN"), "--tls-on-connect", "--header", "Subject: swaks-465"]);
        result.MustSucceed("swaks");
        await peers.ReceivedAsync("swaks", "swaks-465");
    }

    [SkippableFact]
    public async Task Nobody_relays_without_authentication()
    {
        var result = await RunAsync("--port", $"{peers.Server.Smtp}", "--from", "outside@example.net", "--to", "other@example.org");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Matches(@"<\*\* +55\d 5\.7\.1", result.Output);
    }

    [SkippableFact]
    public async Task An_unknown_recipient_is_refused_at_RCPT()
    {
        var result = await RunAsync("--port", $"{peers.Server.Smtp}", "--from", "outside@example.net", "--to", "nobody-here@example.test");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Matches(@"<\*\* +550 5\.1\.1", result.Output);
    }

    [SkippableFact]
    public async Task A_wrong_password_is_refused()
    {
        var result = await RunAsync("--port", $"{peers.Server.Submission}", "--tls", "--auth", "PLAIN", "--auth-user", "swaks", "--auth-password", "wrong");
        Assert.Equal(28, result.ExitCode); // swaks: error authenticating
        Assert.Matches(@"<~\* +535 5\.7\.8", result.Output);
    }

    private string[] Submit(string listener, string mechanism) =>
    [
        "--port", $"{peers.Server.Port(listener)}", "--from", peers.Server.Address("swaks"),
        "--auth", mechanism, "--auth-user", peers.Server.Address("swaks"), "--auth-password", peers.Server.Plan.Password,
    ];

    private async Task<CommandResult> RunAsync(params string[] arguments)
    {
        PeerTools.Need("swaks");
        string[] recipient = arguments.Contains("--to") ? [] : ["--to", peers.Server.Address("swaks")];
        return await ChildProcess.RunAsync("swaks", ["--server", "127.0.0.1", "--helo", "client.example.net", "--timeout", "180", .. recipient, .. arguments]);
    }
}
