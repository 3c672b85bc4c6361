using System.Globalization;
using System.Net;
using MailPlus.Engine.Delivery.Remote.Sts;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Smtp.Client;

namespace MailPlus.Engine.Delivery.Remote;

/// <summary>What a message asks of the way to the next server, beyond what the destination asks.</summary>
internal enum TlsDemand
{
    /// <summary>Nothing: the destination's policy decides.</summary>
    ByPolicy,

    /// <summary>Only to a server that has proven who it is, reached by names that are proven too (RFC 8689 4.2.1).</summary>
    Authenticated,

    /// <summary>Delivery is worth more than protection: policies do not count (RFC 8689 5).</summary>
    Waived,
}

/// <summary>How TLS is used towards one server.</summary>
/// <param name="Tls">Whether it is started.</param>
/// <param name="Proof">What the server has to prove.</param>
internal sealed record HostTls(SmtpClientTls Tls, PeerProof Proof)
{
    /// <summary>TLS when offered, whatever the certificate.</summary>
    public static HostTls Opportunistic { get; } = new(SmtpClientTls.Opportunistic, PeerProof.None);

    /// <summary>Why the server must not be used now, null when it may.</summary>
    public string? Refusal { get; init; }

    /// <summary>What is wrong with the policy already before a connection.</summary>
    public TlsFault Fault { get; init; }

    /// <summary>Of the fault, for people.</summary>
    public string Reason { get; init; } = "";

    public static HostTls Refused(TlsPolicyKind policy, TlsFault fault, string reason) =>
        new(SmtpClientTls.Required, new PeerProof(policy, PeerAuthority.None)) { Refusal = reason, Fault = fault, Reason = reason };
}

/// <summary>What is known of a destination while its servers are looked at.</summary>
/// <param name="Domain">Recipient domain in A-labels.</param>
/// <param name="MxIsSecure">The MX records, or that there are none, are signed.</param>
/// <param name="Demand">What the message asks.</param>
internal sealed record TlsDestination(string Domain, bool MxIsSecure, TlsDemand Demand)
{
    /// <summary>What MTA-STS says of the domain, once it was asked; not before a server without DANE needs it.</summary>
    public StsFinding? Sts { get; set; }
}

/// <summary>
/// Decides for a destination and each of its servers how TLS is used and what the server has to prove. The order: DANE where the recipient domain publishes
/// it in signed DNS (RFC 7672), else MTA-STS where it has a policy (RFC 8461 2: it never overrides a failure of DANE), else TLS when both sides can (RFC 7435).
/// </summary>
internal sealed class TlsPolicy(IDnsResolver resolver, StsPolicies? policies = null)
{
    /// <summary>Decides about one server.</summary>
    /// <param name="destination">Where the message goes.</param>
    /// <param name="host">Name of the server as MX says.</param>
    /// <param name="addresses">The answer its addresses came with.</param>
    /// <param name="port">Port it is spoken to at.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async ValueTask<HostTls> ForHostAsync(TlsDestination destination, string host, DnsAnswer<IPAddress> addresses, int port, CancellationToken cancellationToken)
    {
        if (destination.Demand == TlsDemand.Waived)
        {
            return HostTls.Opportunistic;
        }

        var decided = await ByDaneAsync(destination, host, addresses, port, cancellationToken) ?? await ByStsAsync(destination, host, cancellationToken);
        return destination.Demand == TlsDemand.Authenticated && decided.Refusal is null ? Authenticated(destination, host, decided) : decided;
    }

    /// <summary>The message wants proof: the policy's own where it enforces any, else a certificate for a name that signed DNS gave.</summary>
    private static HostTls Authenticated(TlsDestination destination, string host, HostTls decided)
    {
        if (decided.Proof is { IsEnforced: true, Authority: not PeerAuthority.None })
        {
            return decided;
        }

        return destination.MxIsSecure
            ? new HostTls(SmtpClientTls.Required, PeerProof.WebPki)
            : HostTls.Refused(TlsPolicyKind.Configured, TlsFault.None, $"the message may only go to a server that proves who it is, and nothing vouches for the name {host}");
    }

    private async ValueTask<HostTls> ByStsAsync(TlsDestination destination, string host, CancellationToken cancellationToken)
    {
        if (policies is null)
        {
            return HostTls.Opportunistic;
        }

        var first = destination.Sts is null;
        var finding = destination.Sts ??= await policies.FindAsync(destination.Domain, cancellationToken);
        var decided = finding.Policy is null ? HostTls.Opportunistic : ByPolicy(finding.Policy, destination, host);
        return first && decided.Fault == TlsFault.None ? decided with { Fault = finding.Fault, Reason = finding.Reason } : decided; // told once, not with each server
    }

    /// <summary>RFC 8461 4 and 5.</summary>
    private static HostTls ByPolicy(StsPolicy policy, TlsDestination destination, string host)
    {
        var named = policy.Names(host);
        var reason = named ? "" : $"{host} is not among the servers that the MTA-STS policy of {destination.Domain} names";
        return policy.Mode switch
        {
            StsMode.Enforce when named => new HostTls(SmtpClientTls.Required, new PeerProof(TlsPolicyKind.MtaSts, PeerAuthority.WebPki)),
            StsMode.Enforce => HostTls.Refused(TlsPolicyKind.MtaSts, TlsFault.ValidationFailure, reason),
            StsMode.Testing => new HostTls(SmtpClientTls.Opportunistic, new PeerProof(TlsPolicyKind.MtaSts, PeerAuthority.WebPki) { IsEnforced = false })
            {
                Fault = named ? TlsFault.None : TlsFault.ValidationFailure,
                Reason = reason,
            },
            _ => HostTls.Opportunistic,
        };
    }

    /// <summary>Null when DANE does not apply to the server.</summary>
    private async ValueTask<HostTls?> ByDaneAsync(TlsDestination destination, string host, DnsAnswer<IPAddress> addresses, int port, CancellationToken cancellationToken)
    {
        if (!destination.MxIsSecure)
        {
            return null; // RFC 7672 2.2.1: who can change the MX can point it at a server of his own
        }

        var alias = !addresses.IsSecure && addresses.CanonicalName.Length > 0 ? await resolver.QueryAliasAsync(host, cancellationToken) : null;
        if (alias?.Status == DnsStatus.TemporaryFailure)
        {
            return HostTls.Refused(TlsPolicyKind.Dane, TlsFault.DnssecInvalid, $"DNS look-up of CNAME {host} failed: {alias.Detail}");
        }

        foreach (var name in BaseDomains(host, addresses, alias))
        {
            var owner = string.Create(CultureInfo.InvariantCulture, $"_{port}._tcp.{name}");
            var answer = await resolver.QueryTlsaAsync(owner, cancellationToken);
            if (answer.Status == DnsStatus.TemporaryFailure)
            {
                // RFC 7672 2.1.2: an attacker who suppresses the records must not get the mail (mail-rules 36).
                return HostTls.Refused(TlsPolicyKind.Dane, TlsFault.DnssecInvalid, $"DNS look-up of TLSA {owner} failed: {answer.Detail}");
            }

            if (answer is { IsFound: true, IsSecure: true })
            {
                return ByRecords(destination, name, answer.Records);
            }
        }

        return null;
    }

    private static HostTls ByRecords(TlsDestination destination, string name, IReadOnlyList<TlsaRecord> published)
    {
        var usable = DaneMatch.Usable(published);
        if (usable.Count == 0)
        {
            // RFC 7672 2.2: records that say nothing we understand still say that there is TLS.
            return new HostTls(SmtpClientTls.Required, new PeerProof(TlsPolicyKind.Dane, PeerAuthority.None) { ServerName = name }) { Fault = TlsFault.TlsaInvalid, Reason = $"no TLSA record of {name} is of any use" };
        }

        return new HostTls(SmtpClientTls.Required, new PeerProof(TlsPolicyKind.Dane, PeerAuthority.Dane)
        {
            ServerName = name,
            Records = usable,
            Names = name.Equals(destination.Domain, StringComparison.OrdinalIgnoreCase) ? [name] : [name, destination.Domain], // RFC 7672 3.2.2
        });
    }

    /// <summary>Names TLSA records are looked for at, in order (RFC 7672 2.2.2, 2.2.3): where a signed alias leads, then the host itself as far as it is signed.</summary>
    private static IReadOnlyList<string> BaseDomains(string host, DnsAnswer<IPAddress> addresses, DnsAnswer<string>? alias)
    {
        if (!addresses.IsSecure)
        {
            return alias?.IsSecure == true ? [host] : []; // the zone it points into may be unsigned while the alias itself is signed
        }

        return addresses.CanonicalName.Length > 0 && !addresses.CanonicalName.Equals(host, StringComparison.OrdinalIgnoreCase) ? [addresses.CanonicalName, host] : [host];
    }
}
