using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>The peer itself does what the outbound tests count on.</summary>
public sealed class PostfixPeerTests
{
    [SkippableFact]
    public async Task Postfix_takes_refuses_and_defers_as_told()
    {
        Skip.If(ChildProcess.Find("postfix") is null || Environment.UserName != "root", "postfix is not installed, or the tests do not run as root");
        await using var postfix = await PostfixPeer.StartAsync("peer.test", new Dictionary<string, string> { ["never"] = "550 5.1.1 nobody", ["later"] = "450 4.2.0 later" });
        using var client = await WireClient.ConnectAsync(postfix.Port);
        Assert.StartsWith("220", await client.ReadReplyAsync(), StringComparison.Ordinal);
        await client.SmtpAsync("EHLO client.example.net");
        await client.SmtpAsync("MAIL FROM:<a@example.net>");
        Assert.StartsWith("550 5.1.1", await client.SmtpAsync("RCPT TO:<never@peer.test>"), StringComparison.Ordinal);
        Assert.StartsWith("450 4.2.0", await client.SmtpAsync("RCPT TO:<later@peer.test>"), StringComparison.Ordinal);
        Assert.StartsWith("554 5.7.1", await client.SmtpAsync("RCPT TO:<kim@elsewhere.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SmtpAsync("RCPT TO:<kim@peer.test>"), StringComparison.Ordinal);
        await client.SmtpAsync("DATA");
        Assert.StartsWith("250", await client.SmtpAsync("Subject: hello\r\n\r\ntext\r\n."), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => Task.FromResult(postfix.Received("kim").Count == 1), postfix.Log);
    }
}
