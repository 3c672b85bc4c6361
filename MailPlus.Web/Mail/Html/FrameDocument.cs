using System.Text;
using System.Text.RegularExpressions;
using MimeKit;

namespace MailPlus.Web.Mail.Html;

/// <summary>How the frame shows a message.</summary>
/// <param name="Dark">The page around it is dark.</param>
/// <param name="DarkMessage">HTML of the message is darkened too, instead of standing on a light sheet.</param>
public sealed record FrameLook(bool Dark, bool DarkMessage);

/// <summary>
/// The document of the message frame: sanitised content, a small style sheet, pictures of the message itself as data. Its answer carries a policy that
/// gives it an origin of its own, runs no script, submits no form and loads nothing but (when allowed) pictures (WEB-052, WEB-206).
/// </summary>
public sealed partial class FrameDocument
{
    private const long LargestInline = 8 * 1024 * 1024;
    private const long LargestInlineTotal = 24 * 1024 * 1024;

    private readonly List<MimePart> _inline = [];
    private readonly string _content;
    private readonly FrameLook _look;
    private readonly bool _isHtml;

    private FrameDocument(string content, string bodyStyle, bool isHtml, FrameLook look)
    {
        _content = content;
        BodyStyle = bodyStyle;
        _isHtml = isHtml;
        _look = look;
    }

    private string BodyStyle { get; set; }

    /// <summary>Something from another server was left out.</summary>
    public bool BlockedRemote { get; private set; }

    /// <summary>The Content-Security-Policy of the answer.</summary>
    public static string Policy(bool remoteImages) =>
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        + $"img-src data:{(remoteImages ? " http: https:" : "")}; form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

    /// <summary>The policy of the page that is printed: as above, and the one script with this nonce, which opens the print dialog.</summary>
    public static string PrintPolicy(bool remoteImages, string nonce) =>
        Policy(remoteImages).Replace("sandbox ", "sandbox allow-scripts allow-modals ", StringComparison.Ordinal) + $"; script-src 'nonce-{nonce}'";

    /// <summary>From an HTML body; <paramref name="parts"/> are the message's pictures by Content-ID.</summary>
    public static FrameDocument FromHtml(string html, IReadOnlyDictionary<string, MimePart> parts, bool remoteImages, FrameLook look)
    {
        var inline = new List<MimePart>();
        var total = 0L;
        var clean = MessageSanitizer.Sanitize(html, new SanitizerPolicy
        {
            RemoteImages = remoteImages,
            Inline = id =>
            {
                if (!parts.TryGetValue(id, out var part) || !IsRaster(part.ContentType) || part.Content is null)
                {
                    return null;
                }

                var length = part.Content.Stream?.Length ?? long.MaxValue;
                if (length > LargestInline || total > LargestInlineTotal - length)
                {
                    return null;
                }

                total += length;
                inline.Add(part);
                return $"https://inline.invalid/mailplus-{inline.Count - 1}-";
            },
        });
        var document = new FrameDocument(clean.Html, clean.BodyStyle, isHtml: true, look) { BlockedRemote = clean.BlockedRemote };
        document._inline.AddRange(inline);
        return document;
    }

    /// <summary>From a text body.</summary>
    public static FrameDocument FromText(string text, FrameLook look) => new(PlainText.ToHtml(text), "", isHtml: false, look);

    /// <summary>Pictures every browser draws and that hold no script.</summary>
    public static bool IsRaster(ContentType type) =>
        type.IsMimeType("image", "png") || type.IsMimeType("image", "jpeg") || type.IsMimeType("image", "gif") || type.IsMimeType("image", "webp");

    /// <summary>Writes the document; pictures are encoded on the way, never held whole.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="head">HTML put before the message (already safe), "" in the frame.</param>
    /// <param name="foot">HTML put after it (already safe).</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task WriteAsync(Stream output, string head, string foot, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false), 16384, leaveOpen: true);
        var kind = (_isHtml ? "html" : "text") + (_look.Dark ? " dark" : "") + (_look is { Dark: true, DarkMessage: true } && _isHtml ? " invert" : "");
        await writer.WriteAsync($"<!DOCTYPE html><html class=\"{kind}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
            + $"<meta name=\"referrer\" content=\"no-referrer\"><title>MailPlus</title><style>{Style}</style></head><body>{head}<main style=\"{Attribute(BodyStyle)}\">");
        var at = 0;
        foreach (Match mark in InlineMarks().Matches(_content))
        {
            var index = int.Parse(mark.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
            if (index >= _inline.Count)
            {
                continue;
            }

            await writer.WriteAsync(_content.AsMemory(at, mark.Index - at), cancellationToken);
            at = mark.Index + mark.Length;
            var part = _inline[index];
            await writer.WriteAsync($"data:{part.ContentType.MimeType.ToLowerInvariant()};base64,");
            await writer.FlushAsync(cancellationToken);
            await using var base64 = new System.Security.Cryptography.CryptoStream(
                output, new System.Security.Cryptography.ToBase64Transform(), System.Security.Cryptography.CryptoStreamMode.Write, leaveOpen: true);
            await part.Content!.DecodeToAsync(base64, cancellationToken);
            await base64.FlushFinalBlockAsync(cancellationToken);
        }

        await writer.WriteAsync(_content.AsMemory(at), cancellationToken);
        await writer.WriteAsync($"</main>{foot}</body></html>");
    }

    private static string Attribute(string value) =>
        value.Replace("&", "&amp;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    [GeneratedRegex(@"https://inline\.invalid/mailplus-(\d{1,4})-", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex InlineMarks();

    // The frame is another origin and cannot load the page's style sheets; these few colours repeat the tokens of wwwroot-assets/src/css/tokens.css.
    private const string Style = """
        :root{color-scheme:light}html{background:#fff;color:#191d24}
        body{margin:0;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans CJK KR","Noto Sans KR","Malgun Gothic",sans-serif;overflow-wrap:anywhere}
        main{padding:16px 20px 24px;min-height:calc(100vh - 40px)}
        img{max-width:100%;height:auto}img:not([src]){display:inline-block;min-width:16px;min-height:16px;padding:2px 6px;border:1px dashed #b4bcc8;border-radius:4px;color:#5d6673;font-size:12px}
        table{max-width:100%}pre{white-space:pre-wrap}a{color:#2158c9}
        blockquote{margin:8px 0;padding:0 0 0 12px;border-left:2px solid #c9d0da;color:#454d5a}
        .text main{white-space:pre-wrap}.text .q{padding-left:12px;border-left:2px solid #c9d0da;color:#454d5a}
        .text .q2{margin-left:14px}.text .q3{margin-left:28px}.text .q4{margin-left:42px}.text .q5,.text .q6,.text .q7,.text .q8,.text .q9{margin-left:56px}
        .text.dark{color-scheme:dark;background:#191d23;color:#e5e8ed}.text.dark a{color:#86acf4}.text.dark .q{border-color:#515b69;color:#b9c0ca}
        .html.invert{filter:invert(.92) hue-rotate(180deg)}.html.invert img,.html.invert [style*="url("]{filter:invert(1) hue-rotate(180deg)}
        .mp-print{padding:20px 20px 12px;border-bottom:1px solid #e2e5ea}.mp-print h1{font-size:18px;margin:0 0 8px}.mp-print p{margin:2px 0;font-size:13px;color:#454d5a}
        @media (max-width:599px){main{padding:12px 16px 20px}.html table{width:auto!important;max-width:100%!important}.html td,.html th{max-width:100%}.html img{height:auto!important}}
        @media print{main{padding:12px 0;min-height:0}}
        """;
}
