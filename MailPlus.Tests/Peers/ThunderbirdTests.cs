using System.Text.Json;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>Debian's Thunderbird without a screen: it finds its settings by itself, and then does what people do.</summary>
[Collection(PeersCollection.Name)]
public sealed class ThunderbirdTests(PeerServer peers)
{
    private const string Account = "bird";
    private const string Program = "/usr/lib/thunderbird/thunderbird"; // beside it lies a script that starts it, which would survive it

    [SkippableFact]
    public async Task Thunderbird_sets_itself_up_reads_flags_searches_moves_and_sends()
    {
        Skip.IfNot(File.Exists(Program), "thunderbird is not installed");
        var home = await peers.HomeAsync("thunderbird");
        using var server = await peers.LogInAsync(Account);
        foreach (var subject in new[] { "first", "second", "third" })
        {
            var message = $"From: kim@example.test\r\nTo: {peers.Server.Address(Account)}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@bird.test>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n\r\nwords of the {subject}\r\n";
            await server.ImapOkAsync($"APPEND INBOX {{{message.Length}+}}\r\n{message}");
        }

        await using var process = await StartAsync(home);
        await using var marionette = await ConnectAsync(process, home);
        var prelude = await File.ReadAllTextAsync(Path.Combine(PeerTools.Folder, "thunderbird.js"));
        using var certificate = await PeerTools.CertificateOfAsync(peers.Server);

        var found = await RunAsync("return await setUp(given);", new
        {
            name = "Bird",
            address = peers.Server.Address(Account),
            password = peers.Server.Plan.Password,
            certificate = Convert.ToBase64String(certificate.RawData),
        });
        Assert.Equal("xml-from-isp-http", found.GetProperty("source").GetString());
        Assert.Equal(JsonSerializer.Serialize(new object[] { "imap", "mail.example.test", peers.Server.Imaps, peers.Server.Address(Account) }), JsonSerializer.Serialize(found.GetProperty("incoming")));
        Assert.Equal(JsonSerializer.Serialize(new object[] { "mail.example.test", peers.Server.Smtps }), JsonSerializer.Serialize(found.GetProperty("outgoing")));

        var seen = await RunAsync("""
            await finished(listener => inbox().getNewMessages(null, listener));
            await eventually(() => subjects(inbox()).length === 3);
            server().rootFolder.createSubfolder("Nest", null);
            await eventually(() => folder("Nest"));
            const first = bySubject(inbox(), "first");
            const text = await source(first);
            inbox().markMessagesRead([first], true);
            inbox().markMessagesFlagged([first], true);
            const hits = await search(inbox(), "of the third");
            await finished(listener => MailServices.copy.copyMessages(inbox(), [bySubject(inbox(), "second")], folder("Nest"), true, listener, null, false));
            return { text, hits, folders: server().rootFolder.descendants.map(one => one.name) };
            """);
        Assert.Contains("words of the first", seen.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(["third"], seen.GetProperty("hits").EnumerateArray().Select(hit => hit.GetString()));
        Assert.Superset(new HashSet<string?> { "Archive", "Drafts", "Junk", "Sent", "Trash" }, seen.GetProperty("folders").EnumerateArray().Select(name => name.GetString()).ToHashSet());
        await Eventually.TrueAsync(
            async () =>
            {
                var inbox = await ListAsync("INBOX");
                return inbox.Count == 2 && inbox.Any(line => line.Contains("Subject: first", StringComparison.Ordinal) && line.Contains("\\Flagged", StringComparison.Ordinal) && line.Contains("\\Seen", StringComparison.Ordinal));
            },
            () => $"the INBOX holds what Thunderbird left there\n{process.Tail()}");
        Assert.Contains("Subject: second", Assert.Single(await ListAsync("Nest")), StringComparison.Ordinal);

        await RunAsync("await send(given.to, \"by Thunderbird\", \"sent by a bird\\r\\n\");", new { to = peers.Server.Address("kim") });
        var received = await peers.ReceivedAsync("kim", "by Thunderbird");
        Assert.Contains("sent by a bird", received, StringComparison.Ordinal);
        Assert.Contains("From: Bird <bird@example.test>", received, StringComparison.Ordinal);
        await Eventually.TrueAsync(
            async () => (await ListAsync("Sent")).Any(line => line.Contains("Subject: by Thunderbird", StringComparison.Ordinal)), () => $"a copy is in Sent\n{process.Tail()}");

        Task<JsonElement> RunAsync(string script, object? given = null) => marionette.RunAsync(prelude + script, given ?? new { });

        async Task<List<string>> ListAsync(string mailbox)
        {
            await server.ImapOkAsync($"EXAMINE {mailbox}");
            return [.. (await server.ImapOkAsync("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")).Where(line => line.Contains("Subject:", StringComparison.Ordinal))];
        }
    }

    /// <summary>With a profile of its own, where every name under example.test is this machine and plain HTTP goes to the server's web part.</summary>
    private async Task<ChildProcess> StartAsync(string home)
    {
        var profile = System.IO.Directory.CreateDirectory(Path.Combine(home, "profile")).FullName;
        var preferences = new Dictionary<string, object>
        {
            ["marionette.port"] = 0,
            ["network.dns.localDomains"] = "example.test,autoconfig.example.test,autodiscover.example.test,mail.example.test",
            ["network.proxy.type"] = 1,
            ["network.proxy.http"] = "127.0.0.1",
            ["network.proxy.http_port"] = peers.Server.Web,
            ["network.proxy.no_proxies_on"] = "",
            ["network.proxy.allow_hijacking_localhost"] = true,
            // Nothing asks the world outside.
            ["mailnews.auto_config_url"] = "",
            ["mailnews.start_page.enabled"] = false,
            ["mail.provider.suppress_dialog_on_startup"] = true,
            ["mail.shell.checkDefaultClient"] = false,
            ["mail.inappnotifications.enabled"] = false,
            ["datareporting.policy.dataSubmissionEnabled"] = false,
            ["toolkit.telemetry.enabled"] = false,
            ["app.update.enabled"] = false,
            ["services.settings.server"] = "http://127.0.0.1:9",
            ["browser.safebrowsing.enabled"] = false,
            ["network.captive-portal-service.enabled"] = false,
            ["network.connectivity-service.enabled"] = false,
        };
        await File.WriteAllLinesAsync(Path.Combine(profile, "user.js"), preferences.Select(one => $"user_pref({JsonSerializer.Serialize(one.Key)}, {JsonSerializer.Serialize(one.Value)});"));
        return ChildProcess.Start("env", [$"HOME={home}", "MOZ_CRASHREPORTER_DISABLE=1", "LC_ALL=C.UTF-8", Program, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile]);
    }

    private static async Task<Marionette> ConnectAsync(ChildProcess process, string home)
    {
        var file = Path.Combine(home, "profile", "MarionetteActivePort");
        var port = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.False(process.HasExited, process.Tail());
                return File.Exists(file) && int.TryParse(await File.ReadAllTextAsync(file), out port);
            },
            () => $"Thunderbird says where it listens\n{process.Tail()}",
            TimeSpan.FromMinutes(2));
        return await Marionette.ConnectAsync(port);
    }
}
