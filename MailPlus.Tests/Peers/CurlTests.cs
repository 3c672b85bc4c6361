using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

[Collection(PeersCollection.Name)]
public sealed class CurlTests(PeerServer peers)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [SkippableTheory]
    [InlineData("smtp", "smtp")]
    [InlineData("smtp", "submission")]
    [InlineData("smtps", "smtps")]
    public async Task Sends_a_message(string scheme, string listener)
    {
        var subject = $"curl-{listener}";
        var file = Path.Combine(peers.Server.Home, $"{subject}.eml");
        await File.WriteAllTextAsync(file, Message(subject));
        await CurlAsync($"{scheme}://127.0.0.1:{peers.Server.Port(listener)}/client.example.net", "--ssl-reqd", "--upload-file", file,
            "--mail-from", peers.Server.Address("curl"), "--mail-rcpt", peers.Server.Address("curl"));
        var received = await peers.ReceivedAsync("curl", subject);
        Assert.Contains("\r\n.a line that begins with a dot\r\n", received, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("imap", "imap")]
    [InlineData("imaps", "imaps")]
    public async Task Appends_lists_searches_and_reads(string scheme, string listener)
    {
        var server = $"{scheme}://127.0.0.1:{peers.Server.Port(listener)}";
        var box = $"curl-{listener}";
        var file = Path.Combine(peers.Server.Home, $"{box}.eml");
        await File.WriteAllTextAsync(file, Message(box));

        await CurlAsync($"{server}/", "--request", $"CREATE {box}");
        await CurlAsync($"{server}/{box}", "--upload-file", file);
        Assert.Contains($"\"/\" {box}", (await CurlAsync($"{server}/")).Output.Replace($"\"{box}\"", box, StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("* SEARCH 1", (await CurlAsync($"{server}/{box}?SUBJECT%20{box}")).Output, StringComparison.Ordinal);
        Assert.Contains("MESSAGES 1", (await CurlAsync($"{server}/", "--request", $"STATUS {box} (MESSAGES UIDNEXT)")).Output, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(file), (await CurlAsync($"{server}/{box};UID=1")).Output);
        Assert.Contains($"Subject: {box}", (await CurlAsync($"{server}/{box};MAILINDEX=1;SECTION=HEADER")).Output, StringComparison.Ordinal);
        await CurlAsync($"{server}/{box}", "--request", @"STORE 1 +FLAGS (\Deleted)");
        await CurlAsync($"{server}/{box}", "--request", "EXPUNGE");
        Assert.Contains("MESSAGES 0", (await CurlAsync($"{server}/", "--request", $"STATUS {box} (MESSAGES)")).Output, StringComparison.Ordinal);
    }

    private async Task<CommandResult> CurlAsync(string url, params string[] arguments)
    {
        PeerTools.Need("curl");
        return (await ChildProcess.RunAsync(
            "curl", ["--silent", "--show-error", "--insecure", "--ssl-reqd", "--max-time", "180", "--user", $"curl:{peers.Server.Plan.Password}", .. arguments, url], limit: Limit))
            .MustSucceed($"curl {url} {string.Join(' ', arguments)}");
    }

    private static string Message(string subject) =>
        $"From: Curl <curl@example.test>\r\nTo: curl@example.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.test>\r\n"
        + "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nfirst line\r\n.a line that begins with a dot\r\n.\r\nlast line\r\n";
}
