using System.Net;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Smtp.Client;

namespace MailPlus.Engine.Delivery.Remote;

/// <summary>Servers to try for a domain, or why there are none.</summary>
/// <param name="Peers">In the order to try.</param>
/// <param name="Failure">Set when there is none to try.</param>
internal sealed record RemoteRoute(IReadOnlyList<SmtpPeer> Peers, SmtpOutcome? Failure)
{
    /// <summary>Servers that are left out or spoken to in spite of a fault in what the domain publishes about TLS.</summary>
    public IReadOnlyList<(string Host, HostTls Tls)> Faults { get; init; } = [];

    public static RemoteRoute Failed(SmtpOutcomeKind kind, string status, string reason) => new([], new SmtpOutcome(kind, status, reason));
}

/// <summary>Finds the servers of a domain: MX, the implicit MX, or the relay host (RFC 5321 5.1, RFC 7505, mail-rules 16).</summary>
internal sealed class RouteLookup(IDnsResolver resolver, TlsPolicy policy, ISettingsSource settings)
{
    private const int MostExchangers = 10;
    private const int MostPeers = 20;

    /// <summary>Looks up.</summary>
    /// <param name="domain">Domain in A-labels.</param>
    /// <param name="hop">The server chosen in place of what DNS says, null for none.</param>
    /// <param name="demand">What the message asks of the way.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<RemoteRoute> FindAsync(string domain, NextHop? hop, TlsDemand demand, CancellationToken cancellationToken) =>
        hop is not null ? RelayAsync(hop, demand, cancellationToken) : ByMxAsync(domain, demand, settings.Current.Delivery.RemotePort, cancellationToken);

    private async ValueTask<RemoteRoute> ByMxAsync(string domain, TlsDemand demand, int port, CancellationToken cancellationToken)
    {
        var answer = await resolver.QueryMxAsync(DomainName.Parse(domain), cancellationToken);
        var destination = new TlsDestination(domain, answer.IsSecure, demand);
        switch (answer.Status)
        {
            case DnsStatus.TemporaryFailure:
                return RemoteRoute.Failed(SmtpOutcomeKind.Transient, "4.4.3", $"DNS look-up of MX for {domain} failed: {answer.Detail}");
            case DnsStatus.NoSuchName:
                return RemoteRoute.Failed(SmtpOutcomeKind.Permanent, "5.1.2", $"domain {domain} does not exist");
            case DnsStatus.NoData:
                return await PeersAsync(destination, [domain], port, cancellationToken); // implicit MX
        }

        if (answer.Records.All(r => r.IsNull))
        {
            return RemoteRoute.Failed(SmtpOutcomeKind.Permanent, "5.1.10", $"556 5.1.10 domain {domain} does not accept mail (null MX)");
        }

        return await PeersAsync(destination, Order(answer.Records, settings.Current.Smtp.Hostname), port, cancellationToken);
    }

    /// <summary>Exchangers by preference, equal ones shuffled, without those from our own on.</summary>
    internal static IReadOnlyList<string> Order(IReadOnlyList<MailExchanger> records, string hostname)
    {
        var own = records.Where(r => IsSame(r.Exchange, hostname)).Select(r => r.Preference).DefaultIfEmpty(int.MaxValue).Min();
        return [.. records.Where(r => !r.IsNull && r.Preference < own).OrderBy(r => r.Preference).ThenBy(_ => Random.Shared.Next()).Select(r => r.Exchange).Distinct(StringComparer.OrdinalIgnoreCase).Take(MostExchangers)];
    }

    /// <summary>Address families take turns, so that the second attempt is a fallback to the other one whatever the first family lacks.</summary>
    internal static IReadOnlyList<IPAddress> Interleave(IReadOnlyList<IPAddress> addresses)
    {
        var families = addresses.GroupBy(a => a.AddressFamily).Select(family => family.ToList()).ToList();
        return families.Count < 2 ? addresses : [.. Enumerable.Range(0, families.Max(f => f.Count)).SelectMany(i => families.Where(f => i < f.Count).Select(f => f[i]))];
    }

    private async ValueTask<RemoteRoute> PeersAsync(TlsDestination destination, IReadOnlyList<string> hosts, int port, CancellationToken cancellationToken)
    {
        var domain = destination.Domain;
        if (hosts.Count == 0 || hosts is [var only] && IsSame(only, settings.Current.Smtp.Hostname))
        {
            return RemoteRoute.Failed(SmtpOutcomeKind.Permanent, "5.4.6", $"mail for {domain} loops back to this server");
        }

        var peers = new List<SmtpPeer>();
        var faults = new List<(string Host, HostTls Tls)>();
        string? temporary = null;
        foreach (var host in hosts)
        {
            var answer = await resolver.QueryAddressesAsync(host, cancellationToken);
            if (answer.Status == DnsStatus.TemporaryFailure)
            {
                temporary ??= $"DNS look-up of {host} failed: {answer.Detail}";
            }

            if (!answer.IsFound)
            {
                continue;
            }

            var tls = await policy.ForHostAsync(destination, host, answer, port, cancellationToken);
            if (tls.Fault != TlsFault.None || tls.Refusal is not null)
            {
                faults.Add((host, tls));
            }

            if (tls.Refusal is null)
            {
                peers.AddRange(Interleave(answer.Records).Select(address => new SmtpPeer(host, new IPEndPoint(address, port), tls.Tls) { Proof = tls.Proof }));
            }
        }

        if (peers.Count > 0)
        {
            return new RemoteRoute([.. peers.Take(MostPeers)], null) { Faults = faults };
        }

        if (faults.Select(fault => fault.Tls.Refusal).FirstOrDefault(reason => reason is not null) is { } refusal)
        {
            // Nobody vouches for the names: that will not change by waiting.
            var isFinal = destination.Demand == TlsDemand.Authenticated && faults.All(fault => fault.Tls.Proof.Policy == TlsPolicyKind.Configured);
            return RemoteRoute.Failed(isFinal ? SmtpOutcomeKind.Permanent : SmtpOutcomeKind.Transient, isFinal ? "5.7.30" : "4.7.5", refusal) with { Faults = faults };
        }

        return temporary is not null
            ? RemoteRoute.Failed(SmtpOutcomeKind.Transient, "4.4.3", temporary)
            : RemoteRoute.Failed(SmtpOutcomeKind.Permanent, "5.4.4", $"no server of {domain} has an address");
    }

    private async ValueTask<RemoteRoute> RelayAsync(NextHop hop, TlsDemand demand, CancellationToken cancellationToken)
    {
        var host = hop.Host.Trim('[', ']');
        IReadOnlyList<IPAddress> addresses;
        if (IPAddress.TryParse(host, out var literal))
        {
            addresses = [literal];
        }
        else
        {
            var answer = await resolver.QueryAddressesAsync(host, cancellationToken);
            if (!answer.IsFound)
            {
                // A wrong name in the settings is for the administrator to mend: mail waits meanwhile.
                return RemoteRoute.Failed(SmtpOutcomeKind.Transient, "4.4.3", $"relay host {host}: {(answer.Detail.Length > 0 ? answer.Detail : "has no address")}");
            }

            addresses = answer.Records;
        }

        var credential = hop.User.Length > 0 ? new SmtpCredential(hop.User, hop.Password) : null;
        var tls = hop.Security switch
        {
            RelaySecurity.ImplicitTls => SmtpClientTls.Implicit,
            RelaySecurity.None => SmtpClientTls.None,
            RelaySecurity.StartTlsRequired => SmtpClientTls.Required,
            _ => credential is null && demand != TlsDemand.Authenticated ? SmtpClientTls.Opportunistic : SmtpClientTls.Required,
        };
        if (demand == TlsDemand.Authenticated && tls == SmtpClientTls.None)
        {
            return RemoteRoute.Failed(SmtpOutcomeKind.Permanent, "5.7.30", $"the message may only go to a server that proves who it is, and relay host {host} is spoken to without TLS");
        }

        return new RemoteRoute(
            [.. addresses.Take(MostPeers).Select(a => new SmtpPeer(host, new IPEndPoint(a, hop.Port), tls) { Proof = hop.VerifyCertificate || demand == TlsDemand.Authenticated ? PeerProof.WebPki : PeerProof.None, Credential = credential, IsRelay = true })],
            null);
    }

    private static bool IsSame(string host, string hostname) => hostname.Length > 0 && host.TrimEnd('.').Equals(hostname, StringComparison.OrdinalIgnoreCase);
}
