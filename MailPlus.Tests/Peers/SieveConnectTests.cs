using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Peers;

/// <summary>sieve-connect, a client of ManageSieve (RFC 5804).</summary>
[Collection(PopCollection.Name)]
public sealed class SieveConnectTests(PopServer pop)
{
    [SkippableFact]
    public async Task Sieve_connect_lives_with_scripts()
    {
        PeerTools.Need("sieve-connect");
        var home = System.IO.Directory.CreateDirectory(Path.Combine(pop.Server.Home, "sieve-connect")).FullName;
        var (good, bad) = (Path.Combine(home, "good.sieve"), Path.Combine(home, "bad.sieve"));
        await File.WriteAllTextAsync(good, "require [\"fileinto\", \"mailbox\"];\r\nif header :contains \"subject\" \"한글\" {\r\n  fileinto :create \"Lists\";\r\n}\r\n");
        await File.WriteAllTextAsync(bad, "fileinto \"Lists\";\r\n");

        Assert.NotEqual(0, (await RunAsync("--checkscript", "--localsieve", bad)).ExitCode);
        (await RunAsync("--checkscript", "--localsieve", good)).MustSucceed("check");
        (await RunAsync("--upload", "--localsieve", good, "--remotesieve", "main")).MustSucceed("upload");
        (await RunAsync("--activate", "--remotesieve", "main")).MustSucceed("activate");
        Assert.Matches("\"?main\"?.*ACTIVE", (await RunAsync("--list")).Output);
        var back = Path.Combine(home, "back.sieve");
        (await RunAsync("--download", "--remotesieve", "main", "--localsieve", back)).MustSucceed("download");
        Assert.Equal(await File.ReadAllTextAsync(good), await File.ReadAllTextAsync(back));
        (await RunAsync("--deactivate")).MustSucceed("deactivate");
        (await RunAsync("--delete", "--remotesieve", "main")).MustSucceed("delete");
        Assert.DoesNotContain("main", (await RunAsync("--list")).Output, StringComparison.Ordinal);

        Task<CommandResult> RunAsync(params string[] arguments) => ChildProcess.RunAsync(
            "env",
            [$"HOME={home}", "sieve-connect", "--server", "127.0.0.1", "--port", pop.Server.Port("sieve").ToString(System.Globalization.CultureInfo.InvariantCulture), "--user", "curl", "--passwordfd", "0", "--notlsverify", .. arguments],
            pop.Server.Plan.Password + "\n");
    }
}
