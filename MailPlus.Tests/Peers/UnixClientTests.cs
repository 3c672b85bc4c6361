using System.Globalization;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>Clients people run in a terminal or from cron: msmtp and s-nail send, neomutt reads, moves and sends, offlineimap keeps a Maildir.</summary>
[Collection(PeersCollection.Name)]
public sealed class UnixClientTests(PeerServer peers)
{
    private const string Account = "unix";

    [SkippableFact]
    public async Task Msmtp_submits_with_STARTTLS_against_the_servers_certificate()
    {
        PeerTools.Need("msmtp");
        var home = await peers.HomeAsync("msmtp");
        var configuration = Path.Combine(home, "msmtprc");
        await File.WriteAllTextAsync(configuration, $"""
            account default
            host localhost
            port {peers.Server.Submission}
            from {peers.Server.Address(Account)}
            auth scram-sha-256
            user {peers.Server.Address(Account)}
            password {peers.Server.Plan.Password}
            tls on
            tls_starttls on
            tls_trust_file {home}/server.pem

            """);
        var result = await ShellAsync(home, $"chmod 600 {configuration} && printf 'From: {peers.Server.Address(Account)}\\nTo: {peers.Server.Address("kim")}\\nSubject: by msmtp\\n\\n.one dot\\n' | msmtp -C {configuration} {peers.Server.Address("kim")}");
        result.MustSucceed("msmtp");
        Assert.Contains("\r\n\r\n.one dot\r\n", await peers.ReceivedAsync("kim", "by msmtp"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task S_nail_submits_with_a_file()
    {
        PeerTools.Need("s-nail");
        var home = await peers.HomeAsync("s-nail");
        await File.WriteAllTextAsync(Path.Combine(home, "data.bin"), "attached");
        var user = Uri.EscapeDataString(peers.Server.Address(Account));
        var result = await ShellAsync(home, $"""
            echo 'a text' | HOME={home} s-nail -:/ -S v15-compat -S sendwait -S ttycharset=utf-8 -S from={peers.Server.Address(Account)} -S smtp-use-starttls -S tls-ca-file={home}/server.pem -S tls-verify=strict \
              -S 'mta=smtp://{user}:{Uri.EscapeDataString(peers.Server.Plan.Password)}@localhost:{peers.Server.Submission}' -S smtp-auth=plain -s 'by s-nail' -a {home}/data.bin {peers.Server.Address("kim")}
            """);
        result.MustSucceed("s-nail");
        Assert.Contains("data.bin", await peers.ReceivedAsync("kim", "by s-nail"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Neomutt_reads_flags_moves_and_sends()
    {
        PeerTools.Need("neomutt", "script");
        var home = await peers.HomeAsync("neomutt");
        using var server = await peers.LogInAsync(Account);
        await server.ImapOkAsync("CREATE mutt");
        await server.ImapOkAsync("CREATE mutt-moved");
        foreach (var subject in new[] { "first", "second", "third" })
        {
            var message = $"From: kim@example.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@mutt.test>\r\n\r\ntext\r\n";
            await server.ImapOkAsync($"APPEND mutt {{{message.Length}+}}\r\n{message}");
        }

        // It begins SCRAM-SHA-256-PLUS wherever it is offered and then has no channel binding to give: its authenticators are named.
        var configuration = Path.Combine(home, "muttrc");
        await File.WriteAllTextAsync(configuration, $"""
            set folder = "imaps://localhost:{peers.Server.Imaps}/"
            set imap_user = "{peers.Server.Address(Account)}"
            set imap_pass = "{peers.Server.Plan.Password}"
            set certificate_file = "{home}/server.pem"
            set ssl_verify_host = no
            set smtp_url = "smtp://{peers.Server.Address(Account)}@localhost:{peers.Server.Submission}/"
            set smtp_pass = "{peers.Server.Plan.Password}"
            set ssl_force_tls = yes
            set from = "{peers.Server.Address(Account)}"
            set smtp_authenticators = "plain"
            set imap_authenticators = "plain"
            set record = ""
            set confirmappend = no
            set delete = yes
            set quit = yes
            set header_cache = "{home}/cache"
            set sort = mailbox-order

            """);
        var send = await ShellAsync(home, $"echo 'a text' | HOME={home} neomutt -n -F {configuration} -s 'by neomutt' {peers.Server.Address("kim")}");
        send.MustSucceed("neomutt sends");
        Assert.Contains("a text", await peers.ReceivedAsync("kim", "by neomutt"), StringComparison.Ordinal);

        // Flags the first, moves the second away, deletes the third; leaving writes it all.
        const string Keys = "<first-entry><flag-message><first-entry><next-entry><save-message>=mutt-moved<enter><last-entry><delete-message><sync-mailbox><quit>";
        var read = await ShellAsync(home, $"TERM=xterm HOME={home} timeout 240 script -qec \"neomutt -n -F {configuration} -f =mutt -e 'push {Keys}'\" /dev/null </dev/null");
        read.MustSucceed("neomutt reads");
        await server.ImapOkAsync("SELECT mutt");
        var left = await server.ImapOkAsync("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
        var only = Assert.Single(left, line => line.Contains("Subject:", StringComparison.Ordinal));
        Assert.Contains("Subject: first", only, StringComparison.Ordinal);
        Assert.Contains("\\Flagged", only, StringComparison.Ordinal);
        await server.ImapOkAsync("SELECT mutt-moved");
        Assert.Contains(await server.ImapOkAsync("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])"), line => line.Contains("Subject: second", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Offlineimap_keeps_a_Maildir_equal_both_ways()
    {
        PeerTools.Need("offlineimap");
        var home = await peers.HomeAsync("offlineimap");
        using var server = await peers.LogInAsync(Account);
        await server.ImapOkAsync("CREATE offline");
        for (var n = 0; n < 20; n++)
        {
            var message = string.Create(CultureInfo.InvariantCulture, $"From: kim@example.test\r\nSubject: far {n}\r\nMessage-ID: <far-{n}@offline.test>\r\n\r\ntext\r\n");
            await server.ImapOkAsync($"APPEND offline {{{message.Length}+}}\r\n{message}");
        }

        var configuration = Path.Combine(home, "offlineimaprc");
        await File.WriteAllTextAsync(configuration, $"""
            [general]
            accounts = one
            metadata = {home}/meta
            ui = quiet
            [Account one]
            localrepository = near
            remoterepository = far
            [Repository near]
            type = Maildir
            localfolders = {home}/mail
            [Repository far]
            type = IMAP
            remotehost = localhost
            remoteport = {peers.Server.Imaps}
            ssl = yes
            sslcacertfile = {home}/server.pem
            remoteuser = {peers.Server.Address(Account)}
            remotepass = {peers.Server.Plan.Password}
            folderfilter = lambda folder: folder == 'offline'

            """);
        await SyncAsync(home, configuration);
        var maildir = Path.Combine(home, "mail", "offline");
        Assert.Equal(20, Files(maildir).Count);

        // One flagged, one deleted and one new here; one deleted there.
        var flagged = Files(maildir).First(f => File.ReadAllText(f).Contains("Subject: far 3\n", StringComparison.Ordinal));
        File.Move(flagged, Path.Combine(maildir, "cur", $"{Path.GetFileName(flagged).Split(":2,")[0]}:2,F"));
        File.Delete(Files(maildir).First(f => File.ReadAllText(f).Contains("Subject: far 4\n", StringComparison.Ordinal)));
        await File.WriteAllTextAsync(Path.Combine(maildir, "new", "1790000000.1.test"), "From: kim@example.test\nSubject: near\nMessage-ID: <near@offline.test>\n\ntext\n");
        await server.ImapOkAsync("SELECT offline");
        await server.ImapOkAsync("UID STORE 6 +FLAGS.SILENT (\\Deleted)");
        await server.ImapOkAsync("EXPUNGE");
        await SyncAsync(home, configuration);
        await server.ImapOkAsync("SELECT offline");
        var far = await server.ImapOkAsync("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
        Assert.Equal(19, far.Count(line => line.Contains("Subject:", StringComparison.Ordinal)));
        Assert.Contains(far, line => line.Contains("Subject: near\r", StringComparison.Ordinal));
        Assert.Contains(far, line => line.Contains("Subject: far 3\r", StringComparison.Ordinal) && line.Contains("\\Flagged", StringComparison.Ordinal));
        Assert.DoesNotContain(far, line => line.Contains("Subject: far 4\r", StringComparison.Ordinal));
        Assert.Equal(19, Files(maildir).Count);
    }

    private static async Task SyncAsync(string home, string configuration) =>
        (await ShellAsync(home, $"HOME={home} offlineimap -o -c {configuration}")).MustSucceed("offlineimap");

    private static List<string> Files(string maildir) =>
        [.. new[] { "cur", "new" }.SelectMany(folder => System.IO.Directory.GetFiles(Path.Combine(maildir, folder)))];

    private static Task<CommandResult> ShellAsync(string home, string command) =>
        ChildProcess.RunAsync("bash", ["-c", $"cd {home} && {command}"], limit: TimeSpan.FromMinutes(5));
}
