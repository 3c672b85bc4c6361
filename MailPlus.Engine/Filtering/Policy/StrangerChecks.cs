using System.Net;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Filtering.Policy;

/// <summary>What DNS and good form say of a client, its HELO name and its sender (DEL-091, DEL-092, DEL-101, DEL-112, DEL-113). Trouble with DNS is never held against anybody for good.</summary>
/// <param name="resolver">DNS.</param>
/// <param name="isOwn">Whether mail for a domain comes here in the end.</param>
public sealed class StrangerChecks(IDnsResolver resolver, Predicate<DomainName> isOwn)
{
    private const int MostNames = 10;

    /// <summary>The first objection, null when there is none.</summary>
    public async ValueTask<Refusal?> CheckAsync(IPAddress? client, string helo, EmailAddress? sender, SmtpPolicySettings policy, CancellationToken cancellationToken) =>
        client is not null && policy.RejectUnknownClients && await ClientAsync(AddressRanges.Plain(client), cancellationToken) is { } unknown ? unknown
        : await HeloAsync(helo, policy, cancellationToken) is { } wrongHelo ? wrongHelo
        : sender is not null ? await SenderAsync(sender, policy, cancellationToken) : null;

    private async ValueTask<Refusal?> ClientAsync(IPAddress client, CancellationToken cancellationToken)
    {
        var names = await resolver.QueryPtrAsync(client, cancellationToken);
        if (names.Status == DnsStatus.TemporaryFailure)
        {
            return Later("ClientNameUnknown", "4.7.25", names.Detail);
        }

        var uncertain = false;
        foreach (var name in names.Records.Take(MostNames))
        {
            var addresses = await resolver.QueryAddressesAsync(name, cancellationToken);
            if (addresses.Records.Any(address => AddressRanges.Plain(address).Equals(client)))
            {
                return null;
            }

            uncertain |= addresses.Status == DnsStatus.TemporaryFailure;
        }

        return uncertain ? Later("ClientNameUnknown", "4.7.25", "addresses of its names") : Reject("ClientNameUnknown", "5.7.25", $"{client}: {string.Join(", ", names.Records.Take(MostNames))}");
    }

    private async ValueTask<Refusal?> HeloAsync(string helo, SmtpPolicySettings policy, CancellationToken cancellationToken)
    {
        if (!policy.RejectIncompleteHelo && !policy.RejectUnknownHelo || IsLiteral(helo))
        {
            return null; // mail-rules 19: an address literal is a name
        }

        var isName = DomainName.TryParse(helo, out var name) && !IPAddress.TryParse(helo, out _);
        if (policy.RejectIncompleteHelo && !(isName && IsComplete(name!)))
        {
            return Reject("HeloIncomplete", "5.7.1", helo);
        }

        return policy.RejectUnknownHelo ? isName ? await KnownAsync(name!, "HeloUnknown", "7.1", cancellationToken) : Reject("HeloUnknown", "5.7.1", helo) : null;
    }

    private async ValueTask<Refusal?> SenderAsync(EmailAddress sender, SmtpPolicySettings policy, CancellationToken cancellationToken)
    {
        if (policy.RejectIncompleteSenders && !IsComplete(sender.Domain))
        {
            return Reject("SenderIncomplete", "5.1.8", sender.ToString());
        }

        return policy.RejectUnknownSenderDomains && !isOwn(sender.Domain) ? await KnownAsync(sender.Domain, "SenderDomainUnknown", "1.8", cancellationToken) : null;
    }

    /// <summary>Whether a name has an MX or an address. A null MX takes no mail, so that nothing can be answered to it (RFC 7505 4.2).</summary>
    private async ValueTask<Refusal?> KnownAsync(DomainName name, string key, string status, CancellationToken cancellationToken)
    {
        var exchangers = await resolver.QueryMxAsync(name, cancellationToken);
        if (exchangers.IsFound)
        {
            var real = exchangers.Records.Where(one => !one.IsNull).ToList();
            return real.Count == 0 && key == "SenderDomainUnknown" ? Reject("SenderTakesNoMail", "5.7.27", name.Ascii)
                : real.Count == 0 || real.Exists(one => DomainName.TryParse(one.Exchange, out _)) ? null
                : Reject(key, $"5.{status}", $"{name.Ascii}: malformed MX");
        }

        var addresses = await resolver.QueryAddressesAsync(name.Ascii, cancellationToken);
        return addresses.IsFound ? null
            : exchangers.Status == DnsStatus.TemporaryFailure || addresses.Status == DnsStatus.TemporaryFailure ? Later(key, $"4.{status}", name.Ascii)
            : Reject(key, $"5.{status}", name.Ascii);
    }

    private static bool IsLiteral(string helo) =>
        helo is ['[', .. var inside, ']'] && IPAddress.TryParse(inside.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase) ? inside[5..] : inside, out _);

    private static bool IsComplete(DomainName name) => name.Ascii.Contains('.', StringComparison.Ordinal);

    private static Refusal Reject(string key, string status, string detail) => new(RefusalKind.NotAllowed, key) { EnhancedStatus = status, Detail = detail };

    private static Refusal Later(string key, string status, string detail) => new(RefusalKind.NotAllowed, key) { EnhancedStatus = status, Temporary = true, Detail = detail };
}
