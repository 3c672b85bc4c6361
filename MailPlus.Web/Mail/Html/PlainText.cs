using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;

namespace MailPlus.Web.Mail.Html;

/// <summary>Shows plain text as HTML: spaces and lines kept, quotes by depth, web and mail addresses as links.</summary>
public static partial class PlainText
{
    private const int MaximumQuoteDepth = 9;

    /// <summary>HTML of a text body; each line is a block whose class "q1" to "q9" is its quote depth.</summary>
    public static string ToHtml(string text)
    {
        var html = new StringBuilder(text.Length + text.Length / 4);
        foreach (var line in text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            var depth = QuoteDepth(line, out var start);
            html.Append(depth > 0 ? $"<div class=\"q q{depth}\">" : "<div>");
            var content = line.AsSpan(start);
            if (content.IsWhiteSpace())
            {
                html.Append("<br>");
            }
            else
            {
                AppendLinked(html, content.ToString());
            }

            html.Append("</div>");
        }

        return html.ToString();
    }

    private static int QuoteDepth(string line, out int start)
    {
        var depth = 0;
        start = 0;
        for (var at = 0; at < line.Length && depth < MaximumQuoteDepth; at++)
        {
            if (line[at] == '>')
            {
                depth++;
                start = at + 1;
            }
            else if (line[at] != ' ' || depth == 0)
            {
                break;
            }
        }

        if (depth > 0 && start < line.Length && line[start] == ' ')
        {
            start++;
        }

        return depth;
    }

    private static void AppendLinked(StringBuilder html, string text)
    {
        var at = 0;
        foreach (Match match in Addresses().Matches(text))
        {
            html.Append(Escape(text[at..match.Index]));
            var address = match.Value;
            var target = address.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? address
                : address.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? "https://" + address
                : "mailto:" + address;
            html.Append("<a href=\"").Append(HtmlEncoder.Default.Encode(target)).Append("\" target=\"_blank\" rel=\"noopener noreferrer\">").Append(Escape(address)).Append("</a>");
            at = match.Index + match.Length;
        }

        html.Append(Escape(text[at..]));
    }

    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal);

    // A time limit, because the text is a stranger's; the pattern itself does not backtrack far.
    [GeneratedRegex("""(?:https?://|www\.)[^\s<>"'\u3000]{1,2000}[^\s<>"'\u3000.,;:!?)\]}]|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}""", RegexOptions.CultureInvariant, 2000)]
    private static partial Regex Addresses();
}
