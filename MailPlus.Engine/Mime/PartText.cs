using System.Text;
using MimeKit;
using MimeKit.Encodings;
using MimeKit.Text;

namespace MailPlus.Engine.Mime;

/// <summary>The content of parts as octets or text: transfer encoding and charset undone, HTML stripped.</summary>
internal static class PartText
{
    /// <summary>The type as MimeKit reads it, parameters decoded; text/plain where it is absent.</summary>
    public static ContentType TypeOf(Part part) =>
        part.Fields[HeaderId.ContentType] is { } raw && ContentType.TryParse(raw, out var type) ? type : new ContentType(part.Type, part.Subtype);

    /// <summary>The declared charset, null when there is none.</summary>
    public static string? CharsetOf(Part part) => TypeOf(part).Charset;

    /// <summary>Decoder of the part's transfer encoding, null when the octets are as they are.</summary>
    public static IMimeDecoder? DecoderOf(Part part) => part.Encoding switch
    {
        "BASE64" => new Base64Decoder(),
        "QUOTED-PRINTABLE" => new QuotedPrintableDecoder(),
        "X-UUENCODE" or "UUENCODE" or "X-UUE" => new UUDecoder(),
        _ => null,
    };

    /// <summary>The first text of a part, at most about so many octets of the encoded form.</summary>
    public static string Read(MessageContent content, Part part, int maximumOctets)
    {
        var size = (int)Math.Min(part.Size, maximumOctets);
        if (size == 0)
        {
            return "";
        }

        byte[] octets;
        int start;
        if (content.InMemory is { } memory && System.Runtime.InteropServices.MemoryMarshal.TryGetArray(memory, out var segment))
        {
            (octets, start) = (segment.Array!, segment.Offset + (int)part.BodyStart);
        }
        else
        {
            (octets, start) = (new byte[size], 0);
            using var stream = content.OpenRead();
            stream.Position = part.BodyStart;
            size = stream.ReadAtLeast(octets, size, throwOnEndOfStream: false);
        }

        var decoder = DecoderOf(part);
        if (decoder is null)
        {
            return CharsetGuess.Decode(octets.AsSpan(start, size), CharsetOf(part));
        }

        var decoded = new byte[decoder.EstimateOutputLength(size)];
        var length = decoder.Decode(octets, start, size, decoded);
        return CharsetGuess.Decode(decoded.AsSpan(0, length), CharsetOf(part));
    }

    /// <summary>The readable text of HTML: no tags, scripts or styles, entities decoded, blocks separated by line ends; at most so many characters.</summary>
    public static string StripHtml(string html, int maximum)
    {
        var text = new StringBuilder(Math.Min(maximum, html.Length));
        using var reader = new StringReader(html);
        var tokenizer = new HtmlTokenizer(reader) { DecodeCharacterReferences = true };
        var hidden = 0;
        while (text.Length < maximum && tokenizer.ReadNextToken(out var token))
        {
            switch (token)
            {
                case HtmlTagToken { Id: HtmlTagId.Script or HtmlTagId.Style or HtmlTagId.Title or HtmlTagId.Head } tag when !tag.IsEmptyElement:
                    hidden = Math.Max(0, hidden + (tag.IsEndTag ? -1 : 1));
                    break;
                case HtmlTagToken { Id: HtmlTagId.Body }:
                    hidden = 0;
                    break;
                case HtmlTagToken { Id: HtmlTagId.Br or HtmlTagId.P or HtmlTagId.Div or HtmlTagId.TR or HtmlTagId.LI or HtmlTagId.H1 or HtmlTagId.H2 or HtmlTagId.H3 or HtmlTagId.Table }:
                    text.Append('\n');
                    break;
                case HtmlTagToken { Id: HtmlTagId.TD or HtmlTagId.TH }:
                    text.Append(' ');
                    break;
                case HtmlDataToken { Kind: HtmlTokenKind.Data } data when hidden == 0:
                    text.Append(data.Data);
                    break;
            }
        }

        return text.Length > maximum ? text.ToString(0, maximum) : text.ToString();
    }
}
