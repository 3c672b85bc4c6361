using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.ClientSetup;

/// <summary>What Outlook says in an Autodiscover request (MS-OXDSCLI 2.2.3).</summary>
/// <param name="Address">The mail address, as written.</param>
/// <param name="Schema">The schema of the answer it can read.</param>
internal sealed record AutodiscoverRequest(string Address, string Schema);

/// <summary>Autodiscover as Outlook speaks it for accounts of IMAP and POP3: plain old XML (MS-OXDSCLI).</summary>
internal static class Autodiscover
{
    /// <summary>The schema of the answer for mail programs; the one for telephones (mobilesync) is about ActiveSync, which is not spoken here.</summary>
    public const string OutlookSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

    /// <summary>Octets a request may have.</summary>
    public const int LargestRequest = 16 * 1024;

    private const int RequestDepth = 2; // Autodiscover, Request, then what is asked

    private static readonly XNamespace Envelope = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
    private static readonly XNamespace Outlook = OutlookSchema;

    /// <summary>Reads a request, null when it is none. Neither a DTD nor anything outside of the document is looked at.</summary>
    public static AutodiscoverRequest? Read(string text)
    {
        try
        {
            using var lines = new StringReader(text);
            using var reader = XmlReader.Create(lines, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = LargestRequest });
            var (address, schema) = ("", "");
            while (reader.Read())
            {
                if (reader is { NodeType: XmlNodeType.Element, Depth: RequestDepth, LocalName: "EMailAddress" })
                {
                    address = TextOf(reader);
                }
                else if (reader is { NodeType: XmlNodeType.Element, Depth: RequestDepth, LocalName: "AcceptableResponseSchema" })
                {
                    schema = TextOf(reader);
                }
            }

            return address.Length > 0 && schema.Length > 0 ? new AutodiscoverRequest(address, schema) : null;
        }
        catch (XmlException)
        {
            return null; // a request that cannot be read is answered as an invalid one
        }
    }

    /// <summary>The servers, one of a kind, for Outlook takes the first.</summary>
    public static XDocument Settings(EmailAddress address, ClientOffer offer)
    {
        var protocols = new[] { ClientProtocol.Imap, ClientProtocol.Pop3, ClientProtocol.Smtp }.Select(offer.Best).OfType<ClientServer>();
        return Document(new XElement(
            Outlook + "Response",
            new XElement(Outlook + "User", new XElement(Outlook + "DisplayName", address.ToDisplayString())),
            new XElement(
                Outlook + "Account",
                new XElement(Outlook + "AccountType", "email"),
                new XElement(Outlook + "Action", "settings"),
                protocols.Select(server => Protocol(server, address, offer.Hostname)))));
    }

    /// <summary>A refusal in the document's own form (MS-OXDSCLI 2.2.4.1.1.3).</summary>
    public static XDocument Error(int code, string message, DateTimeOffset now) => Document(new XElement(
        Envelope + "Response",
        new XElement(
            Envelope + "Error",
            new XAttribute("Time", now.ToString("HH:mm:ss.fffffff", CultureInfo.InvariantCulture)),
            new XAttribute("Id", "0"),
            new XElement(Envelope + "ErrorCode", code.ToString(CultureInfo.InvariantCulture)),
            new XElement(Envelope + "Message", message),
            new XElement(Envelope + "DebugData"))));

    private static XDocument Document(XElement response) => new(new XDeclaration("1.0", "utf-8", null), new XElement(Envelope + "Autodiscover", response));

    private static XElement Protocol(ClientServer server, EmailAddress address, string hostname)
    {
        var element = new XElement(
            Outlook + "Protocol",
            new XElement(Outlook + "Type", server.Protocol switch { ClientProtocol.Imap => "IMAP", ClientProtocol.Pop3 => "POP3", _ => "SMTP" }),
            new XElement(Outlook + "Server", hostname),
            new XElement(Outlook + "Port", server.Port.ToString(CultureInfo.InvariantCulture)),
            new XElement(Outlook + "LoginName", address.ToString()),
            new XElement(Outlook + "DomainRequired", "off"),
            new XElement(Outlook + "SPA", "off"),
            new XElement(Outlook + "SSL", server.TlsFirst ? "on" : "off"),
            new XElement(Outlook + "Encryption", server.TlsFirst ? "SSL" : "TLS"),
            new XElement(Outlook + "AuthRequired", "on"));
        if (server.Protocol == ClientProtocol.Smtp)
        {
            element.Add(new XElement(Outlook + "UsePOPAuth", "on"), new XElement(Outlook + "SMTPLast", "off"));
        }

        return element;
    }

    private static string TextOf(XmlReader reader)
    {
        if (reader.IsEmptyElement)
        {
            return "";
        }

        using var inner = reader.ReadSubtree();
        var text = "";
        while (inner.Read())
        {
            text += inner.NodeType is XmlNodeType.Text or XmlNodeType.CDATA ? inner.Value : "";
        }

        return text.Trim();
    }
}
