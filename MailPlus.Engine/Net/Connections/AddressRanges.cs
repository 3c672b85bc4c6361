using System.Net;
using System.Net.Sockets;

namespace MailPlus.Engine.Net.Connections;

/// <summary>What kind of network an address belongs to.</summary>
public static class AddressRanges
{
    private static readonly IPNetwork[] Private =
    [
        IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"), // RFC 1918
        IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("fe80::/10"), // link-local
        IPNetwork.Parse("fc00::/7"), // RFC 4193
    ];

    /// <summary>Loopback, RFC 1918, RFC 4193 and link-local addresses.</summary>
    public static bool IsPrivate(IPAddress address)
    {
        var plain = Plain(address);
        return IPAddress.IsLoopback(plain) || Array.Exists(Private, network => network.Contains(plain));
    }

    /// <summary>An IPv4 address where a dual-mode socket shows it mapped into IPv6.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Whether a list of addresses and networks, as the settings hold them, covers an address.</summary>
    public static bool IsListed(IPAddress address, IReadOnlyList<string> list)
    {
        var plain = Plain(address);
        return list.Any(entry => IPNetwork.TryParse(entry, out var network) ? network.Contains(plain) : IPAddress.TryParse(entry, out var single) && Plain(single).Equals(plain));
    }

    /// <summary>The address limits count by: itself for IPv4, its /64 for IPv6, because one host has a whole /64.</summary>
    public static IPAddress CountingKey(IPAddress address)
    {
        var plain = Plain(address);
        if (plain.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return plain;
        }

        Span<byte> octets = stackalloc byte[16];
        plain.TryWriteBytes(octets, out _);
        octets[8..].Clear();
        return new IPAddress(octets);
    }
}
