using System.Net;
using System.Net.Sockets;
using System.Text;
using MailPlus.Engine.Accounts.Sasl;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts.Sasl;

/// <summary>What the checker of tokens answers: a name, no name, or nothing that could be used (RFC 7662 2.2).</summary>
public sealed class TokenIntrospectionTests
{
    [Theory]
    [InlineData("{\"active\":true,\"username\":\"kim\"}", "kim")]
    [InlineData("{\"active\":true,\"sub\":\"lee\",\"email\":\"\"}", "lee")]
    [InlineData("{\"active\":false,\"username\":\"kim\"}", null)]
    [InlineData("{\"active\":1,\"username\":\"kim\"}", null)]
    [InlineData("{\"active\":true,\"username\":[\"kim\"]}", null)]
    [InlineData("[{\"active\":true}]", null)]
    [InlineData("\"kim\"", null)]
    public async Task An_answer_names_the_owner_or_nobody(string answer, string? owner) => Assert.Equal(owner, await CheckAsync(answer));

    [Theory]
    [InlineData("")]
    [InlineData("{\"active\":true")]
    [InlineData("{\"active\":true,\"username\":\"\\ud800\"}")]
    [InlineData("{\"active\":true,\"username\":\"\u00ff\"}")]
    [InlineData("<html>")]
    public async Task What_is_no_answer_is_refused_for_now(string answer)
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(() => CheckAsync(answer));
        Assert.Equal((RefusalKind.Unavailable, true), (refused.Refusal.Kind, refused.Refusal.Temporary));
    }

    [Fact]
    public async Task Depth_and_size_are_limited()
    {
        await Assert.ThrowsAsync<RefusedException>(() => CheckAsync(new string('[', 10_000)));
        await Assert.ThrowsAsync<RefusedException>(() => CheckAsync($"{{\"active\":true,\"username\":\"{new string('x', 100_000)}\"}}"));
    }

    private static async Task<string?> CheckAsync(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var settings = new SettableSettings();
        settings.Set(settings.Current with { Security = new SecuritySettings { TokenIntrospectionUrl = $"http://{listener.LocalEndpoint}/" } });
        using var check = new TokenIntrospection(settings);
        var serving = AnswerAsync(listener, Encoding.Latin1.GetBytes(answer));
        try
        {
            return await check.CheckAsync("token", default);
        }
        finally
        {
            await serving;
        }
    }

    private static async Task AnswerAsync(TcpListener listener, byte[] body)
    {
        using var client = await listener.AcceptSocketAsync();
        var request = new byte[4096];
        var length = 0;
        while (!Encoding.ASCII.GetString(request, 0, length).EndsWith("access_token", StringComparison.Ordinal))
        {
            var read = await client.ReceiveAsync(request.AsMemory(length), SocketFlags.None);
            Assert.True(read > 0, "a whole question");
            length += read;
        }

        try
        {
            await client.SendAsync((byte[])[.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body], SocketFlags.None);
        }
        catch (SocketException)
        {
            // it has heard enough
        }
    }
}
