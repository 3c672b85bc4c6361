using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Licensing;
using MailPlus.Web.SignIn;

namespace MailPlus.Web.Admin.Licence;

/// <summary>Downloads the installed keys, one a line (LIC-12).</summary>
internal static class LicenceExport
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/admin/licence/keys.txt", WriteAsync).RequireAuthorization();

    private static async Task<IResult> WriteAsync(HttpContext context, WebSessions sessions, LicenceOperations licences)
    {
        var actor = await SignedInActor.OfAsync(context.User, sessions, context.RequestAborted);
        if (actor is not { IsAdministrator: true })
        {
            return Results.StatusCode(StatusCodes.Status403Forbidden);
        }

        var overview = await licences.GetAsync(actor, context.RequestAborted);
        return Results.File(Encoding.ASCII.GetBytes(string.Concat(overview.Keys.Select(key => key.Token + "\r\n"))), "text/plain", "licence-keys.txt");
    }
}
