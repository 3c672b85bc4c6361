using System.Globalization;
using MailPlus.Engine.Filtering.Policy;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Delivery.Routing;

/// <summary>A server that an administrator chose for mail, in place of what DNS says.</summary>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">Port.</param>
/// <param name="Security">TLS towards it.</param>
internal sealed record NextHop(string Host, int Port, RelaySecurity Security)
{
    /// <summary>Its certificate must verify.</summary>
    public bool VerifyCertificate { get; init; }

    /// <summary>User name there; empty for none.</summary>
    public string User { get; init; } = "";

    /// <summary>Password there.</summary>
    public string Password { get; init; } = "";

    /// <summary>It has the mailboxes of an inbound relay domain: mail must not come back from it.</summary>
    public bool IsFinal { get; init; }

    /// <summary>What mail through it has in common, so that it may share connections.</summary>
    public string Destination => string.Create(CultureInfo.InvariantCulture, $"relay {Host}:{Port} {Security} {User} {VerifyCertificate}");

    /// <summary>The server chosen for one recipient of a message: inbound relay domain, else rule by recipient, else rule by sender, else the relay host of all mail (DEL-143); null follows DNS.</summary>
    public static NextHop? For(SettingsSnapshot settings, EmailAddress? sender, EmailAddress recipient)
    {
        if (SmtpPolicies.RelayDomainOf(settings, recipient.Domain) is { } domain)
        {
            return new NextHop(domain.Host, domain.Port, domain.Security) { IsFinal = true };
        }

        var delivery = settings.Delivery;
        var rule = Find(delivery.RelayRules, RelayBy.Recipient, recipient) ?? (sender is null ? null : Find(delivery.RelayRules, RelayBy.Sender, sender));
        if (rule is not null)
        {
            return new NextHop(rule.Host, rule.Port, rule.Security) { VerifyCertificate = rule.VerifyCertificate, User = rule.User, Password = rule.Password };
        }

        return delivery.RelayHost.Length == 0 ? null : new NextHop(delivery.RelayHost, delivery.RelayPort, delivery.RelaySecurity)
        {
            VerifyCertificate = delivery.RelayVerifyCertificate, User = delivery.RelayUser, Password = delivery.RelayPassword,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Destination; // never the password

    /// <summary>The first rule that names the address itself, else the first that names its domain.</summary>
    private static RelayRule? Find(IReadOnlyList<RelayRule> rules, RelayBy by, EmailAddress address)
    {
        var fitting = rules.Where(rule => rule.By == by).ToList();
        return fitting.Find(rule => rule.Targets.Any(target => EmailAddress.TryParse(target, out var named) && named == address))
            ?? fitting.Find(rule => rule.Targets.Any(target => !target.Contains('@', StringComparison.Ordinal) && DomainName.TryParse(target, out var domain) && domain == address.Domain));
    }
}
