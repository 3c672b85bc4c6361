using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace MailPlus.Engine.Net.Connections;

/// <summary>What a connection is made of, beside its pipes.</summary>
/// <param name="Id">Short id.</param>
/// <param name="Remote">The peer.</param>
/// <param name="Local">Our end.</param>
internal sealed record ConnectionEnds(string Id, IPEndPoint Remote, IPEndPoint Local);

/// <summary>A connection over a duplex pipe: Kestrel's socket transport, or two pipes in memory in tests.</summary>
internal sealed class PipedConnection : NetConnection, IAsyncDisposable
{
    private static readonly TimeSpan LastWordsTime = TimeSpan.FromSeconds(10);

    private readonly IDuplexPipe _transport;
    private ConnectionEnds _ends;
    private readonly TlsOptionsSource? _tls;
    private readonly TimeProvider _clock;
    private readonly Action<string>? _abortTransport;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _aborted = new();
    private readonly DeadlineReader _plainInput;
    private readonly DeadlineWriter _plainOutput;
    private SslStream? _ssl;
    private PipeReader _input;
    private PipeWriter _output;
    private long _deadlineAt;
    private int _deadlineKind;
    private int _expiredKind = -1;
    private int _disposed;

    public PipedConnection(IDuplexPipe transport, ConnectionEnds ends, TlsOptionsSource? tls, TimeProvider clock, Action<string>? abortTransport = null)
    {
        _transport = transport;
        _ends = ends;
        _tls = tls;
        _clock = clock;
        _abortTransport = abortTransport;
        _input = _plainInput = new DeadlineReader(transport.Input, this);
        _output = _plainOutput = new DeadlineWriter(transport.Output, this);
    }

    public override string Id => _ends.Id;

    public override TimeProvider Clock => _clock;

    public override PipeReader Input => _input;

    public override PipeWriter Output => _output;

    public override IPEndPoint Remote => _ends.Remote;

    public override IPEndPoint Local => _ends.Local;

    /// <summary>What the table counted this connection under.</summary>
    public IPAddress? CountedAs { get; set; }

    public override SslProtocols? TlsProtocol => _ssl?.SslProtocol;

    public override TlsCipherSuite? CipherSuite => _ssl?.NegotiatedCipherSuite;

    public override ReadOnlyMemory<byte> EndPointBinding => _ssl?.LocalCertificate is X509Certificate2 ours ? Connections.EndPointBinding.Of(ours) : default;

    public override X509Certificate2? PeerCertificate => _ssl?.RemoteCertificate as X509Certificate2;

    public override CancellationToken Closing => _closing.Token;

    /// <summary>Fires when the connection is aborted: nothing more can be said to the peer.</summary>
    public CancellationToken Aborted => _aborted.Token;

    public override async Task StartTlsAsync(CancellationToken cancellationToken)
    {
        if (_ssl is not null || _tls is null)
        {
            throw new InvalidOperationException(_tls is null ? "no certificate for TLS" : "TLS is already on");
        }

        var ssl = new SslStream(new DuplexPipeStream(_plainInput, _plainOutput), leaveInnerStreamOpen: true);
        try
        {
            await ssl.AuthenticateAsServerAsync(
                static (_, hello, state, _) => new ValueTask<SslServerAuthenticationOptions>(((TlsOptionsSource)state!)(hello.ServerName ?? "")),
                _tls,
                cancellationToken);
        }
        catch
        {
            await ssl.DisposeAsync();
            Abort("TLS handshake failed");
            throw;
        }

        _ssl = ssl;
        // Zero-byte reads: the buffer is rented when data is there, not while the session idles.
        _input = PipeReader.Create(ssl, new StreamPipeReaderOptions(bufferSize: 16384, minimumReadSize: 4096, leaveOpen: true, useZeroByteReads: true));
        _output = PipeWriter.Create(ssl, new StreamPipeWriterOptions(minimumBufferSize: 4096, leaveOpen: true));
    }

    public override void SetDeadline(DeadlineKind kind, TimeSpan span)
    {
        Volatile.Write(ref _deadlineAt, 0);
        Volatile.Write(ref _expiredKind, -1);
        Volatile.Write(ref _deadlineKind, (int)kind);
        Volatile.Write(ref _deadlineAt, _clock.GetTimestamp() + (long)(span.TotalSeconds * _clock.TimestampFrequency));
    }

    public override void ClearDeadline()
    {
        Volatile.Write(ref _deadlineAt, 0);
        Volatile.Write(ref _expiredKind, -1);
    }

    public override void Readdress(IPEndPoint remote, IPEndPoint local) => _ends = _ends with { Remote = remote, Local = local };

    public override void Abort(string reason)
    {
        if (Volatile.Read(ref _disposed) == 0)
        {
            _abortTransport?.Invoke(reason);
            Cancel(_closing);
            Cancel(_aborted);
            _transport.Input.CancelPendingRead();
            _transport.Output.CancelPendingFlush();
        }
    }

    /// <summary>Asks the session to end when it can do so politely.</summary>
    public void AskToClose()
    {
        if (Volatile.Read(ref _disposed) == 0)
        {
            Cancel(_closing);
        }
    }

    /// <summary>Nobody but a trusted proxy may say who else is there: what begins like a PROXY header ends the connection unless it was read as one.</summary>
    public void RefuseProxyHeader() => _plainInput.RefusesProxyHeader = true;

    /// <summary>Called by the heartbeat: ends the pending read and flush when the deadline has passed.</summary>
    public void CheckDeadline(long now)
    {
        var at = Volatile.Read(ref _deadlineAt);
        if (at != 0 && now >= at && Interlocked.CompareExchange(ref _deadlineAt, 0, at) == at)
        {
            Volatile.Write(ref _expiredKind, Volatile.Read(ref _deadlineKind));
            _transport.Input.CancelPendingRead();
            _transport.Output.CancelPendingFlush();
        }
    }

    /// <summary>Throws when the deadline that is set has passed, or the connection was aborted.</summary>
    public void ThrowIfExpired()
    {
        if (_aborted.IsCancellationRequested)
        {
            throw new IOException("the connection was aborted");
        }

        var kind = Volatile.Read(ref _expiredKind);
        if (kind >= 0)
        {
            throw new DeadlineException((DeadlineKind)kind);
        }
    }

    /// <summary>Says the last octets, TLS close_notify included, and gives the pipes back. Never throws: the peer may be gone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (!_aborted.IsCancellationRequested)
        {
            // Also forgets a deadline that has passed: its cancelled flush must not swallow the words that tell of it.
            SetDeadline(DeadlineKind.Write, LastWordsTime);
            try
            {
                await _output.FlushAsync(_aborted.Token);
                if (_ssl is not null)
                {
                    await _ssl.ShutdownAsync();
                }
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException or AuthenticationException)
            {
                _abortTransport?.Invoke("the peer left before the last words");
            }
        }

        if (_ssl is not null)
        {
            await _input.CompleteAsync();
            await _ssl.DisposeAsync();
        }

        await _transport.Input.CompleteAsync();
        await _transport.Output.CompleteAsync();
        _closing.Dispose();
        _aborted.Dispose();
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The session ended at this very moment: that is what was asked for.
        }
    }

    public override void DropInput()
    {
        while (_input.TryRead(out var result))
        {
            _input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted || result.Buffer.IsEmpty)
            {
                return;
            }
        }
    }
}
