using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;
using MailPlus.Tests.Support;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Crash;

/// <summary>kill -9 of a server that indexes: the index goes on from its watermark, searches are right all the time, and doctor tells (design 2).</summary>
public sealed class KillWhileIndexingTests
{
    private const int Messages = 60;

    [Fact]
    public async Task After_a_kill_the_index_goes_on_from_its_watermark()
    {
        await using var server = await RunningServer.StartAsync(new ServerPlan { Accounts = ["ann"] });
        using (var client = await OpenAsync(server))
        {
            for (var i = 0; i < Messages; i++)
            {
                await client.Inbox!.AppendAsync(new MailKit.AppendRequest(new MimeMessage([new MailboxAddress("a", "a@example.net")], [], $"견적서 {i}", new TextPart("plain") { Text = $"needle{i % 10}x" })));
            }
        }

        await server.KillAsync();
        Assert.True(File.Exists(Path.Combine(server.Data, "index", "kind")));
        Assert.False(File.Exists(Path.Combine(server.Data, "index", "whole")));
        await server.LaunchAsync();
        await FindAsync(server);
        await Eventually.TrueAsync(
            async () => (await server.TryVerbAsync(["doctor"])).Output.Contains("All mail is in the full-text index.", StringComparison.Ordinal), () => "everything is indexed", TimeSpan.FromMinutes(3));
        await FindAsync(server);
        Assert.Equal(0, await server.StopAsync());
        Assert.True(File.Exists(Path.Combine(server.Data, "index", "whole")));
        await server.LaunchAsync();
        await FindAsync(server);
    }

    private static async Task<ImapClient> OpenAsync(RunningServer server)
    {
        var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", server.Imap, SecureSocketOptions.None);
        await client.AuthenticateAsync("ann", server.Plan.Password);
        await client.Inbox!.OpenAsync(MailKit.FolderAccess.ReadWrite);
        return client;
    }

    private static async Task FindAsync(RunningServer server)
    {
        using var client = await OpenAsync(server);
        Assert.Equal(Messages, client.Inbox!.Count);
        Assert.Equal(Messages / 10, (await client.Inbox.SearchAsync(SearchQuery.BodyContains("eedle3"))).Count);
        Assert.Equal(Messages, (await client.Inbox.SearchAsync(SearchQuery.SubjectContains("적서"))).Count);
        Assert.Empty(await client.Inbox.SearchAsync(SearchQuery.MessageContains("needle10")));
    }
}
