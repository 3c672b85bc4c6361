using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Text;

namespace MailPlus.Engine.Net.Proxy;

/// <summary>How far the reading of a header has come.</summary>
internal enum ProxyHeaderStatus
{
    /// <summary>More octets are needed.</summary>
    Incomplete,

    /// <summary>Read.</summary>
    Complete,

    /// <summary>No header, or one that breaks a rule of its form.</summary>
    Malformed,
}

/// <summary>What a header says of the connection it stands before (HAProxy's PROXY protocol, versions 1 and 2). Reading it is pure.</summary>
/// <param name="Source">The client, null where the proxy speaks for itself or names no address.</param>
/// <param name="Destination">What the client connected to.</param>
internal sealed record ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination)
{
    /// <summary>Octets a header of version 2 may have here, TLVs included; the protocol allows 65,551.</summary>
    public const int Longest = 4096;

    private const int LongestText = 107; // version 1: the longest line there can be, CRLF included
    private const int BinaryPrefix = 16;
    private const byte Checksum = 0x03; // PP2_TYPE_CRC32C
    private static readonly ProxyHeader Unknown = new(null, null);

    /// <summary>How a header of version 1 begins.</summary>
    public static ReadOnlySpan<byte> TextMark => "PROXY "u8;

    /// <summary>How a header of version 2 begins.</summary>
    public static ReadOnlySpan<byte> BinaryMark => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <summary>Whether the octets begin a header; Incomplete while that cannot be told.</summary>
    public static ProxyHeaderStatus Recognize(in ReadOnlySequence<byte> octets)
    {
        Span<byte> beginning = stackalloc byte[BinaryMark.Length];
        var length = (int)Math.Min(octets.Length, beginning.Length);
        octets.Slice(0, length).CopyTo(beginning);
        beginning = beginning[..length];
        return beginning.StartsWith(TextMark) || beginning.StartsWith(BinaryMark) ? ProxyHeaderStatus.Complete
            : TextMark.StartsWith(beginning) || BinaryMark.StartsWith(beginning) ? ProxyHeaderStatus.Incomplete
            : ProxyHeaderStatus.Malformed;
    }

    /// <summary>Reads a header from the beginning of what has come.</summary>
    /// <param name="octets">What has come so far.</param>
    /// <param name="header">The header when complete.</param>
    /// <param name="length">Its octets when complete.</param>
    public static ProxyHeaderStatus Read(in ReadOnlySequence<byte> octets, out ProxyHeader? header, out int length)
    {
        (header, length) = (null, 0);
        var recognized = Recognize(octets);
        if (recognized != ProxyHeaderStatus.Complete)
        {
            return recognized;
        }

        var span = octets.Slice(0, Math.Min(octets.Length, Longest)).ToArray().AsSpan();
        return span[0] == TextMark[0] ? ReadText(span, out header, out length) : ReadBinary(span, out header, out length);
    }

    private static ProxyHeaderStatus ReadText(ReadOnlySpan<byte> octets, out ProxyHeader? header, out int length)
    {
        (header, length) = (null, 0);
        var end = octets[..Math.Min(octets.Length, LongestText)].IndexOf("\r\n"u8);
        if (end < 0)
        {
            return octets.Length < LongestText ? ProxyHeaderStatus.Incomplete : ProxyHeaderStatus.Malformed;
        }

        var words = Encoding.Latin1.GetString(octets[TextMark.Length..end]).Split(' ');
        length = end + 2;
        if (words[0] == "UNKNOWN")
        {
            header = Unknown; // whatever follows on the line
            return ProxyHeaderStatus.Complete;
        }

        var family = words[0] switch { "TCP4" => AddressFamily.InterNetwork, "TCP6" => AddressFamily.InterNetworkV6, _ => AddressFamily.Unspecified };
        if (words.Length == 5 && family != AddressFamily.Unspecified
            && Address(words[1], family) is { } source && Address(words[2], family) is { } destination
            && Port(words[3]) is { } sourcePort && Port(words[4]) is { } destinationPort)
        {
            header = new ProxyHeader(new IPEndPoint(source, sourcePort), new IPEndPoint(destination, destinationPort));
            return ProxyHeaderStatus.Complete;
        }

        return ProxyHeaderStatus.Malformed;
    }

    private static IPAddress? Address(string text, AddressFamily family)
    {
        // IPAddress reads more than the protocol allows: short and octal forms, scopes, brackets.
        var allowed = family == AddressFamily.InterNetwork ? "0123456789." : "0123456789abcdefABCDEF:.";
        return text.All(c => allowed.Contains(c, StringComparison.Ordinal)) && IPAddress.TryParse(text, out var address) && address.AddressFamily == family
            && (family == AddressFamily.InterNetworkV6 || address.ToString() == text) ? address : null;
    }

    private static int? Port(string text) =>
        text.Length is > 0 and <= 5 && (text[0] != '0' || text.Length == 1) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort ? port : null;

    private static ProxyHeaderStatus ReadBinary(ReadOnlySpan<byte> octets, out ProxyHeader? header, out int length)
    {
        (header, length) = (null, 0);
        if (octets.Length < BinaryPrefix)
        {
            return ProxyHeaderStatus.Incomplete;
        }

        var (version, command) = (octets[12] >> 4, octets[12] & 15);
        var total = BinaryPrefix + BinaryPrimitives.ReadUInt16BigEndian(octets[14..]);
        if (version != 2 || command > 1 || total > Longest)
        {
            return ProxyHeaderStatus.Malformed;
        }

        if (octets.Length < total)
        {
            return ProxyHeaderStatus.Incomplete;
        }

        octets = octets[..total];
        length = total;
        if (command == 0)
        {
            header = Unknown; // LOCAL: the proxy itself, to see whether somebody is here
            return ProxyHeaderStatus.Complete;
        }

        var (addresses, read) = octets[13] switch
        {
            0x00 => (0, Unknown), // UNSPEC
            0x11 => (12, Ends(octets[BinaryPrefix..], 4)),
            0x21 => (36, Ends(octets[BinaryPrefix..], 16)),
            0x31 => (216, Unknown), // a UNIX stream has no address that says anything
            _ => (int.MaxValue, null),
        };
        if (read is null || addresses > total - BinaryPrefix || octets[13] != 0 && !AreSound(octets, BinaryPrefix + addresses))
        {
            return ProxyHeaderStatus.Malformed;
        }

        header = read;
        return ProxyHeaderStatus.Complete;
    }

    private static ProxyHeader? Ends(ReadOnlySpan<byte> block, int size) => block.Length < 2 * size + 4 ? null : new ProxyHeader(
        new IPEndPoint(new IPAddress(block[..size]), BinaryPrimitives.ReadUInt16BigEndian(block[(2 * size)..])),
        new IPEndPoint(new IPAddress(block[size..(2 * size)]), BinaryPrimitives.ReadUInt16BigEndian(block[(2 * size + 2)..])));

    /// <summary>Whether the TLVs fill what is left exactly, and the checksum, where there is one, is right.</summary>
    private static bool AreSound(ReadOnlySpan<byte> header, int start)
    {
        for (var at = start; at < header.Length;)
        {
            if (header.Length - at < 3)
            {
                return false;
            }

            var size = BinaryPrimitives.ReadUInt16BigEndian(header[(at + 1)..]);
            if (size > header.Length - at - 3 || header[at] == Checksum && (size != 4 || BinaryPrimitives.ReadUInt32BigEndian(header[(at + 3)..]) != Crc32C(header, at + 3)))
            {
                return false;
            }

            at += 3 + size;
        }

        return true;
    }

    /// <summary>CRC-32C of the header with its own four octets taken as zero.</summary>
    private static uint Crc32C(ReadOnlySpan<byte> header, int own)
    {
        var crc = uint.MaxValue;
        for (var i = 0; i < header.Length; i++)
        {
            crc = BitOperations.Crc32C(crc, i >= own && i < own + 4 ? (byte)0 : header[i]);
        }

        return ~crc;
    }
}
