using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MailPlus.Engine.Net.Listeners;
using MailPlus.Engine.Net.Proxy;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Net.Connections;

/// <summary>
/// The life of a connection, in one method: admit, log, hand to the protocol, catch once, log, count out. Pipes and scheduling are Kestrel's socket transport;
/// the accept loop is ours, because binding errors, running out of descriptors and unbinding at run time have to be told apart.
/// </summary>
public sealed partial class ConnectionLifetime : IDisposable
{
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(30);

    private readonly ConnectionTable _table;
    private readonly TlsOptionsSource? _tls;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SocketConnectionContextFactory _transport;

    /// <summary>Connections registered in a table, with TLS from a source of certificates (null: no TLS at all).</summary>
    public ConnectionLifetime(ConnectionTable table, TlsOptionsSource? tls, TimeProvider clock, ILogger<ConnectionLifetime> log)
    {
        _table = table;
        _tls = tls;
        _clock = clock;
        _log = log;
        _transport = new SocketConnectionContextFactory(
            new SocketConnectionFactoryOptions
            {
                // An idle connection waits for data without a buffer; a busy session that does not read is not sent more than this ahead.
                WaitForDataBeforeAllocatingBuffer = true,
                MaxReadBufferSize = 128 * 1024,
                MaxWriteBufferSize = 128 * 1024,
            },
            log);
    }

    /// <summary>Takes an accepted socket over and serves it to its end. Never throws.</summary>
    public async Task RunAsync(Socket socket, ProtocolListener protocol)
    {
        ConnectionContext context;
        ConnectionEnds ends;
        try
        {
            socket.NoDelay = true;
            ends = new ConnectionEnds(_table.NewId(), Plain(socket.RemoteEndPoint), Plain(socket.LocalEndPoint));
            context = _transport.Create(socket);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            socket.Dispose();
            return; // gone before it was looked at
        }

        await using (context)
        {
            await RunAsync(context.Transport, ends, protocol, reason => context.Abort(new ConnectionAbortedException(reason)));
        }
    }

    /// <summary>Gives the transport's buffers back; after the last connection.</summary>
    public void Dispose() => _transport.Dispose();

    /// <summary>As the socket form, over any duplex pipe.</summary>
    internal async Task RunAsync(IDuplexPipe transport, ConnectionEnds ends, ProtocolListener protocol, Action<string>? abortTransport = null)
    {
        await using var connection = new PipedConnection(transport, ends, _tls, _clock, abortTransport);
        using var scope = _log.BeginScope("{Listener} {Connection}", protocol.Name, ends.Id);
        var isProxy = _table.ExpectsProxyHeader(protocol.Name, ends.Remote.Address);
        var admission = _table.TryAdd(connection, isProxy);
        if (admission != Admission.Admitted)
        {
            LogTurnedAway(protocol.Name, ends.Id, ends.Remote, admission);
            SayBusy(connection, protocol);
            return;
        }

        var begun = _clock.GetTimestamp();
        LogOpened(protocol.Name, ends.Id, ends.Remote);
        var end = "served";
        try
        {
            if (isProxy && !await IsAdmittedAsync(connection, protocol))
            {
                end = "turned away";
                return;
            }

            connection.RefuseProxyHeader();
            if (protocol.ImplicitTls)
            {
                connection.SetDeadline(DeadlineKind.Handshake, HandshakeTime);
                await connection.StartTlsAsync(connection.Aborted);
                connection.ClearDeadline();
            }

            await protocol.Handler.ServeAsync(connection, connection.Aborted);
        }
        catch (ProxyHeaderException failure)
        {
            end = failure.Message;
            LogProxyHeader(protocol.Name, ends.Id, failure.Message);
        }
        catch (Exception failure) when (IsPeers(failure))
        {
            end = failure.Message;
        }
        catch (Exception failure)
        {
            end = "failed";
            LogFailed(failure, protocol.Name, ends.Id);
        }
        finally
        {
            // Last words have a deadline too, so the heartbeat must still know the connection while they go out.
            await connection.DisposeAsync();
            _table.Remove(connection);
            LogClosed(protocol.Name, ends.Id, end, _clock.GetElapsedTime(begun).TotalMilliseconds);
        }
    }

    /// <summary>Learns from a trusted proxy for whom it connects, and judges that client as if it had come by itself.</summary>
    private async Task<bool> IsAdmittedAsync(PipedConnection connection, ProtocolListener protocol)
    {
        if (await ProxyHeaderReader.ReadAsync(connection, connection.Aborted) is not ({ } source, { } destination))
        {
            return true; // the proxy itself
        }

        connection.Readdress(source, destination);
        var admission = _table.Recount(connection);
        LogProxied(protocol.Name, connection.Id, source);
        if (admission != Admission.Admitted)
        {
            LogTurnedAway(protocol.Name, connection.Id, source, admission);
            SayBusy(connection, protocol);
        }

        return admission == Admission.Admitted;
    }

    /// <summary>True for what a peer or the network causes: it never logs as an error (design rule 5).</summary>
    private static bool IsPeers(Exception failure) => failure is IOException or AuthenticationException or SocketException or OperationCanceledException;

    private static IPEndPoint Plain(EndPoint? end) =>
        end is IPEndPoint ip ? new IPEndPoint(AddressRanges.Plain(ip.Address), ip.Port) : new IPEndPoint(IPAddress.None, 0);

    private static void SayBusy(PipedConnection connection, ProtocolListener protocol)
    {
        if (!protocol.ImplicitTls && protocol.BusyLine.Length > 0)
        {
            // Into the socket's buffer only; disposal flushes. A connection over the limit is not worth waiting for.
            connection.Output.Write(Encoding.ASCII.GetBytes(protocol.BusyLine + "\r\n"));
        }
    }

    [LoggerMessage(1001, LogLevel.Debug, "{Listener} {Connection} opened from {Remote}")]
    private partial void LogOpened(string listener, string connection, IPEndPoint remote);

    [LoggerMessage(1002, LogLevel.Debug, "{Listener} {Connection} closed: {End} after {Milliseconds:F0} ms")]
    private partial void LogClosed(string listener, string connection, string end, double milliseconds);

    [LoggerMessage(1003, LogLevel.Information, "{Listener} {Connection} from {Remote} turned away: {Admission}")]
    private partial void LogTurnedAway(string listener, string connection, IPEndPoint remote, Admission admission);

    [LoggerMessage(1005, LogLevel.Debug, "{Listener} {Connection} is for {Remote}, says the proxy")]
    private partial void LogProxied(string listener, string connection, IPEndPoint remote);

    [LoggerMessage(1006, LogLevel.Warning, "{Listener} {Connection} closed: {Reason}")]
    private partial void LogProxyHeader(string listener, string connection, string reason);

    [LoggerMessage(1004, LogLevel.Error, "{Listener} {Connection} failed")]
    private partial void LogFailed(Exception failure, string listener, string connection);
}
