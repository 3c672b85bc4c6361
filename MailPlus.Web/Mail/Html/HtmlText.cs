using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace MailPlus.Web.Mail.Html;

/// <summary>The plain-text twin of HTML written in the editor, and the readable text of an HTML-only message.</summary>
public static class HtmlText
{
    private const int MaximumDepth = 200;

    private static readonly HashSet<string> Skipped = new(StringComparer.Ordinal) { "script", "style", "head", "title", "template", "noscript" };

    private static readonly HashSet<string> Blocks = new(StringComparer.Ordinal)
    {
        "address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
    };

    /// <summary>Text with "> " before quoted lines, bullets before list items, the address after a link whose words do not show it.</summary>
    public static string From(string html)
    {
        using var document = new HtmlParser().ParseDocument(html);
        var writer = new Writer();
        if (document.Body is { } body)
        {
            Walk(body, writer, "", 0);
        }

        return writer.ToString();
    }

    private static void Walk(INode parent, Writer writer, string prefix, int depth)
    {
        if (depth > MaximumDepth)
        {
            return;
        }

        var item = 0;
        foreach (var node in parent.ChildNodes)
        {
            if (node is IText text)
            {
                writer.Text(text.Data, prefix, keepSpaces: parent is IElement { LocalName: "pre" });
            }
            else if (node is IElement element && !Skipped.Contains(element.LocalName))
            {
                Element(element, writer, prefix, depth, ref item);
            }
        }
    }

    private static void Element(IElement element, Writer writer, string prefix, int depth, ref int item)
    {
        switch (element.LocalName)
        {
            case "br":
                writer.Break(prefix);
                return;
            case "img":
                writer.Text(element.GetAttribute("alt") is { Length: > 0 } words ? $"[{words}]" : "", prefix, keepSpaces: false);
                return;
            case "hr":
                writer.EndLine();
                writer.Text("----", prefix, keepSpaces: false);
                writer.EndLine();
                return;
            case "blockquote":
                writer.EndLine();
                Walk(element, writer, prefix + "> ", depth + 1);
                writer.EndLine();
                return;
            case "li":
                writer.EndLine();
                item++;
                var bullet = element.ParentElement?.LocalName == "ol" ? $"{item}. " : "- ";
                writer.Text(bullet, prefix, keepSpaces: true);
                Walk(element, writer, prefix, depth + 1);
                writer.EndLine();
                return;
            case "td" or "th":
                Walk(element, writer, prefix, depth + 1);
                writer.Text(" ", prefix, keepSpaces: false);
                return;
            case "a":
                Walk(element, writer, prefix, depth + 1);
                if (element.GetAttribute("href") is { Length: > 0 } target && target.StartsWith("http", StringComparison.OrdinalIgnoreCase)
                    && !element.TextContent.Contains(target.TrimEnd('/'), StringComparison.OrdinalIgnoreCase))
                {
                    writer.Text($" <{target}>", prefix, keepSpaces: false);
                }

                return;
        }

        var block = Blocks.Contains(element.LocalName);
        if (block)
        {
            writer.EndLine();
        }

        Walk(element, writer, prefix, depth + 1);
        if (block)
        {
            writer.EndLine();
            if (element.LocalName is "p" or "h1" or "h2" or "h3" or "h4" or "h5" or "h6")
            {
                writer.Blank(prefix);
            }
        }
    }

    private sealed class Writer
    {
        private readonly StringBuilder _text = new();
        private readonly StringBuilder _line = new();
        private bool _open;
        private bool _blankWanted;
        private string _blankPrefix = "";

        public void Text(string data, string prefix, bool keepSpaces)
        {
            foreach (var c in data)
            {
                if (keepSpaces && c is '\n')
                {
                    Break(prefix);
                    continue;
                }

                var space = c is ' ' or '\t' or '\r' or '\n';
                if (space && !keepSpaces && (!_open || _line.Length == 0 || _line[^1] == ' '))
                {
                    continue;
                }

                Open(prefix);
                _line.Append(space ? ' ' : c == '\u00a0' ? ' ' : c);
            }
        }

        public void Break(string prefix)
        {
            Open(prefix);
            EndLine();
        }

        public void EndLine()
        {
            if (_open)
            {
                _text.Append(_line.ToString().TrimEnd()).Append('\n');
                _line.Clear();
                _open = false;
            }
        }

        public void Blank(string prefix)
        {
            _blankWanted = _text.Length > 0;
            _blankPrefix = prefix;
        }

        public override string ToString()
        {
            EndLine();
            return _text.ToString().TrimEnd('\n') + "\n";
        }

        private void Open(string prefix)
        {
            if (_open)
            {
                return;
            }

            if (_blankWanted)
            {
                // The line between two paragraphs belongs to the shallower of the two quotes.
                _text.Append((_blankPrefix.Length < prefix.Length ? _blankPrefix : prefix).TrimEnd()).Append('\n');
                _blankWanted = false;
            }

            _open = true;
            _line.Append(prefix);
        }
    }
}
