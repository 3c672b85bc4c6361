using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace MailPlus.Tests.Peers;

/// <summary>The remote control of Mozilla's programs: JSON messages over TCP, each behind its length and a colon.</summary>
internal sealed class Marionette : IAsyncDisposable
{
    private const int LargestMessage = 16 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private int _serial;

    private Marionette(TcpClient client) => (_client, _stream) = (client, client.GetStream());

    /// <summary>Connects, opens a session and works with the rights of the program itself.</summary>
    public static async Task<Marionette> ConnectAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var marionette = new Marionette(client);
        await marionette.ReadAsync(); // who it is
        await marionette.CommandAsync("WebDriver:NewSession", new { capabilities = new { alwaysMatch = new { timeouts = new { script = 80_000 } } } });
        await marionette.CommandAsync("Marionette:SetContext", new { value = "chrome" });
        return marionette;
    }

    /// <summary>Runs the body of an asynchronous function, which may use <c>given</c>; what it throws fails the test.</summary>
    public async Task<JsonElement> RunAsync(string body, object given)
    {
        const string Frame = """
            const [given, done] = arguments;
            (async () => {{BODY}})().then(value => done({ value: value ?? null }), error => done({ error: String(error) + "\n" + (error?.stack ?? "") }));
            """;
        var script = Frame.Replace("{BODY}", body, StringComparison.Ordinal);
        var answer = (await CommandAsync("WebDriver:ExecuteAsyncScript", new { script, args = new[] { given } })).GetProperty("value");
        return answer.TryGetProperty("error", out var error) ? throw new InvalidOperationException($"the script failed: {error.GetString()}") : answer.GetProperty("value");
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<JsonElement> CommandAsync(string name, object arguments)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var message = JsonSerializer.SerializeToUtf8Bytes(new object[] { 0, ++_serial, name, arguments });
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{message.Length}:")), deadline.Token);
        await _stream.WriteAsync(message, deadline.Token);
        var answer = await ReadAsync();
        return answer[2].ValueKind == JsonValueKind.Null ? answer[3] : throw new InvalidOperationException($"{name}: {answer[2].GetRawText()}");
    }

    private async Task<JsonElement> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var (length, one) = (0, new byte[1]);
        while (true)
        {
            await _stream.ReadExactlyAsync(one, deadline.Token);
            if (one[0] == ':')
            {
                break;
            }

            length = char.IsAsciiDigit((char)one[0]) && length <= LargestMessage ? length * 10 + one[0] - '0' : throw new InvalidOperationException("no message of Marionette");
        }

        var message = new byte[length];
        await _stream.ReadExactlyAsync(message, deadline.Token);
        using var document = JsonDocument.Parse(message);
        return document.RootElement.Clone();
    }
}
