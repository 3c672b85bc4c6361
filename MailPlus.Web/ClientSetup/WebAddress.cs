using System.Globalization;

namespace MailPlus.Web.ClientSetup;

/// <summary>Addresses of this server's web part that are told to others: under TLS, at the host name.</summary>
internal static class WebAddress
{
    private const int SecurePort = 443;

    /// <summary>Null when the web part does not run under TLS.</summary>
    public static string? Of(ClientOffer offer, string pathAndQuery) => offer.WebPort switch
    {
        null => null,
        SecurePort => $"https://{offer.Hostname}{pathAndQuery}",
        { } port => string.Create(CultureInfo.InvariantCulture, $"https://{offer.Hostname}:{port}{pathAndQuery}"),
    };
}
