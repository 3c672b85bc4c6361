using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Net.Listeners;

/// <summary>A listening socket and the loop that accepts from it.</summary>
internal sealed class BoundSocket : IAsyncDisposable
{
    private const int WellKnownPorts = 1024;
    private const int FallbackOffset = 10000;
    private const int Backlog = 1024;

    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    private BoundSocket(Socket socket, IPEndPoint wanted, bool fellBack)
    {
        _socket = socket;
        Wanted = wanted;
        FellBack = fellBack;
        Bound = (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>What was asked for.</summary>
    public IPEndPoint Wanted { get; }

    /// <summary>Where it listens: the real port when 0 was asked for.</summary>
    public IPEndPoint Bound { get; }

    /// <summary>The port is the wanted one + 10000.</summary>
    public bool FellBack { get; }

    /// <summary>Binds and listens, or says why not. The accept loop starts with <see cref="StartAccepting"/>.</summary>
    public static BoundSocket? TryBind(IPEndPoint wanted, bool mayFallBack, out Refusal? fault)
    {
        var bound = TryListen(wanted, out var error);
        var fellBack = false;
        if (bound is null && error == SocketError.AccessDenied && mayFallBack && wanted.Port is > 0 and < WellKnownPorts)
        {
            bound = TryListen(new IPEndPoint(wanted.Address, wanted.Port + FallbackOffset), out error);
            fellBack = bound is not null;
        }

        fault = bound is null ? ListenerPlan.Fault(FaultKey(error), wanted.ToString(), error.ToString()) : null;
        return bound is null ? null : new BoundSocket(bound, wanted, fellBack);
    }

    /// <summary>True when both cannot be bound at once: same port and one covers the other's address.</summary>
    public bool Overlaps(IPEndPoint other) =>
        other.Port != 0 && Wanted.Port == other.Port && (Wanted.Address.Equals(other.Address) || IsAny(Wanted.Address) || IsAny(other.Address));

    /// <summary>Begins to accept.</summary>
    /// <param name="accepted">Takes the socket over; returns at once.</param>
    /// <param name="failed">Told of a failing accept (descriptors used up…).</param>
    public void StartAccepting(Action<Socket> accepted, Action<SocketException> failed) => _loop = AcceptAsync(accepted, failed);

    /// <summary>Stops listening; connections already accepted live on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _loop;
        _stop.Dispose();
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static string FaultKey(SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => "PortInUse",
        SocketError.AccessDenied => "PortForbidden",
        SocketError.AddressNotAvailable => "AddressMissing",
        _ => "PortUnavailable",
    };

    private static Socket? TryListen(IPEndPoint end, out SocketError error)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (end.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(end);
            socket.Listen(Backlog);
            error = SocketError.Success;
            return socket;
        }
        catch (SocketException failure)
        {
            socket?.Dispose();
            error = failure.SocketErrorCode;
            return null;
        }
    }

    private async Task AcceptAsync(Action<Socket> accepted, Action<SocketException> failed)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                accepted(await _socket.AcceptAsync(_stop.Token));
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException failure) when (!_stop.IsCancellationRequested)
            {
                failed(failure);
                if (failure.SocketErrorCode is not (SocketError.ConnectionReset or SocketError.ConnectionAborted))
                {
                    // Descriptors or memory used up: accepting again at once would only spin.
                    await Task.Delay(100, CancellationToken.None);
                }
            }
            catch (SocketException)
            {
                return;
            }
        }
    }
}
