using System.Net;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>What is wrong with lists of rules and with local networks; a refusal names the rule it is about.</summary>
internal static class RuleChecks
{
    private static readonly IPNetwork[] NeverPublic =
    [
        IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"), // RFC 1918
        IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("fc00::/7"), // RFC 4193
    ];

    internal static IEnumerable<Refusal> Check(SettingsSnapshot snapshot) =>
        Named("Access.BlackList", snapshot.Access.BlackList, rule => Fault(rule, isWhite: false))
            .Concat(Named("Access.WhiteList", snapshot.Access.WhiteList, rule => Fault(rule, isWhite: true)))
            .Concat(Named("RelayControl.TrustedList", snapshot.RelayControl.TrustedList, host => IsNarrow(host.Network) ? null : IsNetwork(host.Network) ? "NetworkTooWide" : "AddressMalformed"))
            .Concat(Named("RelayControl.InboundDomains", snapshot.RelayControl.InboundDomains, domain => Fault(domain, snapshot)))
            .Concat(Twice("RelayControl.InboundDomains", snapshot.RelayControl.InboundDomains, domain => DomainName.TryParse(domain.Domain, out var name) ? name.Ascii : domain.Domain))
            .Concat(Named("Delivery.RelayRules", snapshot.Delivery.RelayRules, Fault))
            .Concat(Local(snapshot.Network))
            .Concat(Texts(snapshot));

    private static IEnumerable<Refusal> Named<T>(string field, IReadOnlyList<T> rules, Func<T, string?> fault)
        where T : INamedRule =>
        rules.Select(rule => fault(rule) is { } key ? Invalid(field, key, rule.Name) : null).OfType<Refusal>().Concat(Twice(field, rules, rule => rule.Name));

    private static IEnumerable<Refusal> Twice<T>(string field, IReadOnlyList<T> rules, Func<T, string> by)
        where T : INamedRule =>
        rules.GroupBy(by, StringComparer.OrdinalIgnoreCase).Where(same => same.Count() > 1).Select(same => Invalid(field, "RuleTwice", same.Key));

    private static string? Fault(AccessRule rule, bool isWhite) => rule.Kind switch
    {
        AccessKind.Sender or AccessKind.Recipient => IsPattern(rule.Match) ? null : "AddressPatternMalformed",
        AccessKind.Ip => IPAddress.TryParse(rule.Match, out _) ? null : "AddressMalformed",
        AccessKind.Subnet => IsNetwork(rule.Match) ? null : "AddressMalformed",
        AccessKind.Domain => !isWhite ? "DomainRuleIsWhite" : DomainName.TryParse(rule.Match, out _) ? null : "DomainMalformed",
        _ => "SettingMalformed",
    };

    // A pattern with an @ has something on both sides of it; nothing of it is white space.
    private static bool IsPattern(string text) =>
        text.Length is > 0 and <= 320 && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)) && (text.Contains('*') || EmailAddress.TryParse(text, out _));

    private static string? Fault(RelayDomain domain, SettingsSnapshot snapshot) =>
        !DomainName.TryParse(domain.Domain, out _) ? "DomainMalformed"
        : HostFault(domain.Host, domain.Port) is { } wrong ? wrong
        : domain.Host.Trim('[', ']').TrimEnd('.').Equals(snapshot.Smtp.Hostname, StringComparison.OrdinalIgnoreCase) ? "RelayIsThisServer"
        : domain.Recipients.All(text => EmailAddress.TryParse(text, out var address) && DomainName.TryParse(domain.Domain, out var name) && address.Domain == name) ? null : "RelayRecipientMalformed";

    private static string? Fault(RelayRule rule) =>
        HostFault(rule.Host, rule.Port) is { } wrong ? wrong
        : rule.Targets.Count == 0 || rule.Targets.Any(text => !IsTarget(text)) ? "RelayTargetMalformed"
        : rule.User.Length > 255 || rule.Password.Length > 1000 || rule.User.Any(char.IsControl) ? "SettingMalformed"
        : rule.Password.Length > 0 && (rule.Security == RelaySecurity.None || !rule.VerifyCertificate) ? "RelayPasswordNeedsTls" // mail-rules 20
        : null;

    private static string? HostFault(string host, int port) =>
        !DomainName.TryParse(host, out _) && !IPAddress.TryParse(host.Trim('[', ']'), out _) ? "HostnameMalformed" : port is < 1 or > 65535 ? "PortInvalid" : null;

    private static bool IsTarget(string text) => text.Contains('@') ? EmailAddress.TryParse(text, out _) : DomainName.TryParse(text, out _);

    private static bool IsNetwork(string text) => IPNetwork.TryParse(text, out _) || IPAddress.TryParse(text, out _);

    // A trusted network without bounds would be an open relay (mail-rules 17): no wider than what one owner has.
    private static bool IsNarrow(string text) =>
        IPNetwork.TryParse(text, out var network) ? network.PrefixLength >= (network.BaseAddress.GetAddressBytes().Length == 4 ? 8 : 32) : IPAddress.TryParse(text, out _);

    private static IEnumerable<Refusal> Local(NetworkSettings settings)
    {
        foreach (var text in settings.LocalNetworks)
        {
            if (!IsNetwork(text))
            {
                yield return Invalid("Network.LocalNetworks", "AddressMalformed", text);
            }
            else if (!IsPrivate(text))
            {
                yield return Invalid("Network.LocalNetworks", "LocalNetworkPublic", text);
            }
        }
    }

    private static bool IsPrivate(string text) => IPNetwork.TryParse(text, out var network)
        ? Array.Exists(NeverPublic, outer => outer.Contains(network.BaseAddress) && outer.PrefixLength <= network.PrefixLength)
        : IPAddress.TryParse(text, out var address) && Array.Exists(NeverPublic, outer => outer.Contains(address));

    private static IEnumerable<Refusal> Texts(SettingsSnapshot snapshot)
    {
        if (snapshot.Smtp.Banner.Any(c => c is < ' ' or > '~'))
        {
            yield return Invalid("Smtp.Banner", "BannerMalformed", "");
        }

        var postmasters = snapshot.Delivery.ExternalPostmasters;
        if (postmasters.Count > 20 || postmasters.Any(text => !EmailAddress.TryParse(text, out _)))
        {
            yield return Invalid("Delivery.ExternalPostmasters", "EmailMalformed", "");
        }

        if (snapshot.Delivery.ExternalPostmasterEnabled && postmasters.Count == 0)
        {
            yield return Invalid("Delivery.ExternalPostmasters", "ExternalPostmasterMissing", "");
        }
    }

    private static Refusal Invalid(string field, string key, string rule) => new(RefusalKind.Invalid, key) { Field = field, Arguments = [rule] };
}
