using MailPlus.Engine.Tls.Acme;

namespace MailPlus.Web.Admin.Service;

/// <summary>Answers a certificate authority that looks whether a name leads here (HTTP-01, RFC 8555 section 8.3), in plain HTTP, to anybody.</summary>
internal static class AcmeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(AcmeChallenges.Path + "/{token}", (string token, AcmeRenewal acme) =>
        acme.Challenges.Find(token) is { } answer ? Results.Text(answer, "application/octet-stream") : Results.NotFound());
}
