using System.Net;
using System.Net.NetworkInformation;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Net.Local;

/// <summary>Why an address is never local.</summary>
public enum NeverLocal
{
    /// <summary>A default gateway: clients from anywhere may look like it.</summary>
    Gateway,

    /// <summary>This host's address on a bridge: clients from anywhere may look like it.</summary>
    Bridge,
}

/// <summary>Local networks at a moment: what counts, and what never does.</summary>
/// <param name="Networks">Networks that count.</param>
/// <param name="Excluded">Addresses that do not, although they lie in one.</param>
public sealed record LocalNetworkView(IReadOnlyList<IPNetwork> Networks, IReadOnlyList<(IPAddress Address, NeverLocal Reason)> Excluded)
{
    /// <summary>Whether an address counts as local.</summary>
    public bool Contains(IPAddress address)
    {
        var plain = AddressRanges.Plain(address);
        return IPAddress.IsLoopback(plain) || Networks.Any(network => network.Contains(plain)) && Excluded.All(never => !never.Address.Equals(plain));
    }
}

/// <summary>
/// The one list of local networks (mail-rules 18): loopback, the private networks of own interfaces when the settings say so, and what the settings add. A public
/// network is never local, nor is a default gateway or a bridge's own address, because behind address translation every client looks like one.
/// </summary>
/// <param name="settings">What is added.</param>
/// <param name="clock">Interfaces are looked at anew once a minute.</param>
/// <param name="interfaces">Own interfaces; null asks the system.</param>
public sealed class LocalNetworks(ISettingsSource settings, TimeProvider clock, Func<IReadOnlyList<OwnInterface>>? interfaces = null)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly Func<IReadOnlyList<OwnInterface>> _interfaces = interfaces ?? OwnInterfaces.Read;
    private Kept? _kept;

    /// <summary>What counts now.</summary>
    public LocalNetworkView View
    {
        get
        {
            var network = settings.Current.Network;
            if (Volatile.Read(ref _kept) is { } kept && ReferenceEquals(kept.Settings, network) && clock.GetElapsedTime(kept.Made) < Fresh)
            {
                return kept.View;
            }

            var made = new Kept(network, Make(network, Own()), clock.GetTimestamp());
            Volatile.Write(ref _kept, made);
            return made.View;
        }
    }

    /// <summary>Whether an address counts as local.</summary>
    public bool Contains(IPAddress address) => View.Contains(address);

    private static LocalNetworkView Make(NetworkSettings settings, IReadOnlyList<OwnInterface> own)
    {
        var networks = new List<IPNetwork>();
        if (settings.DetectLocalNetworks)
        {
            networks.AddRange(
                from one in own
                where !one.IsForContainers
                from held in one.Networks
                where AddressRanges.IsPrivate(held.Address) && !IPAddress.IsLoopback(held.Address)
                select OwnInterfaces.NetworkOf(held.Address, held.PrefixLength));
        }

        foreach (var text in settings.LocalNetworks)
        {
            if (IPNetwork.TryParse(text, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(text, out var single))
            {
                networks.Add(OwnInterfaces.NetworkOf(AddressRanges.Plain(single), 128));
            }
        }

        var never = own.SelectMany(one => one.Gateways.Select(gateway => (gateway, NeverLocal.Gateway)))
            .Concat(own.Where(one => one.IsBridge || one.IsForContainers).SelectMany(one => one.Networks.Select(held => (held.Address, NeverLocal.Bridge))));
        return new LocalNetworkView([.. networks.Where(network => AddressRanges.IsPrivate(network.BaseAddress)).Distinct()], [.. never.Distinct()]);
    }

    private IReadOnlyList<OwnInterface> Own()
    {
        try
        {
            return _interfaces();
        }
        catch (NetworkInformationException)
        {
            return []; // nothing of this host can be told: only what the settings name counts
        }
    }

    private sealed record Kept(NetworkSettings Settings, LocalNetworkView View, long Made);
}
