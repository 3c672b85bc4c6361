using System.Net;
using MailPlus.Engine.Net.Connections;

namespace MailPlus.Engine.Net.Proxy;

/// <summary>A PROXY header was missing or malformed, or came from somebody who may send none; the connection ends without a word.</summary>
public sealed class ProxyHeaderException(string message) : IOException(message);

/// <summary>Reads the PROXY header of a trusted proxy before anything else happens on a connection, TLS included, and gives the connection its real ends.</summary>
internal static class ProxyHeaderReader
{
    /// <summary>A proxy sends the header with its first segment; the protocol asks receivers to wait at least three seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Reads it.</summary>
    /// <returns>Who the client is and what it connected to; null when the proxy names nobody.</returns>
    /// <exception cref="ProxyHeaderException">There is none or it is malformed.</exception>
    public static async Task<(IPEndPoint Source, IPEndPoint Destination)?> ReadAsync(NetConnection connection, CancellationToken cancellationToken)
    {
        connection.SetDeadline(DeadlineKind.ProxyHeader, Patience);
        while (true)
        {
            var result = await connection.Input.ReadAsync(cancellationToken);
            var status = ProxyHeader.Read(result.Buffer, out var header, out var length);
            if (status == ProxyHeaderStatus.Complete)
            {
                connection.Input.AdvanceTo(result.Buffer.GetPosition(length));
                connection.ClearDeadline();
                return header is { Source: { } source, Destination: { } destination } ? (Plain(source), Plain(destination)) : null;
            }

            connection.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (status == ProxyHeaderStatus.Malformed || result.IsCompleted)
            {
                throw new ProxyHeaderException($"no PROXY header from the proxy {connection.Remote}");
            }
        }
    }

    private static IPEndPoint Plain(IPEndPoint end) => new(AddressRanges.Plain(end.Address), end.Port);
}
