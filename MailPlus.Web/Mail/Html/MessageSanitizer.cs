using AngleSharp;
using AngleSharp.Dom;
using Ganss.Xss;

namespace MailPlus.Web.Mail.Html;

/// <summary>What may stay in a message's HTML.</summary>
public sealed record SanitizerPolicy
{
    /// <summary>Pictures from other servers may be fetched.</summary>
    public bool RemoteImages { get; init; }

    /// <summary>Style sheets inside the message stay (filtered); only where the message has a document of its own.</summary>
    public bool StyleSheets { get; init; } = true;

    /// <summary>The address to show for a picture inside the message, by Content-ID without brackets; null drops the picture.</summary>
    public Func<string, string?> Inline { get; init; } = _ => null;
}

/// <summary>Harmless HTML of a message.</summary>
/// <param name="Html">Content for a body element.</param>
/// <param name="BodyStyle">Style of the message's own body element, "" when it has none.</param>
/// <param name="BlockedRemote">True when something from another server was left out.</param>
public sealed record SanitizedHtml(string Html, string BodyStyle, bool BlockedRemote);

/// <summary>
/// Turns the HTML of a stranger into HTML that neither runs anything nor asks other servers for anything (WEB-052, WEB-053): an allow list of elements,
/// attributes, CSS properties and URL schemes. The document it is shown in is sandboxed by its own policy as well; neither relies on the other.
/// </summary>
public static class MessageSanitizer
{
    private static readonly HashSet<string> LinkSchemes = new(StringComparer.OrdinalIgnoreCase) { "http", "https", "mailto", "tel" };

    private static readonly string[] Tags =
    [
        "a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "body", "br", "caption", "center", "cite", "code",
        "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "fieldset", "figcaption", "figure", "font", "footer", "form", "h1", "h2",
        "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "i", "img", "ins", "kbd", "legend", "li", "main", "mark", "nav", "ol", "p", "pre", "q", "rp",
        "rt", "ruby", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
        "time", "tr", "tt", "u", "ul", "var", "wbr",
    ];

    private static readonly string[] Attributes =
    [
        "abbr", "align", "alt", "background", "bgcolor", "border", "bordercolor", "cellpadding", "cellspacing", "cite", "class", "clear", "color", "cols",
        "colspan", "compact", "datetime", "dir", "face", "frame", "headers", "height", "href", "hspace", "id", "lang", "noshade", "nowrap", "open", "reversed",
        "rowspan", "rules", "scope", "size", "span", "src", "start", "style", "summary", "title", "type", "valign", "value", "vspace", "width",
    ];

    /// <summary>Sanitises.</summary>
    public static SanitizedHtml Sanitize(string html, SanitizerPolicy policy)
    {
        var options = HtmlSanitizerOptions.Empty();
        options.AllowedTags = new HashSet<string>(policy.StyleSheets ? [.. Tags, "style"] : Tags, StringComparer.OrdinalIgnoreCase);
        options.AllowedAttributes = new HashSet<string>(Attributes, StringComparer.OrdinalIgnoreCase);
        // href is not among them: links are checked on their own below, so that a link's address never counts as a picture's.
        options.UriAttributes = new HashSet<string>(["src", "background", "cite"], StringComparer.OrdinalIgnoreCase);
        options.AllowedSchemes = new HashSet<string>(["http", "https", "cid", "data"], StringComparer.OrdinalIgnoreCase);
        options.AllowedCssProperties = HtmlSanitizerDefaults.AllowedCssProperties;
        options.AllowedAtRules = new HashSet<AngleSharp.Css.Dom.CssRuleType> { AngleSharp.Css.Dom.CssRuleType.Style, AngleSharp.Css.Dom.CssRuleType.Media };
        var sanitizer = new HtmlSanitizer(options);
        var blocked = false;
        sanitizer.FilterUrl += (_, url) =>
        {
            url.SanitizedUrl = Resource(url.OriginalUrl.Trim(), policy, out var remote);
            blocked |= remote;
        };

        // Parsed as a whole document, so that a body's colours and a head's style sheets are not lost.
        using var document = sanitizer.HtmlParserFactory().ParseDocument(html);
        sanitizer.SanitizeDom(document);
        if (document.Body is not { } body)
        {
            return new SanitizedHtml("", "", blocked);
        }

        foreach (var element in document.All)
        {
            Finish(element);
        }

        var bodyStyle = body.GetAttribute("style") ?? "";
        if (body.GetAttribute("bgcolor") is { Length: > 0 } colour && colour.All(c => char.IsAsciiLetterOrDigit(c) || c == '#'))
        {
            bodyStyle = $"background-color:{colour};{bodyStyle}";
        }

        foreach (var sheet in document.Head?.QuerySelectorAll("style").Reverse() ?? [])
        {
            body.Prepend(sheet);
        }

        return new SanitizedHtml(body.ChildNodes.ToHtml(HtmlSanitizer.DefaultOutputFormatter), bodyStyle, blocked);
    }

    private static string? Resource(string url, SanitizerPolicy policy, out bool remote)
    {
        remote = false;
        if (url.StartsWith("cid:", StringComparison.OrdinalIgnoreCase))
        {
            return policy.Inline(Uri.UnescapeDataString(url[4..]).Trim('<', '>'));
        }

        if (url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            // Raster pictures only: an SVG is a document of its own.
            return url.AsSpan(5).TrimStart() is var type && (type.StartsWith("image/png", StringComparison.OrdinalIgnoreCase)
                || type.StartsWith("image/jpeg", StringComparison.OrdinalIgnoreCase) || type.StartsWith("image/gif", StringComparison.OrdinalIgnoreCase)
                || type.StartsWith("image/webp", StringComparison.OrdinalIgnoreCase)) ? url : null;
        }

        // Whatever names a host counts as remote; "//host/x" takes the scheme of the page. A message has no base, so what is relative leads nowhere.
        var absolute = url.StartsWith("//", StringComparison.Ordinal) ? "https:" + url : url;
        if (!absolute.StartsWith("http:", StringComparison.OrdinalIgnoreCase) && !absolute.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        remote = !policy.RemoteImages;
        return policy.RemoteImages && Uri.TryCreate(absolute, UriKind.Absolute, out var address) ? address.AbsoluteUri : null;
    }

    private static void Finish(IElement element)
    {
        if (element.HasAttribute("href"))
        {
            var target = element.GetAttribute("href")!.Trim();
            if (!element.LocalName.Equals("a", StringComparison.Ordinal) || !IsLink(target))
            {
                element.RemoveAttribute("href");
            }
            else if (!target.StartsWith('#'))
            {
                element.SetAttribute("href", target);
                element.SetAttribute("target", "_blank");
                element.SetAttribute("rel", "noopener noreferrer");
            }
        }

        if (element.LocalName == "img")
        {
            // A picture that is not shown leaves its words, and one without words is not read out by its address.
            element.SetAttribute("alt", element.GetAttribute("alt") ?? "");
            element.SetAttribute("referrerpolicy", "no-referrer");
        }
    }

    private static bool IsLink(string target)
    {
        if (target.StartsWith('#'))
        {
            return true;
        }

        return Uri.TryCreate(target, UriKind.Absolute, out var address) && LinkSchemes.Contains(address.Scheme)
            && target.StartsWith(address.Scheme + ":", StringComparison.OrdinalIgnoreCase);
    }
}
