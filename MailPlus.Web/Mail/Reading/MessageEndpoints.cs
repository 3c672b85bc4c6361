using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Mail.Html;
using MailPlus.Web.Mail.MessageList;
using MailPlus.Web.Mail.Settings;
using MailPlus.Web.Shared;
using Microsoft.Extensions.Localization;
using MimeKit;

namespace MailPlus.Web.Mail.Reading;

/// <summary>
/// What the browser fetches of a message by itself: the frame's document, attachments, the original, the page to print. Everything is sandboxed, typed
/// strictly, and opened for its owner alone (WEB-052, WEB-054, WEB-055, WEB-206).
/// </summary>
internal static class MessageEndpoints
{
    private const int LongestHtml = 4_000_000;
    private const string Sandbox = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var messages = routes.MapGroup("/mail/message/{mailbox:long}/{uid}").RequireAuthorization().AddEndpointFilter<OwnMailFilter>();
        messages.MapGet("/body", BodyAsync);
        messages.MapGet("/print", PrintAsync);
        messages.MapGet("/part/{part:int}", PartAsync);
        messages.MapGet("/original", OriginalAsync);
        messages.MapGet("/download", DownloadAsync);
    }

    private static Task BodyAsync(HttpContext context, bool? images, bool? dark, bool? darkMessage) => WithMessageAsync(context, async opened =>
    {
        var allowed = images == true;
        var document = Document(opened, allowed, new FrameLook(dark == true, darkMessage == true), context);
        context.Response.Headers.ContentSecurityPolicy = FrameDocument.Policy(allowed);
        await SendAsync(context, document, "", "");
    });

    private static Task PrintAsync(HttpContext context, bool? images, IStringLocalizer<ReadingPane> words) => WithMessageAsync(context, async opened =>
    {
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var message = opened.Message;
        var viewer = new Viewer(context.Request.Cookies["mp-zone"]);
        var head = $"<header class=\"mp-print\"><h1>{Encode(message.Subject is { Length: > 0 } subject ? subject : words["NoSubject"])}</h1>"
            + Line(words["From"], message.From.ToString()) + Line(words["To"], message.To.ToString()) + Line(words["Cc"], message.Cc.ToString())
            + Line(words["Date"], message.Headers.Contains(HeaderId.Date) ? ListTime.Full(viewer, Instant.From(message.Date)) : "") + "</header>";
        var document = Document(opened, images == true, new FrameLook(false, false), context);
        context.Response.Headers.ContentSecurityPolicy = FrameDocument.PrintPolicy(images == true, nonce);
        await SendAsync(context, document, head, $"<script nonce=\"{nonce}\">addEventListener('load',()=>print())</script>");

        static string Line(string name, string value) => value.Length == 0 ? "" : $"<p><b>{Encode(name)}</b> {Encode(value)}</p>";
    });

    private static Task PartAsync(HttpContext context, int part) => WithMessageAsync(context, async opened =>
    {
        if (part < 0 || part >= opened.Parts.Count)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var entity = opened.Parts[part];

        // Only pictures keep their type, for previews; whatever else a stranger sent is octets to save.
        var type = FrameDocument.IsRaster(entity.ContentType) ? entity.ContentType.MimeType.ToLowerInvariant() : "application/octet-stream";
        Prepare(context, type, ReadMessage.FileNameOf(entity, part));
        if (entity is MessagePart { Message: { } inner })
        {
            await inner.WriteToAsync(context.Response.Body, context.RequestAborted);
        }
        else if (entity is MimePart { Content: { } content })
        {
            await content.DecodeToAsync(context.Response.Body, context.RequestAborted);
        }
    });

    private static Task OriginalAsync(HttpContext context, bool? headers) => WithMessageAsync(context, async opened =>
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = Sandbox;
        await using var raw = opened.OpenRaw();
        if (headers == true)
        {
            await CopyAsync(raw, context.Response.Body, opened.HeaderLength, context.RequestAborted);
        }
        else
        {
            await raw.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    });

    private static Task DownloadAsync(HttpContext context) => WithMessageAsync(context, async opened =>
    {
        var name = ReadMessage.CleanFileName(opened.Message.Subject ?? "");
        Prepare(context, "message/rfc822", (name.Length > 0 ? name : "message") + ".eml");
        context.Response.ContentLength = opened.Size;
        await using var raw = opened.OpenRaw();
        await raw.CopyToAsync(context.Response.Body, context.RequestAborted);
    });

    private static async Task WithMessageAsync(HttpContext context, Func<OpenedMessage, Task> send)
    {
        var store = OwnMailFilter.StoreOf(context);
        var mailbox = new MailboxId(long.Parse((string)context.Request.RouteValues["mailbox"]!, CultureInfo.InvariantCulture));
        OpenedMessage? opened = null;
        if (uint.TryParse((string?)context.Request.RouteValues["uid"], NumberStyles.None, CultureInfo.InvariantCulture, out var uid))
        {
            opened = await OpenedMessage.OpenAsync(store, mailbox, new Uid(uid), context.RequestAborted);
        }

        if (opened is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await using (opened)
        {
            // Nothing of a message stays in a shared browser's cache.
            context.Response.Headers.CacheControl = "private, no-store";
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            context.Response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
            await send(opened);
        }
    }

    private static FrameDocument Document(OpenedMessage opened, bool remoteImages, FrameLook look, HttpContext context)
    {
        var html = opened.Html?.Text;
        if (html is { Length: > 0 and <= LongestHtml })
        {
            return FrameDocument.FromHtml(html, opened.ByContentId(), remoteImages, look);
        }

        var text = opened.Text?.Text ?? "";
        if (html is { Length: > LongestHtml } && text.Length == 0)
        {
            // Tidying millions of characters would keep the server busy for one reader: the original is one click away.
            text = context.RequestServices.GetRequiredService<IStringLocalizer<ReadingPane>>()["TooLong"];
        }

        return FrameDocument.FromText(text.Length > LongestHtml ? text[..LongestHtml] : text, look);
    }

    private static async Task SendAsync(HttpContext context, FrameDocument document, string head, string foot)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        await document.WriteAsync(context.Response.Body, head, foot, context.RequestAborted);
    }

    private static void Prepare(HttpContext context, string type, string fileName)
    {
        context.Response.ContentType = type;
        context.Response.Headers.ContentSecurityPolicy = Sandbox;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        var disposition = new Microsoft.Net.Http.Headers.ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(fileName); // RFC 6266: an ASCII name and filename* as RFC 5987 says
        context.Response.Headers.ContentDisposition = disposition.ToString();
    }

    private static async Task CopyAsync(Stream from, Stream to, int octets, CancellationToken cancellationToken)
    {
        var buffer = new byte[16384];
        while (octets > 0)
        {
            var read = await from.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, octets)), cancellationToken);
            if (read == 0)
            {
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            octets -= read;
        }
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
