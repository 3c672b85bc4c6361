using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>alpine, driven by keys as its users do it.</summary>
[Collection(PeersCollection.Name)]
public sealed class AlpineTests(PeerServer peers)
{
    private const string Account = "alpine";

    [SkippableFact]
    public async Task Alpine_reads_flags_moves_deletes_and_sends()
    {
        PeerTools.Need("alpine", "script");
        var home = await peers.HomeAsync("alpine");
        using var server = await peers.LogInAsync(Account);
        await server.ImapOkAsync("CREATE pine");
        await server.ImapOkAsync("CREATE pine-moved");
        foreach (var subject in new[] { "first", "second", "third" })
        {
            var message = $"From: kim@example.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@alpine.test>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n\r\nwords of the {subject}\r\n";
            await server.ImapOkAsync($"APPEND pine {{{message.Length}+}}\r\n{message}");
        }

        var far = $"{{localhost:{peers.Server.Imaps}/ssl/user={peers.Server.Address(Account)}}}";
        await File.WriteAllTextAsync(Path.Combine(home, "pinerc"), $"""
            personal-name=Al
            user-domain=example.test
            inbox-path={far}pine
            folder-collections=far {far}[]
            smtp-server=localhost:{peers.Server.Submission}/tls/user={peers.Server.Address(Account)}
            customized-hdrs=From: Al <{peers.Server.Address(Account)}>
            default-fcc=""
            feature-list=enable-flag-cmd,disable-password-file-saving,expunge-without-confirm,quit-without-confirm,quell-folder-internal-msg,allow-changing-from,send-without-confirm
            last-version-used=99.99

            """);
        await using var alpine = PeerTerminal.Start($"cd {home} && TERM=xterm HOME={home} LC_ALL=C.UTF-8 SSL_CERT_FILE={home}/server.pem alpine -p {home}/pinerc -i");
        await alpine.SeeAsync("PASSWORD");
        await alpine.TypeAsync(peers.Server.Plan.Password + "\r");
        await alpine.SeeAsync("third");
        await GoToAsync(alpine, 1);
        await alpine.TypeAsync("*");
        await alpine.SeeAsync("Important ?");
        await alpine.TypeAsync("*");
        await alpine.SeeAsync("Flagged message");
        await GoToAsync(alpine, 2);
        await alpine.TypeAsync("s");
        await alpine.SeeAsync("SAVE");
        await alpine.TypeAsync("pine-moved\r");
        await alpine.SeeAsync("DEL");
        await GoToAsync(alpine, 3);
        await alpine.TypeAsync(">");
        await alpine.SeeAsync("words of the third");
        await alpine.TypeAsync("d");
        await alpine.SeeAsync("DEL");
        await alpine.TypeAsync("<x");

        // What was saved elsewhere and what was deleted is gone once expunged.
        await Eventually.TrueAsync(
            async () =>
            {
                await server.ImapOkAsync("EXAMINE pine");
                return (await server.ImapOkAsync("UID SEARCH ALL")).Any(line => line.StartsWith("* SEARCH 1\r", StringComparison.Ordinal) || line == "* SEARCH 1");
            },
            () => "alpine has expunged two of three");
        var only = Assert.Single(await server.ImapOkAsync("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])"), line => line.Contains("Subject:", StringComparison.Ordinal));
        Assert.Contains("Subject: first", only, StringComparison.Ordinal);
        Assert.Contains("\\Flagged", only, StringComparison.Ordinal);
        await server.ImapOkAsync("EXAMINE pine-moved");
        Assert.Contains(await server.ImapOkAsync("UID FETCH 1:* (BODY.PEEK[])"), line => line.Contains("words of the second", StringComparison.Ordinal));

        await alpine.TypeAsync("c");
        await alpine.SeeAsync("Subject");
        await alpine.TypeAsync(peers.Server.Address("kim") + "\r\u000e\u000eby alpine\rtyped by hand\r\u0018"); // twice to the next field, then send
        await alpine.SeeAsync("PASSWORD");
        await alpine.TypeAsync(peers.Server.Plan.Password + "\r");
        Assert.Contains("typed by hand", await peers.ReceivedAsync("kim", "by alpine"), StringComparison.Ordinal);
        await alpine.TypeAsync("q");
        await alpine.SeeAsync("Alpine finished");
    }

    private static async Task GoToAsync(PeerTerminal alpine, int message)
    {
        await alpine.TypeAsync("j");
        await alpine.SeeAsync("Message number");
        await alpine.TypeAsync($"{message}\r");
    }
}
