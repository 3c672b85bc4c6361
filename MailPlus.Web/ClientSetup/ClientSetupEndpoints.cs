using System.Net;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Monitoring;
using MailPlus.Engine.Settings;

namespace MailPlus.Web.ClientSetup;

/// <summary>
/// Where mail programs ask how to connect: Thunderbird's autoconfig, Outlook's autodiscover, a profile for Apple's. What they are told are host
/// name, ports and TLS as they are at that moment; nobody has to sign in, and no answer depends on whether an account exists.
/// </summary>
internal static class ClientSetupEndpoints
{
    /// <summary>Addresses that clients ask in plain HTTP too, and that answer there: the host name they ask at is not one the certificate names.</summary>
    public static readonly IReadOnlyList<PathString> Plain = ["/mail/config-v1.1.xml", "/autodiscover"];

    private const string XmlDocument = "/autodiscover/autodiscover.xml";

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var path in new[] { "/.well-known/autoconfig/mail/config-v1.1.xml", "/mail/config-v1.1.xml" })
        {
            routes.MapGet(path, GiveAutoconfig);
        }

        routes.MapGet(XmlDocument, (HttpContext context, WebListeners listeners, ISettingsSource settings, ServerState server) =>
            RedirectToTls(context, listeners, Offer(settings, server)) ?? Xml(Autodiscover.Error(600, "Invalid Request", Now(context))));
        routes.MapPost(XmlDocument, GiveAutodiscoverAsync);
        routes.MapGet("/autodiscover/autodiscover.json", (string? email, string? protocol, HttpContext context) => GiveJson(email, protocol, context));
        routes.MapGet("/autodiscover/autodiscover.json/v1.0/{email}", (string email, string? protocol, HttpContext context) => GiveJson(email, protocol, context));
        routes.MapGet("/client-setup/apple.mobileconfig", GiveProfile);
    }

    private static ClientOffer Offer(ISettingsSource settings, ServerState server) => ClientOffer.Of(settings.Current.Smtp.Hostname, server.Services);

    private static DateTimeOffset Now(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    private static IResult GiveAutoconfig(HttpContext context, string? emailaddress, IAddressBook book, ISettingsSource settings, ServerState server)
    {
        var offer = Offer(settings, server);
        return AskedFor.Find(emailaddress, context.Request.Host.Host, book) is { } asked && offer.IsUsable
            ? Xml(Autoconfig.Write(asked.Domain, offer, settings.Current.Service.WebmailEnabled))
            : Results.Text("No mail is hosted here for that domain.", statusCode: StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> GiveAutodiscoverAsync(HttpContext context, IAddressBook book, WebListeners listeners, ISettingsSource settings, ServerState server)
    {
        var offer = Offer(settings, server);
        if (RedirectToTls(context, listeners, offer) is { } elsewhere)
        {
            return elsewhere;
        }

        if (await ReadAsync(context.Request, context.RequestAborted) is not { } text || Autodiscover.Read(text) is not { } request)
        {
            return Xml(Autodiscover.Error(600, "Invalid Request", Now(context)));
        }

        if (request.Schema != Autodiscover.OutlookSchema)
        {
            return Xml(Autodiscover.Error(601, "Provider is not available", Now(context)));
        }

        return AskedFor.Find(request.Address, "", book) is { Address: { } address } && offer.IsUsable
            ? Xml(Autodiscover.Settings(address, offer))
            : Xml(Autodiscover.Error(500, "The email address can't be found.", Now(context)));
    }

    /// <summary>Autodiscover version 2: where the protocol asked for is spoken. Of those it knows, only the XML document is here.</summary>
    private static IResult GiveJson(string? email, string? protocol, HttpContext context)
    {
        var services = context.RequestServices;
        var offer = Offer(services.GetRequiredService<ISettingsSource>(), services.GetRequiredService<ServerState>());
        if (string.IsNullOrEmpty(protocol) || string.IsNullOrEmpty(email))
        {
            var missing = string.IsNullOrEmpty(protocol) ? "Protocol" : "Email";
            return JsonError(StatusCodes.Status400BadRequest, "MandatoryParameterMissing", $"A valid value must be provided for the query parameter '{missing}'.");
        }

        if (!protocol.Equals("AutodiscoverV1", StringComparison.OrdinalIgnoreCase))
        {
            return JsonError(StatusCodes.Status400BadRequest, "InvalidProtocol", "The given protocol value is invalid. Supported values are 'AutodiscoverV1'.");
        }

        return AskedFor.Find(email, "", services.GetRequiredService<IAddressBook>()) is not null && WebAddress.Of(offer, XmlDocument) is { } address
            ? Results.Json(new Dictionary<string, string> { ["Protocol"] = "AutodiscoverV1", ["Url"] = address })
            : JsonError(StatusCodes.Status404NotFound, "UserNotFound", "The given user is not found.");
    }

    private static IResult GiveProfile(string? email, IAddressBook book, ISettingsSource settings, ServerState server)
    {
        if (string.IsNullOrEmpty(email) || AskedFor.Find(email, "", book) is not { Address: { } address } || AppleProfile.Write(address, Offer(settings, server)) is not { } profile)
        {
            return Results.Text("No mail is hosted here for that address.", statusCode: StatusCodes.Status404NotFound);
        }

        return Results.File(Octets(profile), "application/x-apple-aspen-config", $"{address.Domain.Ascii}.mobileconfig");
    }

    /// <summary>
    /// Outlook asks in plain HTTP for a place to go to (MS-OXDSCLI 3.1.5.4): the host name under TLS, which is named by the certificate. Null for
    /// who is there already, and on this machine itself.
    /// </summary>
    private static IResult? RedirectToTls(HttpContext context, WebListeners listeners, ClientOffer offer)
    {
        var peer = context.Connection.RemoteIpAddress;
        var local = peer is null || IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer);
        return context.Request.IsHttps || local || !listeners.BoundPorts.ContainsKey("web-tls") || WebAddress.Of(offer, XmlDocument) is not { } address
            ? null
            : Results.Redirect(address, preserveMethod: HttpMethods.IsPost(context.Request.Method));
    }

    private static async Task<string?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var octets = new byte[Autodiscover.LargestRequest + 1];
        var length = 0;
        int read;
        while (length < octets.Length && (read = await request.Body.ReadAsync(octets.AsMemory(length), cancellationToken)) > 0)
        {
            length += read;
        }

        return length < octets.Length ? Encoding.UTF8.GetString(octets, 0, length).TrimStart('\uFEFF') : null;
    }

    private static IResult JsonError(int status, string code, string message) =>
        Results.Json(new Dictionary<string, string> { ["ErrorCode"] = code, ["ErrorMessage"] = message }, statusCode: status);

    private static IResult Xml(XDocument document) => Results.Bytes(Octets(document), "text/xml; charset=utf-8");

    private static byte[] Octets(XDocument document)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true }))
        {
            document.Save(writer);
        }

        return stream.ToArray();
    }
}
