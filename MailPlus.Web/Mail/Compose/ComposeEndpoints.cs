using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Mail.Html;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace MailPlus.Web.Mail.Compose;

/// <summary>
/// The compose window talks to the server by plain requests, so that neither a lost page connection nor a restarted server loses anything (design 8).
/// </summary>
internal static class ComposeEndpoints
{
    private const long LargestText = 8 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var compose = routes.MapGroup("/mail/compose").RequireAuthorization().AddEndpointFilter<OwnMailFilter>();
        compose.MapGet("/window", Window);
        compose.MapGet("/suggest", SuggestAsync);
        compose.MapPost("/start", StartAsync);
        compose.MapPost("/{id}/save", SaveAsync);
        compose.MapPost("/{id}/send", SendAsync);
        compose.MapPost("/{id}/discard", DiscardAsync);
        compose.MapPost("/{id}/attachment", UploadAsync);
        compose.MapPost("/{id}/attachment/{upload}/remove", RemoveAsync);
        compose.MapGet("/{id}/attachment/{upload}", ShowAsync);
    }

    /// <summary>The window's markup in the user's language, and the token every change has to carry.</summary>
    private static RazorComponentResult<ComposeWindow> Window(HttpContext context, IAntiforgery antiforgery)
    {
        var token = antiforgery.GetAndStoreTokens(context).RequestToken;
        return new RazorComponentResult<ComposeWindow>(new { Token = token }) { PreventStreamingRendering = true };
    }

    private static async Task<IResult> SuggestAsync(HttpContext context, string? q, Suggestions suggestions) =>
        Results.Json(await suggestions.FindAsync(OwnMailFilter.ActorOf(context), q ?? "", context.RequestAborted));

    private static async Task<IResult> StartAsync(HttpContext context, ComposeRequest request, ComposeStart start, ComposeSpool spool)
    {
        var writer = WriterOf(context);
        var begun = await start.BeginAsync(writer, OwnMailFilter.StoreOf(context), request, context.RequestAborted);
        return Results.Json(new
        {
            id = begun.State.Id,
            from = new ComposeAddress(writer.Account.DisplayName, writer.Account.PrimaryAddress.ToDisplayString()),
            begun.Content.To,
            begun.Content.Cc,
            begun.Content.Bcc,
            begun.Content.Subject,
            begun.Content.Html,
            attachments = begun.State.Uploads.Where(upload => !upload.Inline).Select(upload => Shown(begun.State.Id, upload)),
            limit = spool.Limit,
            draft = begun.State.Draft is not null,
        });
    }

    private static async Task<IResult> SaveAsync(HttpContext context, string id, ComposeContent content, ComposeDelivery delivery, TimeProvider clock)
    {
        LimitText(context);
        var writer = WriterOf(context);
        var state = await delivery.SaveAsync(writer, OwnMailFilter.StoreOf(context), id, content, context.RequestAborted);
        var time = writer.Viewer.Local(Instant.Now(clock)).ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture);
        return Results.Json(new { time, sent = state.Sent, mailbox = state.Draft?.Mailbox, uid = state.Draft?.Uid });
    }

    private static async Task<IResult> SendAsync(HttpContext context, string id, ComposeContent content, ComposeDelivery delivery)
    {
        LimitText(context);
        await delivery.SendAsync(WriterOf(context), OwnMailFilter.StoreOf(context), id, content, context.RequestAborted);
        return Results.Json(new { sent = true });
    }

    private static async Task<IResult> DiscardAsync(HttpContext context, string id, ComposeDelivery delivery)
    {
        await delivery.DiscardAsync(WriterOf(context), OwnMailFilter.StoreOf(context), id, context.RequestAborted);
        return Results.NoContent();
    }

    private static async Task<IResult> UploadAsync(HttpContext context, string id, string name, bool? inline, ComposeSpool spool)
    {
        // The body is the file itself; Kestrel's own limit is lifted to ours, which is enforced while reading.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = spool.Limit + 1;
        }

        var file = new IncomingFile(name, inline == true, context.Request.ContentLength ?? 0, context.Request.Body);
        var upload = await spool.AddAsync(OwnMailFilter.ActorOf(context), id, file, context.RequestAborted);
        return Results.Json(Shown(id, upload));
    }

    private static async Task<IResult> RemoveAsync(HttpContext context, string id, string upload, ComposeSpool spool)
    {
        await spool.RemoveAsync(OwnMailFilter.ActorOf(context), id, upload, context.RequestAborted);
        return Results.NoContent();
    }

    private static async Task<IResult> ShowAsync(HttpContext context, string id, string upload, ComposeSpool spool)
    {
        var actor = OwnMailFilter.ActorOf(context);
        var state = await spool.LoadAsync(actor, id, context.RequestAborted);
        if (state.Uploads.FirstOrDefault(known => known.Id == upload) is not { } found)
        {
            return Results.NotFound();
        }

        context.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        context.Response.Headers.CacheControl = "private, no-store";
        var isPicture = MimeKit.ContentType.TryParse(found.MediaType, out var type) && FrameDocument.IsRaster(type);
        return Results.Stream(spool.Open(actor, id, found), isPicture ? found.MediaType : "application/octet-stream", isPicture ? null : found.Name);
    }

    private static Writer WriterOf(HttpContext context)
    {
        var actor = OwnMailFilter.ActorOf(context);
        var account = context.RequestServices.GetRequiredService<IAddressBook>().Find(actor.Account!.Value)
            ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "SessionEnded"));
        return new Writer(actor, account, new Viewer(context.Request.Cookies["mp-zone"]));
    }

    private static void LimitText(HttpContext context)
    {
        if (context.Request.ContentLength > LargestText)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "TextTooLarge"));
        }
    }

    private static object Shown(string id, Upload upload) => new
    {
        upload.Id,
        upload.Name,
        size = Shared.Shown.Size(upload.Octets),
        octets = upload.Octets,
        upload.Inline,
        url = ComposeStart.AddressOf(id, upload.Id),
    };
}
