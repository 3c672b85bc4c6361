using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MailPlus.Tests.Support;

/// <summary>
/// Ports for servers that must be told theirs. They lie below those the system hands out by itself, so that between the choice and the use, or while a server is
/// away, no connection and no listener of another test can come upon them.
/// </summary>
public static class FreePort
{
    private const int Span = 10_000;
    private static readonly int First = FirstOfTheSystem() - Span;
    private static int Latest = Random.Shared.Next(Span);

    /// <summary>A port that nobody has, TCP or UDP; another one each time.</summary>
    public static int Next()
    {
        for (var tries = 0; tries < Span; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref Latest) % Span);
            if (IsFree(port, SocketType.Stream, ProtocolType.Tcp) && IsFree(port, SocketType.Dgram, ProtocolType.Udp))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"no port is free between {First} and {First + Span}");
    }

    private static bool IsFree(int port, SocketType type, ProtocolType protocol)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, type, protocol);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The first of the ports the system gives to those who ask for any; IANA's where it does not say.</summary>
    private static int FirstOfTheSystem()
    {
        const string Range = "/proc/sys/net/ipv4/ip_local_port_range";
        var first = File.Exists(Range) ? int.Parse(File.ReadAllText(Range).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture) : 49_152;
        return Math.Max(first, Span + 1024);
    }
}
