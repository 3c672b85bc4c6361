using MailKit.Net.Pop3;
using MailKit.Security;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>Programs that fetch mail by POP3.</summary>
[Collection(PopCollection.Name)]
public sealed class PopClientTests(PopServer pop)
{
    [SkippableTheory]
    [InlineData("pop3", "PLAIN")]
    [InlineData("pop3", "LOGIN")]
    [InlineData("pop3s", "+APOP")]
    public async Task Curl_lists_reads_and_deletes(string scheme, string mechanism)
    {
        await pop.FillAsync("curl", 2);
        var server = $"{scheme}://127.0.0.1:{pop.Server.Port(scheme)}";
        string[] auth = mechanism == "+APOP" ? [] : ["--login-options", $"AUTH={mechanism}"];
        Assert.Equal(2, (await CurlAsync(auth, $"{server}/")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var message = (await CurlAsync(auth, $"{server}/2")).Output;
        Assert.Contains("Subject: message 2\r\n", message, StringComparison.Ordinal);
        Assert.Contains("\r\n.leading dot\r\n.\r\nlast line of 2\r\n", message, StringComparison.Ordinal);
        Assert.Matches(@"1 \d+\.\d+\r\n2 \d+\.\d+\r\n", (await CurlAsync([.. auth, "--request", "UIDL"], $"{server}/")).Output);
        Assert.DoesNotContain("first line", (await CurlAsync([.. auth, "--request", "TOP 1 0"], $"{server}/")).Output, StringComparison.Ordinal);
        await CurlAsync([.. auth, "--request", "DELE 1", "--head"], $"{server}/");
        Assert.Equal(1, await pop.CountAsync("curl"));
        await CurlAsync([.. auth, "--request", "DELE 1", "--head"], $"{server}/");
        Assert.Equal(0, await pop.CountAsync("curl"));
    }

    [SkippableTheory]
    [InlineData("pop3", "python")]
    [InlineData("pop3s", "pythons")]
    public async Task Python_poplib_lives_with_a_maildrop(string listener, string account)
    {
        PeerTools.Need("python3");
        await pop.FillAsync(account, 5);
        string[] variables =
        [
            $"PORT={pop.Server.Port(listener)}", $"SECURE={(listener == "pop3s" ? 1 : 0)}", $"ADDRESS={pop.Server.Address(account)}", $"PASSWORD={pop.Server.Plan.Password}", "COUNT=5",
        ];
        (await ChildProcess.RunAsync("env", [.. variables, "python3", Path.Combine(PeerTools.Folder, "poplib_session.py")])).MustSucceed("poplib");
        Assert.Equal(4, await pop.CountAsync(account));
    }

    [Theory]
    [InlineData("pop3", SecureSocketOptions.StartTls)]
    [InlineData("pop3s", SecureSocketOptions.SslOnConnect)]
    public async Task MailKit_pipelines_and_deletes(string listener, SecureSocketOptions tls)
    {
        await pop.FillAsync("kit", 20);
        using (var client = new Pop3Client { ServerCertificateValidationCallback = (_, _, _, _) => true })
        {
            await client.ConnectAsync("127.0.0.1", pop.Server.Port(listener), tls);
            Assert.True(client.Capabilities.HasFlag(Pop3Capabilities.Pipelining | Pop3Capabilities.UIDL | Pop3Capabilities.Top | Pop3Capabilities.UTF8 | Pop3Capabilities.Lang));
            await client.EnableUTF8Async();
            await client.AuthenticateAsync("kit", pop.Server.Plan.Password);
            Assert.Equal(20, client.Count);
            Assert.Equal(["en", "ko"], (await client.GetLanguagesAsync()).Select(language => language.Language));
            await client.SetLanguageAsync("ko");
            Assert.Equal(20, (await client.GetMessageUidsAsync()).Distinct().Count());
            var messages = await client.GetMessagesAsync(0, 20);
            Assert.Equal(Enumerable.Range(1, 20).Select(n => $"message {n}"), messages.Select(message => message.Subject));
            Assert.All(await client.GetMessageHeadersAsync(0, 20), headers => Assert.NotNull(headers["Subject"]));
            await client.DeleteAllMessagesAsync();
            await client.DisconnectAsync(true);
        }

        Assert.Equal(0, await pop.CountAsync("kit"));
    }

    [SkippableTheory]
    [InlineData("pop3", "sslproto 'TLS1.2+'")]
    [InlineData("pop3s", "ssl")]
    public async Task Fetchmail_fetches_each_message_once(string listener, string tls)
    {
        PeerTools.Need("fetchmail");
        await pop.FillAsync("fetchmail", 3);
        var home = System.IO.Directory.CreateDirectory(Path.Combine(pop.Server.Home, $"fetchmail-{listener}")).FullName;
        var mail = Path.Combine(home, "mail");
        await PopServer.WriteOwnAsync(Path.Combine(home, "rc"), $"""
            poll 127.0.0.1 service {pop.Server.Port(listener)} protocol pop3 auth password uidl
            user "fetchmail" password "{pop.Server.Plan.Password}" keep {tls} no sslcertck mda "cat >> {mail}"
            """);
        Assert.Equal(0, await RunAsync());
        Assert.Equal(3, Subjects(mail));
        await pop.FillAsync("fetchmail", 1);
        Assert.Equal(0, await RunAsync());
        Assert.Equal(4, Subjects(mail));
        Assert.Equal(1, await RunAsync()); // fetchmail: no new mail

        await File.WriteAllTextAsync(Path.Combine(home, "rc"), (await File.ReadAllTextAsync(Path.Combine(home, "rc"))).Replace("keep", "nokeep fetchall", StringComparison.Ordinal));
        Assert.Equal(0, await RunAsync());
        Assert.Equal(0, await pop.CountAsync("fetchmail"));

        async Task<int> RunAsync() => (await ChildProcess.RunAsync("env", [$"HOME={home}", $"FETCHMAILHOME={home}", "fetchmail", "-f", Path.Combine(home, "rc"), "--nodetach"])).ExitCode;
    }

    [SkippableFact]
    public async Task Getmail_fetches_and_remembers_unique_ids()
    {
        PeerTools.Need("getmail");
        await pop.FillAsync("getmail", 3);
        var home = System.IO.Directory.CreateDirectory(Path.Combine(pop.Server.Home, "getmail")).FullName;
        var mail = Path.Combine(home, "mail");
        await PopServer.WriteOwnAsync(Path.Combine(home, "rc"), $"""
            [retriever]
            type = SimplePOP3SSLRetriever
            server = 127.0.0.1
            port = {pop.Server.Port("pop3s")}
            username = getmail
            password = {pop.Server.Plan.Password}
            [destination]
            type = MDA_external
            path = /bin/sh
            arguments = ("-c", "cat >> {mail}")
            allow_root_commands = true
            [options]
            read_all = false
            delete = false
            """);
        await RunAsync();
        Assert.Equal(3, Subjects(mail));
        await pop.FillAsync("getmail", 2);
        await RunAsync();
        Assert.Equal(5, Subjects(mail));

        async Task RunAsync() => (await ChildProcess.RunAsync("env", [$"HOME={home}", "getmail", $"--getmaildir={home}", $"--rcfile={home}/rc"])).MustSucceed("getmail");
    }

    [SkippableTheory]
    [InlineData("pop3", "scram-sha-256")]
    [InlineData("pop3s", "scram-sha-256")]
    [InlineData("pop3s", "plain")]
    [InlineData("pop3", "login")]
    [InlineData("pop3", "user")]
    [InlineData("pop3s", "oauthbearer")]
    [InlineData("pop3", "xoauth2")]
    [InlineData("pop3s", "external")]
    [InlineData("pop3", "external")]
    public async Task Mpop_signs_in_by_every_mechanism_it_knows(string listener, string mechanism)
    {
        PeerTools.Need("mpop");
        await pop.FillAsync("mpop", 2);
        var name = $"{listener}-{mechanism}";
        var home = System.IO.Directory.CreateDirectory(Path.Combine(pop.Server.Home, "mpop")).FullName;
        var mail = Path.Combine(home, name);
        var secret = mechanism is "oauthbearer" or "xoauth2" ? PopServer.Token : pop.Server.Plan.Password;
        await PopServer.WriteOwnAsync(Path.Combine(home, name + ".rc"), $"""
            account default
            host 127.0.0.1
            port {pop.Server.Port(listener)}
            tls on
            tls_starttls {(listener == "pop3" ? "on" : "off")}
            tls_certcheck off
            auth {mechanism}
            user mpop@example.test
            {(mechanism == "external" ? $"tls_cert_file {pop.ClientPem}\ntls_key_file {pop.ClientPem}" : $"password {secret}")}
            keep off
            delivery mbox {mail}
            uidls_file {mail}.uidls
            """);
        (await ChildProcess.RunAsync("env", [$"HOME={home}", "mpop", "-C", Path.Combine(home, name + ".rc"), "--debug"])).MustSucceed($"mpop {name}");
        Assert.Equal(2, Subjects(mail));
        Assert.Equal(0, await pop.CountAsync("mpop"));
    }

    private static int Subjects(string file) => File.Exists(file) ? File.ReadLines(file).Count(line => line.StartsWith("Subject: message ", StringComparison.Ordinal)) : 0;

    private async Task<CommandResult> CurlAsync(string[] arguments, string url)
    {
        PeerTools.Need("curl");
        return (await ChildProcess.RunAsync(
            "curl", ["--silent", "--show-error", "--insecure", "--ssl-reqd", "--max-time", "180", "--user", $"curl:{pop.Server.Plan.Password}", .. arguments, url])).MustSucceed($"curl {url} {string.Join(' ', arguments)}");
    }
}
