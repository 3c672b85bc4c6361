using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.ClientSetup;

/// <summary>
/// A configuration profile for the mail program of macOS and iOS: one account, without its password, which the device asks for
/// (Apple Configuration Profile Reference, payload com.apple.mail.managed).
/// </summary>
internal static class AppleProfile
{
    /// <summary>Null when there is nothing to fetch from or to send by.</summary>
    public static XDocument? Write(EmailAddress address, ClientOffer offer)
    {
        if ((offer.Best(ClientProtocol.Imap) ?? offer.Best(ClientProtocol.Pop3)) is not { } incoming || offer.Outgoing is not { } outgoing)
        {
            return null;
        }

        // The same address always gets the same identifiers: a profile installed again replaces the one before.
        var identifier = $"{string.Join('.', offer.Hostname.Split('.').Reverse())}.mail.{Identity(address, "profile")}";
        var account = Dictionary(
            ("PayloadType", Text("com.apple.mail.managed")),
            ("PayloadVersion", Number(1)),
            ("PayloadIdentifier", Text(identifier + ".account")),
            ("PayloadUUID", Text(Identity(address, "account"))),
            ("PayloadDisplayName", Text(address.ToDisplayString())),
            ("EmailAccountDescription", Text(address.ToDisplayString())),
            ("EmailAccountType", Text(incoming.Protocol == ClientProtocol.Imap ? "EmailTypeIMAP" : "EmailTypePOP")),
            ("EmailAddress", Text(address.ToString())),
            ("IncomingMailServerHostName", Text(offer.Hostname)),
            ("IncomingMailServerPortNumber", Number(incoming.Port)),
            ("IncomingMailServerUseSSL", new XElement("true")),
            ("IncomingMailServerAuthentication", Text("EmailAuthPassword")),
            ("IncomingMailServerUsername", Text(address.ToString())),
            ("OutgoingMailServerHostName", Text(offer.Hostname)),
            ("OutgoingMailServerPortNumber", Number(outgoing.Port)),
            ("OutgoingMailServerUseSSL", new XElement("true")),
            ("OutgoingMailServerAuthentication", Text("EmailAuthPassword")),
            ("OutgoingMailServerUsername", Text(address.ToString())),
            ("OutgoingPasswordSameAsIncomingPassword", new XElement("true")));
        var profile = Dictionary(
            ("PayloadType", Text("Configuration")),
            ("PayloadVersion", Number(1)),
            ("PayloadIdentifier", Text(identifier)),
            ("PayloadUUID", Text(Identity(address, "profile"))),
            ("PayloadDisplayName", Text(address.ToDisplayString())),
            ("PayloadOrganization", Text(address.Domain.Unicode)),
            ("PayloadRemovalDisallowed", new XElement("false")),
            ("PayloadContent", new XElement("array", account)));
        return new XDocument(
            new XDeclaration("1.0", "utf-8", null),
            new XDocumentType("plist", "-//Apple//DTD PLIST 1.0//EN", "http://www.apple.com/DTDs/PropertyList-1.0.dtd", null),
            new XElement("plist", new XAttribute("version", "1.0"), profile));
    }

    private static XElement Dictionary(params (string Key, XElement Value)[] entries) => new("dict", entries.Select(entry => new object[] { new XElement("key", entry.Key), entry.Value }));

    private static XElement Text(string text) => new("string", text);

    private static XElement Number(int number) => new("integer", number.ToString(CultureInfo.InvariantCulture));

    private static string Identity(EmailAddress address, string what)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{what}\0{address.Key}"));
        return new Guid(digest.AsSpan(0, 16), bigEndian: true).ToString().ToUpperInvariant();
    }
}
