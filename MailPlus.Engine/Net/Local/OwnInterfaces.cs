using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using MailPlus.Engine.Net.Connections;

namespace MailPlus.Engine.Net.Local;

/// <summary>A network interface of this host, as far as local networks ask.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Networks">Its addresses with their prefixes.</param>
public sealed record OwnInterface(string Name, IReadOnlyList<(IPAddress Address, int PrefixLength)> Networks)
{
    /// <summary>Default gateways reached through it.</summary>
    public IReadOnlyList<IPAddress> Gateways { get; init; } = [];

    /// <summary>A bridge: what comes from its own address may be anybody, let in by address translation.</summary>
    public bool IsBridge { get; init; }

    /// <summary>A bridge or pair made for containers or virtual machines.</summary>
    public bool IsForContainers { get; init; }
}

/// <summary>The interfaces of this host.</summary>
public static class OwnInterfaces
{
    private static readonly string[] ContainerNames = ["docker", "br-", "virbr", "veth", "podman", "cni", "lxcbr", "lxdbr", "flannel", "cali", "vnet"];

    /// <summary>Those that are up.</summary>
    public static IReadOnlyList<OwnInterface> Read() => [.. NetworkInterface.GetAllNetworkInterfaces().Where(one => one.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown).Select(Read)];

    private static OwnInterface Read(NetworkInterface one)
    {
        var properties = one.GetIPProperties();
        return new OwnInterface(one.Name, [.. properties.UnicastAddresses.Select(own => (AddressRanges.Plain(own.Address), own.PrefixLength))])
        {
            Gateways = [.. properties.GatewayAddresses.Select(gateway => AddressRanges.Plain(gateway.Address)).Where(gateway => !gateway.Equals(IPAddress.Any) && !gateway.Equals(IPAddress.IPv6Any))],
            IsBridge = Directory.Exists($"/sys/class/net/{one.Name}/bridge"),
            IsForContainers = Array.Exists(ContainerNames, start => one.Name.StartsWith(start, StringComparison.OrdinalIgnoreCase)),
        };
    }

    /// <summary>The network an own address lies in.</summary>
    internal static IPNetwork NetworkOf(IPAddress address, int prefixLength)
    {
        var octets = address.GetAddressBytes();
        var length = address.AddressFamily == AddressFamily.InterNetwork ? Math.Clamp(prefixLength, 0, 32) : Math.Clamp(prefixLength, 0, 128);
        for (var bit = length; bit < octets.Length * 8; bit++)
        {
            octets[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(octets), length);
    }
}
