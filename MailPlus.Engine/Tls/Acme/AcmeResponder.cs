using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailPlus.Engine.Tls.Acme;

/// <summary>
/// Answers HTTP-01 on the port where authorities look (80), only while an order is in hand. Where a proxy or the web's own listener has that port, it is left to them:
/// the web answers the same.
/// </summary>
internal sealed class AcmeResponder : IAsyncDisposable
{
    private const int MostClients = 32;
    private const int LargestRequest = 8 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly AcmeChallenges _challenges;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _places = new(MostClients);
    private readonly Task _accepting;

    private AcmeResponder(AcmeChallenges challenges, Socket socket)
    {
        (_challenges, _socket) = (challenges, socket);
        _accepting = AcceptAsync(_end.Token);
    }

    /// <summary>Listens on a port of every address; null, with why, when it cannot be had.</summary>
    public static AcmeResponder? TryOpen(int port, AcmeChallenges challenges, out string reason)
    {
        var socket = new Socket(Socket.OSSupportsIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (Socket.OSSupportsIPv6)
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port));
            socket.Listen();
            reason = "";
            return new AcmeResponder(challenges, socket);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            reason = failure.Message;
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _socket.Dispose();
        await _accepting;
        for (var left = 0; left < MostClients; left++)
        {
            await _places.WaitAsync(CancellationToken.None); // each client has a deadline
        }

        _places.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _places.WaitAsync(cancellationToken);
                Socket client;
                try
                {
                    client = await _socket.AcceptAsync(cancellationToken);
                }
                catch (Exception)
                {
                    _places.Release();
                    throw;
                }

                _ = ServeAsync(client);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // the order is over, or the port is gone: then the authority says what it could not reach
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            patience.CancelAfter(Patience);
            await using var stream = new NetworkStream(client, ownsSocket: true);
            var answer = Find(await ReadAsync(stream, patience.Token));
            var head = answer is null ? "HTTP/1.1 404 Not Found\r\n" : "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{head}Content-Length: {answer?.Length ?? 0}\r\nConnection: close\r\n\r\n{answer}"), patience.Token);
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or SocketException)
        {
            // the client left or was too slow
        }
        finally
        {
            _places.Release();
        }
    }

    private static async Task<string> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var octets = new byte[LargestRequest];
        for (var length = 0; length < octets.Length;)
        {
            var count = await stream.ReadAsync(octets.AsMemory(length), cancellationToken);
            length += count;
            if (count == 0 || octets.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
            {
                return Encoding.Latin1.GetString(octets, 0, length);
            }
        }

        return "";
    }

    private string? Find(string request)
    {
        var words = request.Split("\r\n", 2)[0].Split(' ');
        return words is ["GET", var path, ['H', 'T', 'T', 'P', '/', ..]] && path.StartsWith(AcmeChallenges.Path + "/", StringComparison.Ordinal) ? _challenges.Find(path[(AcmeChallenges.Path.Length + 1)..]) : null;
    }
}
