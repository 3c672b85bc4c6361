using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Text;
using MailPlus.Engine.Net.Connections;

namespace MailPlus.Tests.Support;

/// <summary>Both ends of a connection in memory: a protocol's handler serves one, the test speaks bytes or lines at the other.</summary>
internal sealed class MemoryConnection : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 128 * 1024, resumeWriterThreshold: 64 * 1024, useSynchronizationContext: false));
    private readonly Pipe _toClient = new(new PipeOptions(pauseWriterThreshold: 128 * 1024, resumeWriterThreshold: 64 * 1024, useSynchronizationContext: false));
    private readonly DuplexPipeStream _plain;
    private Stream _stream;
    private byte[] _buffer = new byte[64 * 1024];
    private int _at;
    private int _end;

    public MemoryConnection(TlsOptionsSource? tls = null, TimeProvider? clock = null, IPAddress? remote = null)
    {
        var ends = new ConnectionEnds("test", new IPEndPoint(remote ?? IPAddress.Parse("192.0.2.1"), 40000), new IPEndPoint(IPAddress.Parse("192.0.2.25"), 25));
        Server = new PipedConnection(new Duplex(_toServer.Reader, _toClient.Writer), ends, tls, clock ?? TimeProvider.System, AbortPipes);
        _plain = new DuplexPipeStream(_toClient.Reader, _toServer.Writer);
        _stream = _plain;
    }

    /// <summary>The server's end.</summary>
    public PipedConnection Server { get; }

    /// <summary>The client's raw end.</summary>
    public Stream Raw => _stream;

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var limit = new CancellationTokenSource(Patience);
        await _stream.WriteAsync(bytes, limit.Token);
        await _stream.FlushAsync(limit.Token);
    }

    /// <summary>Sends in clear; false when the server reads no more, which throws nothing here.</summary>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var limit = new CancellationTokenSource(Patience);
        return !(await _toServer.Writer.WriteAsync(bytes, limit.Token)).IsCompleted;
    }

    public Task SendAsync(string latin1) => SendAsync(Encoding.Latin1.GetBytes(latin1));

    /// <summary>The next line without CRLF; null at the end. A bare LF or CR stays visible in it.</summary>
    public async Task<string?> ReadLineAsync()
    {
        while (true)
        {
            var at = _buffer.AsSpan(_at, _end - _at).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                var line = Encoding.Latin1.GetString(_buffer, _at, at);
                _at += at + 2;
                return line;
            }

            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    /// <summary>Exactly that many bytes.</summary>
    public async Task<byte[]> ReadBytesAsync(int count)
    {
        while (_end - _at < count)
        {
            if (!await FillAsync())
            {
                throw new EndOfStreamException($"the server closed {count - (_end - _at)} bytes too early");
            }
        }

        var bytes = _buffer.AsSpan(_at, count).ToArray();
        _at += count;
        return bytes;
    }

    /// <summary>Everything up to the end.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await FillAsync())
        {
        }

        return Encoding.Latin1.GetString(_buffer, _at, _end - _at);
    }

    /// <summary>Says that nothing more will come.</summary>
    public void FinishSending() => _toServer.Writer.Complete();

    /// <summary>Starts TLS as the client, trusting any certificate.</summary>
    public async Task StartTlsAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        var ssl = new SslStream(_plain, leaveInnerStreamOpen: true);
        await ssl.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => true },
            limit.Token);
        _stream = ssl;
        _at = _end = 0;
    }

    /// <summary>Reads and writes through DEFLATE from here on.</summary>
    public void StartDeflate() => _stream = new DeflatedStream(_stream);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _toServer.Writer.CompleteAsync();
        await _toClient.Reader.CompleteAsync();
    }

    private void AbortPipes(string reason)
    {
        var failure = new IOException(reason);
        _toServer.Writer.CancelPendingFlush();
        _toClient.Writer.Complete(failure);
    }

    private async Task<bool> FillAsync()
    {
        if (_at > 0)
        {
            _buffer.AsSpan(_at, _end - _at).CopyTo(_buffer);
            _end -= _at;
            _at = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        using var limit = new CancellationTokenSource(Patience);
        var read = await _stream.ReadAsync(_buffer.AsMemory(_end), limit.Token);
        _end += read;
        return read > 0;
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
