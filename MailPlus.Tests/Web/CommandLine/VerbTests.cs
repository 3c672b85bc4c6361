using System.Text.Json;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Web.CommandLine;

/// <summary>
/// The automation contract (design 7): each verb on the real program, while the server runs and when it does not. Without a server the program opens the folder for
/// each verb, the same way each time: a few are run so by the program, the others by its own code in this process.
/// </summary>
public sealed class VerbTests
{
    private static readonly string[] AloneByProgram = ["domain add", "account add", "setting get"];

    [Fact]
    public async Task Verbs_do_the_same_with_and_without_a_server()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["kim"] });
        await CheckAsync(server, "online");
        await CheckRefusalsAsync(server);
        Assert.Equal("ready", (await server.TryProgramAsync(["doctor", "--ready"])).MustSucceed("doctor").Output.Trim());
        Assert.Equal(0, await server.StopAsync());
        Assert.Equal(1, (await server.TryProgramAsync(["doctor", "--ready"])).ExitCode); // a health check must not open the folder itself
        await CheckAsync(server, "offline");

        // A folder that is not there yet.
        System.IO.Directory.Delete(server.Data, recursive: true);
        string[] setup = ["setup", "--domain", "fresh.test", "--hostname", "mail.fresh.test", "--admin", "alex", "--password-stdin"];
        (await server.TryProgramAsync(setup, "Another-Good-1\n")).MustSucceed("setup");
        Assert.Equal("alex@fresh.test", Assert.Single((await server.JsonAsync("account", "list")).EnumerateArray()).GetProperty("address").GetString());
        Assert.Equal(1, (await server.TryVerbAsync(setup, "Another-Good-1\n")).ExitCode);
    }

    // mail-rules 7
    [Fact]
    public async Task Backup_and_restore_bring_everything_back_under_new_histories()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["kim"] });
        using (var imap = await WireClient.ConnectAsync(server.Imap))
        {
            await SignInAsync(imap, server);
            await imap.ImapOkAsync("APPEND INBOX {17+}\r\nSubject: kept\r\n\r\n");
            await imap.ImapOkAsync("CREATE Projects");
        }

        var before = await StatusAsync(server);
        Assert.Contains("MESSAGES 1", before, StringComparison.Ordinal);
        var backup = Path.Combine(server.Home, "backup");
        (await server.TryProgramAsync(["backup", backup])).MustSucceed("backup");
        Assert.Equal(1, (await server.TryVerbAsync(["backup", backup])).ExitCode); // never into a folder that has something
        Assert.Equal(1, (await server.TryProgramAsync(["restore", backup])).ExitCode); // nor over a live data folder
        await server.StopAsync();

        System.IO.Directory.Delete(server.Data, recursive: true);
        (await server.TryProgramAsync(["restore", backup])).MustSucceed("restore");
        await server.LaunchAsync();
        var after = await StatusAsync(server);
        Assert.Contains("MESSAGES 1", after, StringComparison.Ordinal);
        Assert.NotEqual(UidValidity(before), UidValidity(after)); // mail-rules 7
        Assert.True(UidValidity(after) > UidValidity(before));
    }

    private static async Task CheckAsync(RunningServer server, string name)
    {
        await RunAsync(["domain", "add", $"{name}.test"]);
        await RunAsync(["account", "add", $"lee@{name}.test", "--name", "이 Lee", "--password-stdin"], "Another-Good-1\n");
        var accounts = Parsed(await RunAsync(["account", "list", "--json"]));
        var lee = accounts.EnumerateArray().Single(account => account.GetProperty("address").GetString() == $"lee@{name}.test");
        Assert.Equal(("이 Lee", "active"), (lee.GetProperty("displayName").GetString(), lee.GetProperty("state").GetString()));
        Assert.Contains(Parsed(await RunAsync(["domain", "list", "--json"])).EnumerateArray(), domain => domain.GetProperty("ascii").GetString() == $"{name}.test");

        await RunAsync(["account", "disable", $"lee@{name}.test"]);
        await RunAsync(["account", "enable", $"lee@{name}.test"]);
        await RunAsync(["account", "passwd", $"lee@{name}.test", "--password-stdin"], "Another-Good-2\n");
        await RunAsync(["account", "export", $"lee@{name}.test", Path.Combine(server.Home, $"export-{name}")]);
        Assert.True(File.Exists(Path.Combine(server.Home, $"export-{name}", "mail.db")));

        await RunAsync(["setting", "set", "Delivery.RetrySeconds", "1,2,3"]);
        Assert.Equal("1,2,3", (await RunAsync(["setting", "get", "delivery.retryseconds"])).Output.Trim());
        Assert.Empty(Parsed(await RunAsync(["queue", "list", "--json"])).EnumerateArray());
        await RunAsync(["queue", "retry"]);

        async Task<CommandResult> RunAsync(string[] verb, string input = "") => name == "online" || AloneByProgram.Contains($"{verb[0]} {verb[1]}")
            ? (await server.TryProgramAsync(verb, input)).MustSucceed(string.Join(' ', verb))
            : await server.VerbAsync(verb, input);
    }

    private static JsonElement Parsed(CommandResult result)
    {
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }

    private static async Task CheckRefusalsAsync(RunningServer server)
    {
        foreach (var refused in new string[][]
        {
            ["account", "add", "lee@online.test", "--password-stdin"],
            ["account", "enable", "nobody@nowhere.test"],
            ["setting", "set", "Delivery.RemotePort", "0"],
            ["setting", "get", "No.Such"],
            ["queue", "remove", "FFFF"],
            ["setup", "--domain", "x.test", "--hostname", "h.x.test", "--admin", "a", "--password-stdin"],
            ["account", "add", "new@online.test"],
            ["account", "frobnicate"],
            ["domain", "add"],
        })
        {
            // The program's own no, and one of the server.
            var byProgram = refused is ["account", "frobnicate"] or ["account", "enable", ..];
            var result = byProgram ? await server.TryProgramAsync(refused, "Another-Good-1\n") : await server.TryVerbAsync(refused, "Another-Good-1\n");
            Assert.True(result.ExitCode == 1, string.Join(' ', refused) + ": " + result.Output);
            Assert.NotEmpty(result.Errors.Trim());
        }
    }

    private static async Task SignInAsync(WireClient imap, RunningServer server)
    {
        await imap.ReadImapLineAsync();
        await imap.ImapOkAsync($"LOGIN kim {server.Plan.Password}");
    }

    private static async Task<string> StatusAsync(RunningServer server)
    {
        using var imap = await WireClient.ConnectAsync(server.Imap);
        await SignInAsync(imap, server);
        var inbox = await imap.ImapOkAsync("STATUS INBOX (MESSAGES UIDVALIDITY)");
        Assert.Contains("Projects", string.Join('\n', await imap.ImapOkAsync("LIST \"\" *")), StringComparison.Ordinal);
        return string.Join('\n', inbox);
    }

    private static long UidValidity(string status)
    {
        var at = status.IndexOf("UIDVALIDITY ", StringComparison.Ordinal) + "UIDVALIDITY ".Length;
        return long.Parse(new string([.. status[at..].TakeWhile(char.IsAsciiDigit)]));
    }
}
