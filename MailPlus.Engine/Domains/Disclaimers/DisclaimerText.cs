using System.Net;
using System.Text;
using MimeKit.Text;

namespace MailPlus.Engine.Domains.Disclaimers;

/// <summary>One form of a disclaimer's text made from the other.</summary>
public static class DisclaimerText
{
    /// <summary>HTML without its tags (DOM-119): what a reader sees, blocks on lines of their own.</summary>
    public static string ToPlain(string html)
    {
        var text = new StringBuilder();
        using var reader = new StringReader(html);
        var tokens = new HtmlTokenizer(reader) { DecodeCharacterReferences = true };
        var silent = 0;
        while (tokens.ReadNextToken(out var token))
        {
            switch (token)
            {
                case HtmlTagToken { Id: HtmlTagId.Script or HtmlTagId.Style or HtmlTagId.Title } tag:
                    silent = Math.Max(0, silent + (tag.IsEndTag ? -1 : tag.IsEmptyElement ? 0 : 1));
                    break;
                case HtmlTagToken { Id: HtmlTagId.Br or HtmlTagId.P or HtmlTagId.Div or HtmlTagId.LI or HtmlTagId.TR or HtmlTagId.HR or HtmlTagId.H1 or HtmlTagId.H2 or HtmlTagId.H3 } tag:
                    if (tag.Id == HtmlTagId.Br || (text.Length > 0 && text[^1] != '\n'))
                    {
                        text.Append('\n');
                    }

                    break;
                case HtmlDataToken data when silent == 0:
                    Append(text, data.Data);
                    break;
                default:
                    break;
            }
        }

        return text.ToString().Trim();
    }

    /// <summary>Plain text as HTML.</summary>
    public static string ToHtml(string plain) => WebUtility.HtmlEncode(plain.ReplaceLineEndings("\n")).Replace("\n", "<br>\r\n", StringComparison.Ordinal);

    private static void Append(StringBuilder text, string data)
    {
        foreach (var letter in data)
        {
            if (!char.IsWhiteSpace(letter))
            {
                text.Append(letter);
            }
            else if (text.Length > 0 && !char.IsWhiteSpace(text[^1]))
            {
                text.Append(' ');
            }
        }
    }
}
