using System.Globalization;
using System.Text;

namespace MailPlus.Tests.Search;

/// <summary>Messages of random words in many scripts and forms, the same for the same seed.</summary>
internal sealed class RandomMail(int seed)
{
    private static readonly string[] Words =
    [
        "invoice", "Invoices", "meeting", "straße", "Straẞe", "café", "cafe\u0301", "ÉCOLE", "naïve", "ǅungla", "ﬁsh", "x-ray", "a_b", "C++", "foo@bar.example", "1,234.56",
        "회의", "견적서를", "안녕하세요", "프로젝트가", "각", "가", "서울특별시", "日本語", "東京都で", "データ", "ﾃﾞｰﾀ", "が", "か", "請求書", "会议", "發票", "简体中文信息", "𠮷野家",
        "привет", "ПРИВЕТ", "Ωμέγα", "مرحبا", "שלום", "हिन्दी", "ไทย", "😀", "naïvete\u0301\u0323", "o\u0323\u0302", "supercalifragilisticexpialidocioussupercalifragilisticexpialidocious",
        "\u00bd", "№5", "ｆｕｌｌ", "İstanbul", "ıi", "reply", "replies", "running", "run",
    ];

    private readonly Random _random = new(seed);

    public IReadOnlyList<string> AllWords => Words;

    public int Next(int below) => _random.Next(below);

    /// <summary>Words with all sorts of things between.</summary>
    public string Text(int words)
    {
        var text = new StringBuilder();
        for (var i = 0; i < words; i++)
        {
            var word = Words[_random.Next(Words.Length)];
            text.Append(_random.Next(6) switch
            {
                0 => word.ToUpperInvariant(),
                1 => word.Normalize(NormalizationForm.FormD),
                2 => word.Normalize(NormalizationForm.FormC),
                _ => word,
            });
            text.Append(_random.Next(9) switch { 0 => "", 1 => ", ", 2 => ".", 3 => "-", 4 => "\r\n", 5 => "  ", _ => " " });
        }

        return text.ToString().Trim();
    }

    /// <summary>A needle out of a text, or like one.</summary>
    public string Needle(string text)
    {
        if (_random.Next(4) == 0 || text.Length < 3)
        {
            return Words[_random.Next(Words.Length)];
        }

        var start = _random.Next(text.Length - 1);
        var length = Math.Min(1 + _random.Next(_random.Next(3) == 0 ? 40 : 8), text.Length - start);
        start -= char.IsLowSurrogate(text[start]) ? 1 : 0;
        length += start + length < text.Length && char.IsLowSurrogate(text[start + length]) ? 1 : 0;
        var piece = text.Substring(start, length).ReplaceLineEndings(" ");
        piece = _random.Next(5) switch
        {
            0 => piece.ToUpperInvariant(),
            1 => piece.ToLowerInvariant(),
            2 => piece.Normalize(NormalizationForm.FormC),
            3 => piece.Normalize(NormalizationForm.FormD),
            _ => piece,
        };
        return piece.Length == 0 ? "x" : piece;
    }

    /// <summary>A whole message.</summary>
    public byte[] Message(int number)
    {
        var subject = Text(4).ReplaceLineEndings(" ");
        var head = string.Create(CultureInfo.InvariantCulture, $"From: {Word(Text(1).ReplaceLineEndings(""))} <ann{number}@example.net>\r\nTo: bob@example.test\r\nMessage-ID: <{number}.abc@example.net>\r\nSubject: {Word(subject)}\r\nX-Note: {Word(Text(2).ReplaceLineEndings(" "))}\r\nMIME-Version: 1.0\r\n");
        if (_random.Next(8) == 0)
        {
            head = head.Replace("X-Note:", "X-Other:", StringComparison.Ordinal);
        }

        var body = Text(10 + _random.Next(40));
        if (_random.Next(4) > 0)
        {
            return Encoding.UTF8.GetBytes(head + Part("plain", body));
        }

        var html = $"<html><head><title>hidden</title></head><body class=\"x{number}\"><p>{Text(8)}</p><b>bo</b>ld &amp; {Text(3)}</body></html>";
        return Encoding.UTF8.GetBytes($"{head}Content-Type: multipart/alternative; boundary=\"=b\"\r\n\r\n--=b\r\n{Part("plain", body)}\r\n--=b\r\n{Part("html", html)}\r\n--=b--\r\n");
    }

    private static string Word(string text) => text.All(char.IsAscii) ? text : $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}?=";

    private string Part(string kind, string text)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        return _random.Next(3) switch
        {
            0 => $"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{Convert.ToBase64String(octets, Base64FormattingOptions.InsertLineBreaks)}\r\n",
            1 => $"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{QuotedPrintable(octets)}\r\n",
            _ => $"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n",
        };
    }

    private static string QuotedPrintable(byte[] octets)
    {
        var text = new StringBuilder();
        var column = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            var c = octets[i];
            if (c == '\r' || c == '\n')
            {
                text.Append((char)c);
                column = 0;
                continue;
            }

            if (column > 70)
            {
                text.Append("=\r\n");
                column = 0;
            }

            var form = c is > 32 and < 127 and not (byte)'=' ? ((char)c).ToString() : $"={c:X2}";
            text.Append(form);
            column += form.Length;
        }

        return text.ToString();
    }
}
