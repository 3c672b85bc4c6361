using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace MailPlus.Tests.Support;

/// <summary>A bare TCP client that speaks lines of bytes (shown as Latin-1), so that a test sees exactly what goes over the wire.</summary>
public sealed partial class WireClient : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _at;
    private int _end;
    private int _serial;

    private WireClient(Socket socket) => _socket = socket;

    /// <summary>How long one read or write may take before the test calls it a hang.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(3);

    public static async Task<WireClient> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            return new WireClient(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (bytes.Length > 0)
        {
            var sent = await _socket.SendAsync(bytes, SocketFlags.None, deadline.Token);
            bytes = bytes[sent..];
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Says that nothing more will come, while still reading.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The next line without its line end; null when the server has closed.</summary>
    public async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            var length = _buffer.AsSpan(_at, _end - _at).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line.Append(Encoding.Latin1.GetString(_buffer, _at, length));
                _at += length + 1;
                if (line.Length > 0 && line[^1] == '\r')
                {
                    line.Length--;
                }

                return line.ToString();
            }

            line.Append(Encoding.Latin1.GetString(_buffer, _at, _end - _at));
            if (!await FillAsync())
            {
                return line.Length > 0 ? line.ToString() : null;
            }
        }
    }

    /// <summary>Exactly that many bytes; null when the server closes before.</summary>
    public async Task<byte[]?> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            if (_at == _end && !await FillAsync())
            {
                return null;
            }

            var part = Math.Min(count - filled, _end - _at);
            _buffer.AsSpan(_at, part).CopyTo(bytes.AsSpan(filled));
            _at += part;
            filled += part;
        }

        return bytes;
    }

    /// <summary>Reads that many bytes and forgets them.</summary>
    public async Task SkipAsync(long count)
    {
        while (count > 0)
        {
            if (_at == _end && !await FillAsync())
            {
                throw new EndOfStreamException();
            }

            var part = (int)Math.Min(count, _end - _at);
            _at += part;
            count -= part;
        }
    }

    /// <summary>Reads a whole SMTP reply and returns its last line; null when the server has closed.</summary>
    public async Task<string?> ReadReplyAsync()
    {
        while (await ReadLineAsync() is { } line)
        {
            if (line.Length < 4 || line[3] != '-')
            {
                return line;
            }
        }

        return null;
    }

    /// <summary>Sends one SMTP command line and returns the last line of the reply.</summary>
    public async Task<string?> SmtpAsync(string command)
    {
        await SendAsync(command + "\r\n");
        return await ReadReplyAsync();
    }

    /// <summary>Sends one IMAP command and returns all response lines; a literal stands in its line. The last one is the tagged line.</summary>
    public async Task<IReadOnlyList<string>> ImapAsync(string command)
    {
        var tag = $"w{++_serial}";
        await SendAsync($"{tag} {command}\r\n");
        return await ReadImapAsync(tag);
    }

    /// <summary>As <see cref="ImapAsync"/>, and the answer must be OK.</summary>
    public async Task<IReadOnlyList<string>> ImapOkAsync(string command)
    {
        var answer = await ImapAsync(command);
        var status = answer[^1];
        return status.Contains(" OK", StringComparison.Ordinal) ? answer : throw new InvalidOperationException($"{command}: {status}");
    }

    /// <summary>Reads responses up to the tagged one.</summary>
    public async Task<IReadOnlyList<string>> ReadImapAsync(string tag)
    {
        var lines = new List<string>();
        while (await ReadImapLineAsync() is { } line)
        {
            lines.Add(line);
            if (line.StartsWith(tag + " ", StringComparison.Ordinal))
            {
                return lines;
            }
        }

        throw new EndOfStreamException($"the server closed before the answer to {tag}: {string.Join(" | ", lines.TakeLast(3))}");
    }

    /// <summary>One response with its literals inside; null when the server has closed.</summary>
    public async Task<string?> ReadImapLineAsync()
    {
        var line = await ReadLineAsync();
        while (line is not null && LiteralAtEnd().Match(line) is { Success: true } literal)
        {
            var bytes = await ReadBytesAsync(int.Parse(literal.Groups[1].Value, CultureInfo.InvariantCulture));
            var rest = bytes is null ? null : await ReadLineAsync();
            if (rest is null)
            {
                return null;
            }

            line += "\r\n" + Encoding.Latin1.GetString(bytes!) + rest;
        }

        return line;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<bool> FillAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        _at = 0;
        _end = 0;
        try
        {
            _end = await _socket.ReceiveAsync(_buffer, SocketFlags.None, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the server said nothing for {Patience.TotalSeconds:F0} s");
        }

        return _end > 0;
    }

    [GeneratedRegex(@"~?\{(\d+)\+?\}$")]
    private static partial Regex LiteralAtEnd();
}
