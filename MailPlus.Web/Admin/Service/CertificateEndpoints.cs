using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Tls;
using MailPlus.Web.SignIn;
using Microsoft.AspNetCore.Antiforgery;

namespace MailPlus.Web.Admin.Service;

/// <summary>Takes certificate files: uploads go by plain requests, not through the live page. What was refused comes back in the address.</summary>
internal static class CertificateEndpoints
{
    private const string Page = "/admin/service?tab=certificate";
    private const int LargestFile = 256 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/admin/service/certificate", (HttpContext context, IAntiforgery antiforgery, WebSessions sessions, CertificateStore store) =>
            ChangeAsync(context, antiforgery, sessions, actor => UploadAsync(context, store, actor))).RequireAuthorization();
        routes.MapPost("/admin/service/certificate/self-signed", (HttpContext context, IAntiforgery antiforgery, WebSessions sessions, CertificateStore store) =>
            ChangeAsync(context, antiforgery, sessions, actor =>
            {
                store.UseSelfSigned(actor);
                return Task.CompletedTask;
            })).RequireAuthorization();
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, IAntiforgery antiforgery, WebSessions sessions, Func<Actor, Task> change)
    {
        await antiforgery.ValidateRequestAsync(context);
        if (await SignedInActor.OfAsync(context.User, sessions, context.RequestAborted) is not { } actor)
        {
            return Results.LocalRedirect("/signin");
        }

        try
        {
            await change(actor);
            return Results.LocalRedirect(Page + "&done=true");
        }
        catch (RefusedException refused)
        {
            return Results.LocalRedirect($"{Page}&refused={Uri.EscapeDataString(refused.Refusal.TextKey)}&kind={refused.Refusal.Kind}&field={Uri.EscapeDataString(refused.Refusal.Field ?? "")}");
        }
    }

    private static async Task UploadAsync(HttpContext context, CertificateStore store, Actor actor)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var certificate = await ReadAsync(form.Files["certificate"], "Certificate", context.RequestAborted);
        var password = form["password"].ToString() is { Length: > 0 } text ? text : null;

        // A PEM file is text; anything else is taken for PKCS #12, which holds the key itself.
        if (certificate.AsSpan().IndexOf("-----BEGIN"u8) < 0)
        {
            store.UploadPfx(actor, certificate, password);
            return;
        }

        var pem = System.Text.Encoding.UTF8.GetString(certificate);
        var key = form.Files["key"] is { Length: > 0 } file
            ? System.Text.Encoding.UTF8.GetString(await ReadAsync(file, "Key", context.RequestAborted))
            : pem;
        store.UploadPem(actor, pem, key, password);
    }

    private static async Task<byte[]> ReadAsync(IFormFile? file, string field, CancellationToken cancellationToken)
    {
        if (file is null || file.Length == 0)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "FileMissing") { Field = field });
        }

        if (file.Length > LargestFile)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "FileTooLarge") { Field = field });
        }

        await using var stream = file.OpenReadStream();
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, cancellationToken);
        return copy.ToArray();
    }
}
