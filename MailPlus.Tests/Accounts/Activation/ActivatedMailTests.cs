using System.Net;
using System.Text.Json;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts.Activation;

/// <summary>What activation does to mail, on the running server by SMTP, IMAP, verbs and REST.</summary>
public sealed class ActivatedMailTests
{
    // ACC-20, ACC-25, ACC-29, ACC-34
    [Fact]
    public async Task ACC_B3_only_who_is_activated_receives_and_signs_in_whatever_door_decided_it()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["kim", "lee"] });
        Assert.StartsWith("250", await RecipientAsync(server, "kim"), StringComparison.Ordinal);
        await server.VerbAsync(["group", "add", "staff"]);
        await server.VerbAsync(["group", "join", "staff", server.Address("kim")]);
        await server.VerbAsync(["account", "activation", server.Address("kim"), "none"]);
        await MustBeShutAsync(server, "kim");

        await server.VerbAsync(["group", "activation", "staff", "activate"]);
        Assert.StartsWith("250", await RecipientAsync(server, "kim"), StringComparison.Ordinal);
        Assert.StartsWith("OK", await SignInAsync(server, "kim"), StringComparison.Ordinal);
        Assert.Equal("activate", (await server.JsonAsync("group", "list")).EnumerateArray().Single().GetProperty("activation").GetString());

        using var rest = new RestClient(server, "admin");
        var groups = (await rest.GetAsync("groups?search=staff")).Must(HttpStatusCode.OK);
        var id = groups["rows"].EnumerateArray().Single().GetProperty("id").GetInt64();
        (await rest.SendAsync(HttpMethod.Patch, "activation", JsonSerializer.Deserialize<JsonElement>($$"""{"groups":{"{{id}}":"Deactivate"},"byDefault":true}"""))).Must(HttpStatusCode.OK);
        await MustBeShutAsync(server, "kim");
        Assert.StartsWith("250", await RecipientAsync(server, "lee"), StringComparison.Ordinal);
        (await rest.SendAsync(HttpMethod.Delete, $"groups/{id}")).Must(HttpStatusCode.NoContent);
        Assert.StartsWith("250", await RecipientAsync(server, "kim"), StringComparison.Ordinal); // by default now
    }

    // LIC-09, LIC-15, LIC-B8: the built-in authority on the real program
    [Fact]
    public async Task A_key_of_another_issuer_gives_nothing_and_mail_goes_on()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Lab = false, Accounts = ["a", "b", "c", "d"] });
        var sixth = await server.TryVerbAsync(["account", "add", server.Address("e"), "--password-stdin"], server.Plan.Password + "\n");
        Assert.Equal((1, true), (sixth.ExitCode, sixth.Errors.Contains("1 missing", StringComparison.Ordinal)));
        var file = Path.Combine(server.Home, "issuer");
        (await server.TryProgramAsync(["licence", "issuer", file])).MustSucceed("licence issuer");
        Assert.Equal(1, (await server.TryProgramAsync(["licence", "issuer", file])).ExitCode); // never overwritten
        var key = (await server.TryProgramAsync(["licence", "issue", file, "--accounts", "20", "--until", "2099-12-31"])).MustSucceed("licence issue").Output.Trim();
        Assert.Equal(1, (await server.TryProgramAsync(["licence", "issue", file, "--accounts", "0"])).ExitCode);
        Assert.Equal(1, (await server.TryVerbAsync(["licence", "add", key])).ExitCode);
        Assert.Empty((await server.JsonAsync("licence", "list")).EnumerateArray());
        Assert.StartsWith("250", await RecipientAsync(server, "d"), StringComparison.Ordinal);
    }

    private static async Task MustBeShutAsync(RunningServer server, string name)
    {
        Assert.StartsWith("550", await RecipientAsync(server, name), StringComparison.Ordinal);
        Assert.StartsWith("NO", await SignInAsync(server, name), StringComparison.Ordinal);
    }

    private static async Task<string> RecipientAsync(RunningServer server, string name)
    {
        using var client = await WireClient.ConnectAsync(server.Smtp);
        await client.ReadReplyAsync();
        await client.SmtpAsync("EHLO client.test");
        await client.SmtpAsync("MAIL FROM:<>");
        return await client.SmtpAsync($"RCPT TO:<{server.Address(name)}>") ?? "";
    }

    private static async Task<string> SignInAsync(RunningServer server, string name)
    {
        using var client = await WireClient.ConnectAsync(server.Imap);
        await client.ReadLineAsync();
        return (await client.ImapAsync($"LOGIN {name} {server.Plan.Password}"))[^1].Split(' ', 2)[1];
    }
}
