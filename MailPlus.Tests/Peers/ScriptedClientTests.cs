using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>Client libraries of other languages, each driven by a small script beside this file that asserts what it sees.</summary>
[Collection(PeersCollection.Name)]
public sealed class ScriptedClientTests(PeerServer peers)
{
    [SkippableTheory]
    [InlineData("imap", false)]
    [InlineData("imaps", true)]
    public async Task Imapflow_lives_with_a_mailbox(string listener, bool secure)
        => await RunAsync("node", Path.Combine("node", "imapflow.mjs"), "flow", listener, secure);

    [SkippableTheory]
    [InlineData("submission", false)]
    [InlineData("smtps", true)]
    public async Task Nodemailer_submits(string listener, bool secure)
    {
        var subject = $"nodemailer-{listener}";
        await RunAsync("node", Path.Combine("node", "nodemailer.mjs"), "node", listener, secure, $"TO={peers.Server.Address("kim")}", $"SUBJECT={subject}");
        var received = await peers.ReceivedAsync("kim", subject);
        Assert.DoesNotContain("\nBcc:", received, StringComparison.OrdinalIgnoreCase);
        await peers.ReceivedAsync("node", subject); // the blind copy
    }

    [SkippableTheory]
    [InlineData("imap", false)]
    [InlineData("imaps", true)]
    public async Task Python_imaplib_lives_with_a_mailbox(string listener, bool secure)
        => await RunAsync("python3", "imaplib_session.py", "python", listener, secure);

    private async Task RunAsync(string program, string script, string account, string listener, bool secure, params string[] more)
    {
        PeerTools.Need(program);
        Skip.If(program == "node" && !System.IO.Directory.Exists(Path.Combine(PeerTools.Folder, "node", "node_modules")), "the npm packages are not installed");
        string[] variables =
        [
            $"PORT={peers.Server.Port(listener)}", $"SECURE={(secure ? 1 : 0)}", $"ADDRESS={peers.Server.Address(account)}",
            $"PASSWORD={peers.Server.Plan.Password}", .. more,
        ];
        (await ChildProcess.RunAsync("env", [.. variables, program, Path.Combine(PeerTools.Folder, script)])).MustSucceed(script);
    }
}
