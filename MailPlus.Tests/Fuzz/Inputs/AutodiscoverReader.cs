using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Web.ClientSetup;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>What mail programs ask with when they set themselves up: the XML of Autodiscover, addresses and host names.</summary>
internal sealed class AutodiscoverReader : PureReader
{
    private readonly AddressBook _book = new();

    public override IReadOnlyList<byte[]> Seeds { get; } = Text(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\"><Request><EMailAddress>kim@example.test</EMailAddress>"
            + "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>",
        "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;&x;\">]><a><b><EMailAddress>&y;</EMailAddress></b></a>",
        "<a><b><EMailAddress><![CDATA[kim@]]>example.test<c>x</c></EMailAddress><AcceptableResponseSchema/></b></a>");

    public override IReadOnlyList<string> Words { get; } = ["<a>", "</a>", "<![CDATA[", "]]>", "&#x110000;", "&#0;", "<?x ", "<!--", "xmlns:a=\"\"", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\">", "&lt;"];

    protected override void Read(byte[] input, Random random)
    {
        foreach (var text in new[] { Encoding.UTF8.GetString(input), Encoding.Latin1.GetString(input) })
        {
            var request = Autodiscover.Read(text);
            Xunit.Assert.True(request is null || request.Address.Length + request.Schema.Length <= Autodiscover.LargestRequest, "more than the request holds");
            AskedFor.Find(request?.Address ?? text, "autoconfig.example.test", _book);
            AskedFor.Find(null, text, _book);
        }
    }
}
