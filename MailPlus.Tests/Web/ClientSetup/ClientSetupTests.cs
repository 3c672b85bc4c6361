using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Web.ClientSetup;

/// <summary>A running server that listens where its settings say; POP3 is off.</summary>
public sealed class ClientSetupServer : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public int Imaps { get; } = FreePort.Next();

    public int Imap { get; } = FreePort.Next();

    public int Smtps { get; } = FreePort.Next();

    public int Submission { get; } = FreePort.Next();

    public async Task InitializeAsync()
    {
        Server = await RunningServer.StartAsync(new ServerPlan
        {
            FollowsSettings = true,
            Accounts = ["ann"],
            Settings = new Dictionary<string, string>
            {
                ["Service.ListenAddresses"] = "127.0.0.1",
                ["Service.Smtp"] = "off",
                ["Service.Imaps"] = $"on:{Imaps}",
                ["Service.Imap"] = $"on:{Imap}",
                ["Service.Smtps"] = $"on:{Smtps}",
                ["Service.Submission"] = $"on:{Submission}",
                ["Service.Pop3"] = "off",
                ["Service.Pop3s"] = "off",
                ["Security.TrustedProxies"] = "127.0.0.2",
            },
        });
        await Server.VerbAsync(["domain", "add", "bücher.test"]);
    }

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

/// <summary>Mail programs find out by themselves how to connect (SET-34, SET-35).</summary>
public sealed class ClientSetupTests(ClientSetupServer setup) : IClassFixture<ClientSetupServer>, IDisposable
{
    private const string WellKnown = "/.well-known/autoconfig/mail/config-v1.1.xml";
    private const string OutlookSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
    private static readonly XNamespace Outlook = OutlookSchema;
    private static readonly XNamespace Envelope = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";

    private readonly HttpClient _http = Client(IPAddress.Loopback, setup.Server.Web);

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData("/mail/config-v1.1.xml?emailaddress=ann@example.test", "mail.example.test")]
    [InlineData(WellKnown + "?emailaddress=Ann%40EXAMPLE.test", "127.0.0.1")]
    [InlineData("/mail/config-v1.1.xml", "autoconfig.example.test")]
    [InlineData(WellKnown, "example.test")]
    public async Task Thunderbird_is_told_what_runs(string path, string host)
    {
        var (status, text) = await GetAsync(path, host);
        Assert.Equal(HttpStatusCode.OK, status);
        var provider = XDocument.Parse(text).Root!.Element("emailProvider")!;
        Assert.Equal("1.1", provider.Parent!.Attribute("version")!.Value);
        Assert.Equal(("example.test", "example.test"), (provider.Attribute("id")!.Value, provider.Element("domain")!.Value));
        Assert.Equal([("imap", setup.Imaps, "SSL"), ("imap", setup.Imap, "STARTTLS")], Servers(provider, "incomingServer").Where(server => server.Type == "imap"));
        Assert.Equal([("smtp", setup.Smtps, "SSL"), ("smtp", setup.Submission, "STARTTLS")], Servers(provider, "outgoingServer"));
        Assert.All(provider.Elements().Where(element => element.Element("hostname") is not null), server =>
        {
            Assert.Equal("mail.example.test", server.Element("hostname")!.Value);
            Assert.Equal("%EMAILADDRESS%", server.Element("username")!.Value);
            Assert.Equal("password-cleartext", server.Element("authentication")!.Value);
        });
        Assert.Equal($"https://mail.example.test:{setup.Server.Port("web-tls")}/mail", provider.Parent!.Element("webMail")!.Element("loginPage")!.Attribute("url")!.Value);
    }

    /// <summary>SET-B10: given POP3 is disabled, only IMAP is offered as incoming server.</summary>
    [Fact]
    public async Task A_protocol_is_offered_while_it_runs_and_no_longer()
    {
        using var rest = new RestClient(setup.Server, setup.Server.Plan.Administrator);
        Assert.DoesNotContain(await OfferedAsync(), server => server.Type == "pop3");
        var port = FreePort.Next();
        await rest.SetAsync(("Service.Pop3s", $"on:{port}"), ("Service.WebmailEnabled", "false"));
        await Eventually.TrueAsync(async () => (await OfferedAsync()).Contains(("pop3", port, "SSL")), () => "POP3 is offered");
        Assert.DoesNotContain("webMail", (await GetAsync(WellKnown, "example.test")).Text, StringComparison.Ordinal);
        await rest.SetAsync(("Service.Pop3s", "off"), ("Service.WebmailEnabled", "true"));
        await Eventually.TrueAsync(async () => (await OfferedAsync()).TrueForAll(server => server.Type == "imap"), () => "POP3 is no longer offered");
    }

    [Theory]
    [InlineData("/mail/config-v1.1.xml?emailaddress=ann@elsewhere.test", "autoconfig.example.test")]
    [InlineData("/mail/config-v1.1.xml?emailaddress=example.test", "autoconfig.example.test")]
    [InlineData("/mail/config-v1.1.xml?emailaddress=a%EF%BF%BEb@example.test", "autoconfig.example.test")]
    [InlineData(WellKnown, "elsewhere.test")]
    [InlineData(WellKnown, "127.0.0.1")]
    [InlineData("/client-setup/apple.mobileconfig?email=ann@elsewhere.test", "example.test")]
    [InlineData("/client-setup/apple.mobileconfig", "example.test")]
    public async Task Nothing_is_said_of_what_is_not_hosted_here(string path, string host) =>
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(path, host)).Status);

    [Fact]
    public async Task Nobody_learns_which_accounts_there_are()
    {
        foreach (var path in new[] { $"{WellKnown}?emailaddress={{0}}", "/client-setup/apple.mobileconfig?email={0}", "/autodiscover/autodiscover.json?Email={0}&Protocol=AutodiscoverV1" })
        {
            var (known, unknown) = (await AboutAsync("ann@example.test"), await AboutAsync("xxx@example.test"));
            Assert.Equal(HttpStatusCode.OK, known.Status);
            Assert.Equal(known.Status, unknown.Status);
            Assert.Equal(Regular(known.Text), Regular(unknown.Text));

            async Task<(HttpStatusCode Status, string Text)> AboutAsync(string address) => await GetAsync(string.Format(CultureInfo.InvariantCulture, path, address), "mail.example.test");
        }

        Assert.Equal(
            Regular((await PostAsync(Request("ann@example.test", OutlookSchema))).ToString()), Regular((await PostAsync(Request("xxx@example.test", OutlookSchema))).ToString()));

        // Without what was asked by, and the identifiers made of it.
        static string Regular(string text) => System.Text.RegularExpressions.Regex.Replace(
            text.Replace("ann@", "", StringComparison.Ordinal).Replace("xxx@", "", StringComparison.Ordinal), "[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Outlook_is_told_one_server_of_a_kind()
    {
        var account = (await PostAsync(Request("ann@example.test", OutlookSchema))).Root!.Element(Outlook + "Response")!.Element(Outlook + "Account")!;
        Assert.Equal(("email", "settings"), (account.Element(Outlook + "AccountType")!.Value, account.Element(Outlook + "Action")!.Value));
        var protocols = account.Elements(Outlook + "Protocol").ToDictionary(protocol => protocol.Element(Outlook + "Type")!.Value);
        Assert.Equal(setup.Imaps, (int)protocols["IMAP"].Element(Outlook + "Port")!);
        Assert.Equal(setup.Smtps, (int)protocols["SMTP"].Element(Outlook + "Port")!);
        Assert.All(protocols.Values, protocol =>
        {
            Assert.Equal("mail.example.test", protocol.Element(Outlook + "Server")!.Value);
            Assert.Equal("ann@example.test", protocol.Element(Outlook + "LoginName")!.Value);
            Assert.Equal(("on", "SSL", "off", "on"), (Said(protocol, "SSL"), Said(protocol, "Encryption"), Said(protocol, "SPA"), Said(protocol, "AuthRequired")));
        });

        static string Said(XElement protocol, string name) => protocol.Element(Outlook + name)!.Value;
    }

    [Theory]
    [InlineData("ann@elsewhere.test", OutlookSchema, 500)]
    [InlineData("no address", OutlookSchema, 500)]
    [InlineData("ann@example.test", "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006", 601)]
    [InlineData("ann@example.test", "", 600)]
    public async Task Autodiscover_says_what_it_cannot_answer(string address, string schema, int code) => Assert.Equal(code, CodeOf(await PostAsync(Request(address, schema))));

    [Theory]
    [InlineData("")]
    [InlineData("not xml")]
    [InlineData("<Autodiscover><Request><EMailAddress/></Request>")]
    [InlineData("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a><b><EMailAddress>&e;</EMailAddress></b></a>")]
    public async Task What_is_no_request_is_an_invalid_one(string body) => Assert.Equal(600, CodeOf(await PostAsync(body)));

    [Fact]
    public async Task A_request_too_long_is_not_read()
    {
        Assert.Equal(600, CodeOf(await PostAsync(Request("ann@example.test", OutlookSchema) + new string(' ', 20_000))));
        Assert.Equal(600, CodeOf(XDocument.Parse((await GetAsync("/autodiscover/autodiscover.xml", "autodiscover.example.test")).Text)));
    }

    [Theory]
    [InlineData("?Email=ann@example.test&Protocol=AutodiscoverV1&RedirectCount=1", HttpStatusCode.OK, "")]
    [InlineData("/v1.0/ann@example.test?Protocol=autodiscoverv1", HttpStatusCode.OK, "")]
    [InlineData("?Email=ann@example.test&Protocol=ActiveSync", HttpStatusCode.BadRequest, "InvalidProtocol")]
    [InlineData("?Email=ann@example.test", HttpStatusCode.BadRequest, "MandatoryParameterMissing")]
    [InlineData("?Protocol=AutodiscoverV1", HttpStatusCode.BadRequest, "MandatoryParameterMissing")]
    [InlineData("?Email=ann@elsewhere.test&Protocol=AutodiscoverV1", HttpStatusCode.NotFound, "UserNotFound")]
    public async Task Autodiscover_in_JSON_leads_to_the_document(string query, HttpStatusCode expected, string error)
    {
        var (status, text) = await GetAsync("/autodiscover/autodiscover.json" + query, "autodiscover.example.test");
        Assert.Equal(expected, status);
        using var document = JsonDocument.Parse(text);
        if (error.Length > 0)
        {
            Assert.Equal(error, document.RootElement.GetProperty("ErrorCode").GetString());
            return;
        }

        Assert.Equal("AutodiscoverV1", document.RootElement.GetProperty("Protocol").GetString());
        Assert.Equal($"https://mail.example.test:{setup.Server.Port("web-tls")}/autodiscover/autodiscover.xml", document.RootElement.GetProperty("Url").GetString());
    }

    [Fact]
    public async Task Apples_mail_program_gets_a_profile_without_a_password()
    {
        using var answer = await _http.GetAsync(new Uri("/client-setup/apple.mobileconfig?email=kim%2Blists@bücher.test", UriKind.Relative));
        Assert.Equal("application/x-apple-aspen-config", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("xn--bcher-kva.test.mobileconfig", answer.Content.Headers.ContentDisposition!.FileName);
        var text = await answer.Content.ReadAsStringAsync();
        var profile = XDocument.Parse(text, LoadOptions.None).Root!.Element("dict")!;
        Assert.Equal("Configuration", Value(profile, "PayloadType").Value);
        var account = Value(profile, "PayloadContent").Element("dict")!;
        Assert.Equal(("com.apple.mail.managed", "EmailTypeIMAP"), (Value(account, "PayloadType").Value, Value(account, "EmailAccountType").Value));
        Assert.Equal("kim+lists@xn--bcher-kva.test", Value(account, "EmailAddress").Value);
        foreach (var (way, port) in new[] { ("Incoming", setup.Imaps), ("Outgoing", setup.Smtps) })
        {
            Assert.Equal("mail.example.test", Value(account, way + "MailServerHostName").Value);
            Assert.Equal(port, (int)Value(account, way + "MailServerPortNumber"));
            Assert.Equal("true", Value(account, way + "MailServerUseSSL").Name.LocalName);
            Assert.Equal("kim+lists@xn--bcher-kva.test", Value(account, way + "MailServerUsername").Value);
        }

        Assert.DoesNotContain(account.Elements("key"), key => key.Value is "IncomingPassword" or "OutgoingPassword");
        Assert.NotEqual(Value(account, "PayloadUUID").Value, Value(profile, "PayloadUUID").Value);
        Assert.Equal(text, await _http.GetStringAsync(new Uri("/client-setup/apple.mobileconfig?email=kim%2Blists@bücher.test", UriKind.Relative)));

        static XElement Value(XElement dictionary, string key) => (XElement)dictionary.Elements("key").Single(element => element.Value == key).NextNode!;
    }

    /// <summary>A client from afar asks in plain HTTP at names the certificate does not know: autoconfig answers there, autodiscover leads to the host name.</summary>
    [Fact]
    public async Task From_afar_autoconfig_answers_in_plain_HTTP_and_autodiscover_leads_to_TLS()
    {
        // The proxy that is trusted is 127.0.0.2: what it forwards comes from 192.0.2.7.
        using var afar = Client(IPAddress.Parse("127.0.0.2"), setup.Server.Web);
        afar.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.7");
        using var config = await afar.GetAsync(new Uri("/mail/config-v1.1.xml?emailaddress=ann@example.test", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, config.StatusCode);
        var document = $"https://mail.example.test:{setup.Server.Port("web-tls")}/autodiscover/autodiscover.xml";
        using var get = await afar.GetAsync(new Uri("/autodiscover/autodiscover.xml", UriKind.Relative));
        Assert.Equal((HttpStatusCode.Redirect, document), (get.StatusCode, get.Headers.Location!.ToString()));
        using var body = new StringContent(Request("ann@example.test", OutlookSchema), Encoding.UTF8, "text/xml");
        using var post = await afar.PostAsync(new Uri("/Autodiscover/Autodiscover.xml", UriKind.Relative), body);
        Assert.Equal((HttpStatusCode.RedirectKeepVerb, document), (post.StatusCode, post.Headers.Location!.ToString()));
        using var mail = await afar.GetAsync(new Uri("/mail", UriKind.Relative));
        Assert.Equal(HttpStatusCode.PermanentRedirect, mail.StatusCode);
    }

    private static HttpClient Client(IPAddress from, int port)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (context, token) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(from, 0));
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(3) };
    }

    private static IEnumerable<(string Type, int Port, string Socket)> Servers(XElement provider, string kind) =>
        provider.Elements(kind).Select(server => (server.Attribute("type")!.Value, (int)server.Element("port")!, server.Element("socketType")!.Value));

    private static string Request(string address, string schema) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
          <Request><EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request>
        </Autodiscover>
        """;

    private static int CodeOf(XDocument answer) => (int)answer.Root!.Element(Envelope + "Response")!.Element(Envelope + "Error")!.Element(Envelope + "ErrorCode")!;

    private async Task<List<(string Type, int Port, string Socket)>> OfferedAsync() =>
        [.. Servers(XDocument.Parse((await GetAsync(WellKnown, "example.test")).Text).Root!.Element("emailProvider")!, "incomingServer")];

    private async Task<(HttpStatusCode Status, string Text)> GetAsync(string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<XDocument> PostAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "text/xml");
        using var answer = await _http.PostAsync(new Uri("/autodiscover/autodiscover.xml", UriKind.Relative), content);
        Assert.Equal((HttpStatusCode.OK, "text/xml"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        return XDocument.Parse(await answer.Content.ReadAsStringAsync());
    }
}
