using System.Net;
using System.Net.Sockets;
using System.Text;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery;

/// <summary>The trace field that acceptance puts before a message (RFC 5321 4.4).</summary>
internal static class ReceivedField
{
    private const int LongestHelo = 255;

    /// <summary>The field, CRLF included.</summary>
    public static byte[] Write(MessageSource source, Envelope envelope, EntryId entry, string hostname, Instant now)
    {
        var text = new StringBuilder(300).Append("Received: ");
        if (source.Client is { } client)
        {
            text.Append("from ");
            AppendHelo(text, source.Helo, client);
            text.Append(" (").Append(source.ClientName.Length > 0 ? $"{source.ClientName} " : "").Append(Literal(client)).Append(")\r\n\t");
        }

        if (source.Tls is { Length: > 0 } tls)
        {
            text.Append("(using ").Append(tls).Append(")\r\n\t");
        }

        text.Append("by ").Append(hostname.Length > 0 ? hostname : "localhost").Append(Protocol(source)).Append(" id ").Append(entry);
        if (envelope.Recipients is [var only])
        {
            // Named only when it is the only one: blind copies must not show.
            text.Append("\r\n\tfor <").Append(only.Address).Append('>');
        }

        if (envelope.Terms.Priority != 0)
        {
            text.Append("\r\n\tpriority ").Append(envelope.Terms.Priority); // RFC 6710
        }

        return Encoding.UTF8.GetBytes(text.Append(";\r\n\t").Append(HeaderRewrite.Rfc5322(now)).Append("\r\n").ToString());
    }

    private static string Protocol(MessageSource source) =>
        source.Protocol.Length > 0 ? $" with {source.Protocol}" : source.Origin == MessageOrigin.Webmail ? " with HTTP" : "";

    private static string Literal(IPAddress address)
    {
        var shown = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return shown.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{shown}]" : $"[{shown}]";
    }

    /// <summary>The peer's word, as far as it can stand in a header field.</summary>
    private static void AppendHelo(StringBuilder text, string helo, IPAddress client)
    {
        var start = text.Length;
        foreach (var c in helo.AsSpan(0, Math.Min(helo.Length, LongestHelo)))
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '[' or ']' or ':')
            {
                text.Append(c);
            }
        }

        if (text.Length == start)
        {
            text.Append(Literal(client));
        }
    }
}
