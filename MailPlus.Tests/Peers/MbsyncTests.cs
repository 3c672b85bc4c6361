using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>isync keeps a Maildir and the server equal, both ways, over TLS with the server's own certificate verified.</summary>
[Collection(PeersCollection.Name)]
public sealed partial class MbsyncTests(PeerServer peers)
{
    private const string Box = "synced";

    [SkippableFact]
    public async Task A_thousand_messages_and_their_flags_go_both_ways_and_the_second_run_changes_nothing()
    {
        PeerTools.Need("mbsync");
        var home = System.IO.Directory.CreateDirectory(Path.Combine(peers.Server.Home, "mbsync")).FullName;
        var maildir = Path.Combine(home, "mail", Box);
        var configuration = await ConfigureAsync(home);
        using var server = await peers.LogInAsync("mbsync");
        await server.ImapOkAsync($"CREATE {Box}");

        // Half of the messages begin on the server, half in the Maildir.
        for (var n = 0; n < 500; n++)
        {
            var message = Message($"far-{n}");
            await server.ImapOkAsync($"APPEND {Box} ({(n % 3 == 0 ? @"\Seen" : "")}) \"24-Nov-2026 10:00:00 +0000\" {{{message.Length}+}}\r\n{message}");
        }

        foreach (var folder in new[] { "cur", "new", "tmp" })
        {
            System.IO.Directory.CreateDirectory(Path.Combine(maildir, folder));
        }

        for (var n = 0; n < 500; n++)
        {
            var file = n % 2 == 0 ? $"new/1790000000.{n}.test" : $"cur/1790000000.{n}.test:2,{(n % 3 == 0 ? "FS" : "R")}";
            await File.WriteAllTextAsync(Path.Combine(maildir, file), Message($"near-{n}").ReplaceLineEndings("\n"));
        }

        await SyncAsync(configuration);
        var far = await FarAsync(server);
        Assert.Equal(1000, far.Count);
        AssertSame(far, Near(maildir));

        // Flags and deletions on both sides, on different messages.
        var byId = far.Keys.Order(StringComparer.Ordinal).ToList();
        foreach (var id in byId.Where((_, i) => i % 10 == 1))
        {
            SetFlags(maildir, id, flags => flags + "F");
        }

        foreach (var id in byId.Where((_, i) => i % 50 == 2))
        {
            SetFlags(maildir, id, flags => flags + "T");
        }

        await server.ImapOkAsync($"SELECT {Box}");
        await server.ImapOkAsync($@"UID STORE {UidSet(far, byId, i => i % 10 == 4)} +FLAGS.SILENT (\Answered \Seen)");
        await server.ImapOkAsync($@"UID STORE {UidSet(far, byId, i => i % 10 == 5)} FLAGS.SILENT ()");
        await server.ImapOkAsync($@"UID STORE {UidSet(far, byId, i => i % 50 == 6)} +FLAGS.SILENT (\Deleted)");
        await server.ImapOkAsync("EXPUNGE");
        await SyncAsync(configuration);
        var changed = await FarAsync(server);
        Assert.Equal(960, changed.Count);
        AssertSame(changed, Near(maildir));
        Assert.All(byId.Where((_, i) => i % 10 == 1), id => Assert.Contains('F', changed[id].Flags));
        Assert.All(byId.Where((_, i) => i % 10 == 4), id => Assert.Contains('R', Near(maildir)[id]));
        Assert.All(byId.Where((_, i) => i % 10 == 5), id => Assert.Equal("", Near(maildir)[id]));

        // Nothing is left to do: another run leaves both sides and its own state as they are.
        var names = Listing(maildir);
        var state = await File.ReadAllTextAsync(Path.Combine(maildir, ".mbsyncstate"));
        var modseq = await HighestModSeqAsync(server);
        await SyncAsync(configuration);
        Assert.Equal(names, Listing(maildir));
        Assert.Equal(state, await File.ReadAllTextAsync(Path.Combine(maildir, ".mbsyncstate")));
        Assert.Equal(modseq, await HighestModSeqAsync(server));
        AssertSame(await FarAsync(server), Near(maildir));
    }

    private async Task<string> ConfigureAsync(string home)
    {
        var certificate = Path.Combine(home, "server.pem");
        await File.WriteAllTextAsync(certificate, await ServerCertificateAsync());
        var configuration = Path.Combine(home, "mbsyncrc");
        await File.WriteAllTextAsync(configuration, $"""
            IMAPAccount server
            Host localhost
            Port {peers.Server.Imaps}
            User {peers.Server.Address("mbsync")}
            Pass {peers.Server.Plan.Password}
            SSLType IMAPS
            CertificateFile {certificate}

            IMAPStore far
            Account server

            MaildirStore near
            Path {home}/mail/
            Inbox {home}/mail/INBOX
            SubFolders Verbatim

            Channel both
            Far :far:
            Near :near:
            Patterns {Box}
            Create Both
            Expunge Both
            CopyArrivalDate yes
            SyncState *

            """);
        return configuration;
    }

    private async Task<string> ServerCertificateAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", peers.Server.Imaps);
        await using var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        return new X509Certificate2(tls.RemoteCertificate!).ExportCertificatePem() + "\n";
    }

    private static async Task SyncAsync(string configuration)
        => (await ChildProcess.RunAsync("mbsync", ["-c", configuration, "-a"], limit: TimeSpan.FromMinutes(5))).MustSucceed("mbsync");

    /// <summary>X-Sync-Id to UID and Maildir flag letters of everything on the server.</summary>
    private static async Task<Dictionary<string, (uint Uid, string Flags)>> FarAsync(WireClient server)
    {
        await server.ImapOkAsync($"EXAMINE {Box}");
        var found = new Dictionary<string, (uint, string)>(StringComparer.Ordinal);
        foreach (var line in await server.ImapOkAsync("UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (X-SYNC-ID)])"))
        {
            if (SyncId().Match(line) is not { Success: true } id)
            {
                continue;
            }

            var flags = FlagList().Match(line).Groups[1].Value;
            var letters = string.Concat(
                new[] { (@"\Draft", "D"), (@"\Flagged", "F"), (@"\Answered", "R"), (@"\Seen", "S"), (@"\Deleted", "T") }
                    .Where(f => flags.Contains(f.Item1, StringComparison.OrdinalIgnoreCase)).Select(f => f.Item2));
            found.Add(id.Groups[1].Value, (uint.Parse(Uid().Match(line).Groups[1].Value, CultureInfo.InvariantCulture), letters));
        }

        return found;
    }

    /// <summary>X-Sync-Id to flag letters of everything in the Maildir.</summary>
    private static Dictionary<string, string> Near(string maildir) => Files(maildir).ToDictionary(
        IdOf, file => file.Contains(":2,", StringComparison.Ordinal) ? file[(file.LastIndexOf(":2,", StringComparison.Ordinal) + 3)..] : "");

    private static void AssertSame(Dictionary<string, (uint Uid, string Flags)> far, Dictionary<string, string> near)
    {
        var differences = far.Keys.Union(near.Keys)
            .Where(id => !far.TryGetValue(id, out var f) || !near.TryGetValue(id, out var n) || f.Flags != n)
            .Select(id => $"{id}: far {(far.TryGetValue(id, out var f) ? $"[{f.Flags}]" : "absent")}, near {(near.TryGetValue(id, out var n) ? $"[{n}]" : "absent")}")
            .ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} differences: {string.Join("; ", differences.Take(10))}");
    }

    private static void SetFlags(string maildir, string id, Func<string, string> change)
    {
        var file = Files(maildir).Single(f => IdOf(f) == id);
        var mark = file.LastIndexOf(":2,", StringComparison.Ordinal);
        var stem = Path.GetFileName(mark < 0 ? file : file[..mark]);
        var letters = string.Concat(change(mark < 0 ? "" : file[(mark + 3)..]).Distinct().Order());
        File.Move(file, Path.Combine(maildir, "cur", $"{stem}:2,{letters}"));
    }

    private static List<string> Files(string maildir)
        => [.. System.IO.Directory.GetFiles(Path.Combine(maildir, "cur")), .. System.IO.Directory.GetFiles(Path.Combine(maildir, "new"))];

    private static List<string> Listing(string maildir) => [.. Files(maildir).Order(StringComparer.Ordinal)];

    private static string IdOf(string file) => SyncId().Match(File.ReadAllText(file)).Groups[1].Value;

    private static string UidSet(Dictionary<string, (uint Uid, string Flags)> far, List<string> ids, Func<int, bool> chosen)
        => string.Join(',', ids.Where((_, i) => chosen(i)).Select(id => far[id].Uid));

    private static async Task<string> HighestModSeqAsync(WireClient server)
        => (await server.ImapOkAsync($"STATUS {Box} (HIGHESTMODSEQ UIDNEXT MESSAGES)")).Single(line => line.StartsWith("* STATUS ", StringComparison.Ordinal));

    private static string Message(string id)
        => $"From: Sync <sync@example.net>\r\nTo: mbsync@example.test\r\nSubject: {id}\r\nMessage-ID: <{id}@example.net>\r\n"
            + $"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nX-Sync-Id: {id}\r\n\r\nThe text of {id}.\r\n";

    [GeneratedRegex(@"^X-Sync-Id: (\S+)", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex SyncId();

    [GeneratedRegex(@"FLAGS \(([^)]*)\)")]
    private static partial Regex FlagList();

    [GeneratedRegex(@"\bUID (\d+)")]
    private static partial Regex Uid();
}
