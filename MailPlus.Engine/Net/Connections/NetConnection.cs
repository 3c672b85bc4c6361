using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace MailPlus.Engine.Net.Connections;

/// <summary>A named limit on waiting; the name goes to the log and to the peer's last line.</summary>
public enum DeadlineKind
{
    /// <summary>PROXY header of a trusted proxy.</summary>
    ProxyHeader,

    /// <summary>TLS handshake.</summary>
    Handshake,

    /// <summary>Before the peer has authenticated.</summary>
    Greeting,

    /// <summary>Between two commands.</summary>
    Command,

    /// <summary>While message octets come in.</summary>
    Data,

    /// <summary>While the peer reads our answer.</summary>
    Write,
}

/// <summary>
/// One accepted connection: pipes, peers, TLS, deadlines. Protocol sessions read <see cref="Input"/> and write <see cref="Output"/>; both change when TLS starts,
/// so never keep them across <see cref="StartTlsAsync"/>.
/// </summary>
public abstract class NetConnection
{
    /// <summary>Short id for logs and for replies that refer a stranger to the postmaster.</summary>
    public abstract string Id { get; }

    /// <summary>The clock that deadlines are measured by.</summary>
    public abstract TimeProvider Clock { get; }

    /// <summary>What the peer sends. Reads end when the peer closes, a deadline passes (<see cref="DeadlineException"/>) or the server stops.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>What is sent to the peer.</summary>
    public abstract PipeWriter Output { get; }

    /// <summary>The peer.</summary>
    public abstract IPEndPoint Remote { get; }

    /// <summary>Our end.</summary>
    public abstract IPEndPoint Local { get; }

    /// <summary>The negotiated TLS protocol, null while in clear text.</summary>
    public abstract SslProtocols? TlsProtocol { get; }

    /// <summary>The negotiated cipher suite, null while in clear text.</summary>
    public abstract TlsCipherSuite? CipherSuite { get; }

    /// <summary>Channel binding tls-server-end-point (RFC 5929 4), empty in clear text or where it is not defined for the certificate.</summary>
    public virtual ReadOnlyMemory<byte> EndPointBinding => default;

    /// <summary>The certificate the peer showed in the handshake, looked at by nobody yet; null when it showed none.</summary>
    public virtual X509Certificate2? PeerCertificate => null;

    /// <summary>True under TLS.</summary>
    public bool IsTls => TlsProtocol is not null;

    /// <summary>Fires when the server asks sessions to end (drain) or aborts this connection.</summary>
    public abstract CancellationToken Closing { get; }

    /// <summary>
    /// Drops what the peer has sent so far. Called before the "ready" line of STARTTLS is flushed (design 6: STARTTLS injection): before that line no octet
    /// of a handshake can have come, after it none of a command may.
    /// </summary>
    public abstract void DropInput();

    /// <summary>
    /// Starts TLS as the server. The caller has called <see cref="DropInput"/> and then flushed its "ready" line. Clear text that comes instead of a
    /// handshake makes it fail, so that in no case it is taken for a command under TLS.
    /// </summary>
    /// <exception cref="AuthenticationException">The handshake failed; the connection is closed.</exception>
    public abstract Task StartTlsAsync(CancellationToken cancellationToken);

    /// <summary>Sets the deadline that ends reads or writes by <see cref="DeadlineException"/>; replaces the one set before. Cheap: one shared heartbeat checks all.</summary>
    public abstract void SetDeadline(DeadlineKind kind, TimeSpan span);

    /// <summary>Takes the deadline away.</summary>
    public abstract void ClearDeadline();

    /// <summary>Takes the word of a trusted proxy for who the peer is; what is asked later of <see cref="Remote"/> and <see cref="Local"/> is that.</summary>
    public abstract void Readdress(IPEndPoint remote, IPEndPoint local);

    /// <summary>Closes at once, without a word.</summary>
    public abstract void Abort(string reason);
}

/// <summary>A deadline passed while reading or writing.</summary>
public sealed class DeadlineException(DeadlineKind kind) : IOException($"deadline: {kind}")
{
    /// <summary>Which one.</summary>
    public DeadlineKind Kind { get; } = kind;
}

/// <summary>A protocol's way to serve one connection; returning closes it. One per listener name, listed in EngineWiring.</summary>
public interface IConnectionHandler
{
    /// <summary>Serves until the peer leaves, the protocol ends or <see cref="NetConnection.Closing"/> fires. Exceptions end only this connection.</summary>
    Task ServeAsync(NetConnection connection, CancellationToken cancellationToken);
}
