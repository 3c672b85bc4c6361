using System.Globalization;
using System.Xml.Linq;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.ClientSetup;

/// <summary>The document Thunderbird and its relatives look for (Mail Autoconfig, config-v1.1.xml).</summary>
internal static class Autoconfig
{
    public static XDocument Write(DomainName domain, ClientOffer offer, bool webmail)
    {
        var provider = new XElement(
            "emailProvider",
            new XAttribute("id", domain.Ascii),
            new XElement("domain", domain.Ascii),
            new XElement("displayName", domain.Unicode),
            new XElement("displayShortName", domain.Unicode),
            offer.Incoming.Select(server => Server("incomingServer", server.Protocol == ClientProtocol.Imap ? "imap" : "pop3", server, offer.Hostname)),
            offer.Servers.Where(server => server.Protocol == ClientProtocol.Smtp).Select(server => Server("outgoingServer", "smtp", server, offer.Hostname)));
        var root = new XElement("clientConfig", new XAttribute("version", "1.1"), provider);
        if (webmail && WebAddress.Of(offer, "/mail") is { } address)
        {
            root.Add(new XElement("webMail", new XElement("loginPage", new XAttribute("url", address))));
        }

        return new XDocument(new XDeclaration("1.0", "utf-8", null), root);
    }

    private static XElement Server(string element, string type, ClientServer server, string hostname) => new(
        element,
        new XAttribute("type", type),
        new XElement("hostname", hostname),
        new XElement("port", server.Port.ToString(CultureInfo.InvariantCulture)),
        new XElement("socketType", server.TlsFirst ? "SSL" : "STARTTLS"),
        // Any full address of an account signs in; the client puts the one it was given here.
        new XElement("username", "%EMAILADDRESS%"),
        new XElement("authentication", "password-cleartext"));
}
