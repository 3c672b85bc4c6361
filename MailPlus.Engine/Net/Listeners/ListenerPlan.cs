using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Net.Listeners;

/// <summary>Where one listener should listen.</summary>
/// <param name="Protocol">Which.</param>
/// <param name="EndPoints">Wanted end points; empty is off.</param>
/// <param name="Overridden">By the command line.</param>
internal sealed record PlannedListener(ProtocolListener Protocol, IReadOnlyList<IPEndPoint> EndPoints, bool Overridden)
{
    /// <summary>What is wrong with the settings themselves, null when nothing is.</summary>
    public Refusal? Fault { get; init; }
}

/// <summary>Settings and command line to wanted end points; pure.</summary>
internal static class ListenerPlan
{
    public static IReadOnlyList<PlannedListener> Make(IReadOnlyList<ProtocolListener> protocols, ServiceSettings settings, RunOptions options)
    {
        var taken = new HashSet<int>();
        var plan = new List<PlannedListener>(protocols.Count);
        foreach (var protocol in protocols)
        {
            if (options.Listeners.TryGetValue(protocol.Name, out var fixedEnd))
            {
                plan.Add(new PlannedListener(protocol, fixedEnd is null ? [] : [fixedEnd], Overridden: true));
                continue;
            }

            var setting = protocol.Setting(settings);
            if (!setting.Enabled)
            {
                plan.Add(new PlannedListener(protocol, [], Overridden: false));
            }
            else if (setting.Port is < 1 or > IPEndPoint.MaxPort)
            {
                plan.Add(new PlannedListener(protocol, [], Overridden: false) { Fault = Fault("PortInvalid", setting.Port.ToString(CultureInfo.InvariantCulture)) });
            }
            else if (!taken.Add(setting.Port))
            {
                // PRO-050: no port used twice; the first one named keeps it.
                plan.Add(new PlannedListener(protocol, [], Overridden: false) { Fault = Fault("PortUsedTwice", setting.Port.ToString(CultureInfo.InvariantCulture)) });
            }
            else
            {
                plan.Add(Planned(protocol, AddressesOf(protocol.Name, settings), setting.Port));
            }
        }

        return plan;
    }

    public static Refusal Fault(string key, string argument, string? detail = null) =>
        new(RefusalKind.Unavailable, key) { Arguments = [argument], Temporary = true, Detail = detail };

    private static IReadOnlyList<string> AddressesOf(string protocol, ServiceSettings settings)
    {
        var own = protocol switch
        {
            "smtp" or "smtps" or "submission" => settings.SmtpAddresses,
            "imap" or "imaps" => settings.ImapAddresses,
            "pop3" or "pop3s" => settings.Pop3Addresses,
            _ => [],
        };
        return own.Count > 0 ? own : settings.ListenAddresses;
    }

    private static PlannedListener Planned(ProtocolListener protocol, IReadOnlyList<string> addresses, int port)
    {
        if (addresses.Count == 0)
        {
            return new PlannedListener(protocol, [new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port)], Overridden: false);
        }

        var ends = new List<IPEndPoint>();
        Refusal? fault = null;
        foreach (var text in addresses)
        {
            if (IPAddress.TryParse(text, out var address))
            {
                ends.Add(new IPEndPoint(address, port));
            }
            else
            {
                fault = Fault("AddressInvalid", text);
            }
        }

        return new PlannedListener(protocol, ends, Overridden: false) { Fault = fault };
    }
}
