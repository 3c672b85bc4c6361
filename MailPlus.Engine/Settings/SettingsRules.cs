using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>Rules over several settings, or over more than a range.</summary>
internal static class SettingsRules
{
    internal static IEnumerable<Refusal> Check(SettingsSnapshot snapshot)
    {
        if (snapshot.Smtp.Hostname.Length > 0 && !DomainName.TryParse(snapshot.Smtp.Hostname, out _))
        {
            yield return Invalid("Smtp.Hostname", "HostnameMalformed");
        }

        foreach (var (name, addresses) in new[] { ("SmtpAddresses", snapshot.Service.SmtpAddresses), ("ImapAddresses", snapshot.Service.ImapAddresses), ("Pop3Addresses", snapshot.Service.Pop3Addresses) })
        {
            if (addresses.Any(address => !IPAddress.TryParse(address, out _)))
            {
                yield return Invalid($"Service.{name}", "AddressMalformed");
            }
        }

        if (snapshot.Service.ListenAddresses.Any(address => !IPAddress.TryParse(address, out _)))
        {
            yield return Invalid("Service.ListenAddresses", "AddressMalformed");
        }

        if (snapshot.Resolver.Servers.Any(server => !IPEndPoint.TryParse(server, out _)))
        {
            yield return Invalid("Resolver.Servers", "AddressMalformed");
        }

        if (snapshot.Security.TrustedProxies.Any(proxy => !IPAddress.TryParse(proxy, out _) && !IPNetwork.TryParse(proxy, out _)))
        {
            yield return Invalid("Security.TrustedProxies", "AddressMalformed");
        }

        if (snapshot.Smtp.QueueStartNetworks.Any(network => !IPAddress.TryParse(network, out _) && !IPNetwork.TryParse(network, out _)))
        {
            yield return Invalid("Smtp.QueueStartNetworks", "AddressMalformed");
        }

        if (snapshot.Security.ProxyListeners.Any(name => !IsListener(name)))
        {
            yield return Invalid("Security.ProxyListeners", "ListenerUnknown");
        }

        if (snapshot.MailAuth.ExemptNetworks.Any(network => !IPAddress.TryParse(network, out _) && !IPNetwork.TryParse(network, out _)))
        {
            yield return Invalid("MailAuth.ExemptNetworks", "AddressMalformed");
        }

        if (snapshot.Security.ClientAuthorities.Any(text => !IsAuthority(text)))
        {
            yield return Invalid("Security.ClientAuthorities", "ClientAuthorityMalformed");
        }

        if (snapshot.Security.TokenIntrospectionUrl is { Length: > 0 } url && !IsTokenUrl(url))
        {
            yield return Invalid("Security.TokenIntrospectionUrl", "TokenUrlMalformed");
        }

        foreach (var refusal in CheckPorts(snapshot.Service).Concat(CheckDelivery(snapshot.Delivery)).Concat(RuleChecks.Check(snapshot)).Concat(AcmeChecks.Check(snapshot)))
        {
            yield return refusal;
        }
    }

    private static IEnumerable<Refusal> CheckPorts(ServiceSettings service)
    {
        var listeners = typeof(ServiceSettings).GetProperties().Where(property => property.PropertyType == typeof(ListenerSetting))
            .Select(property => (property.Name, Listener: (ListenerSetting)property.GetValue(service)!)).Where(named => named.Listener.Enabled);
        return from same in listeners.GroupBy(named => named.Listener.Port)
               from second in same.Skip(1)
               select new Refusal(RefusalKind.Invalid, "PortUsedTwice") { Field = $"Service.{second.Name}", Arguments = [same.Key.ToString(CultureInfo.InvariantCulture)] };
    }

    private static IEnumerable<Refusal> CheckDelivery(DeliverySettings delivery)
    {
        if (delivery.RelayHost.Length > 0 && !DomainName.TryParse(delivery.RelayHost, out _) && !IPAddress.TryParse(delivery.RelayHost.Trim('[', ']'), out _))
        {
            yield return Invalid("Delivery.RelayHost", "HostnameMalformed");
        }

        // mail-rules 20: a relay password only over TLS with a verified certificate.
        if (delivery.RelayPassword.Length > 0 && (delivery.RelaySecurity == RelaySecurity.None || !delivery.RelayVerifyCertificate))
        {
            yield return Invalid("Delivery.RelayPassword", "RelayPasswordNeedsTls");
        }

        if (delivery.RetrySeconds.Count is 0 or > 100 || delivery.RetrySeconds.Any(seconds => seconds is < 1 or > 604800))
        {
            yield return Invalid("Delivery.RetrySeconds", "RetryScheduleMalformed");
        }
    }

    private static bool IsListener(string name) => typeof(ServiceSettings).GetProperties()
        .Any(property => property.PropertyType == typeof(ListenerSetting) && property.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    internal static bool IsAuthority(string text)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text));
            return certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority);
        }
        catch (Exception unreadable) when (unreadable is FormatException or CryptographicException)
        {
            return false;
        }
    }

    // A token in clear text is a password in clear text (mail-rules 20); loopback serves a checker on this machine.
    private static bool IsTokenUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp && url.IsLoopback);

    private static Refusal Invalid(string field, string key) => new(RefusalKind.Invalid, key) { Field = field };
}
