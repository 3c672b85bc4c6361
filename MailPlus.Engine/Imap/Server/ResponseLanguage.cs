using System.Globalization;
using System.Resources;

namespace MailPlus.Engine.Imap.Server;

/// <summary>A language that texts for people are said in (RFC 5255 3). What has no translation stays English, as RFC 2277 lets "i-default" be.</summary>
internal sealed class ResponseLanguage
{
    private static readonly ResourceManager Texts = new("MailPlus.Engine.Imap.Server.ResponseTexts", typeof(ResponseLanguage).Assembly);

    private const string CompletedEnding = " completed";

    private readonly CultureInfo _culture;

    private ResponseLanguage(string tag) => (Tag, _culture) = (tag, CultureInfo.GetCultureInfo(tag));

    /// <summary>Languages that may be chosen.</summary>
    public static IReadOnlyList<ResponseLanguage> All { get; } = [new("en"), new("ko")];

    /// <summary>Language tag.</summary>
    public string Tag { get; }

    /// <summary>The language of a range such as "ko" or "ko-KR": the range is cut from its end until it names one (RFC 4647 3.4).</summary>
    public static ResponseLanguage? Find(string range)
    {
        for (var rest = range; rest.Length > 0; rest = rest.LastIndexOf('-') is > 0 and var end ? rest[..end] : "")
        {
            if (All.FirstOrDefault(l => l.Tag.Equals(rest, StringComparison.OrdinalIgnoreCase)) is { } language)
            {
                return language;
            }
        }

        return null;
    }

    /// <summary>A text of a response, given in English.</summary>
    public string Translate(string english)
    {
        if (Texts.GetString(english, _culture) is { } text)
        {
            return text;
        }

        return english.EndsWith(CompletedEnding, StringComparison.Ordinal)
            ? string.Format(_culture, Texts.GetString("Completed", _culture)!, english[..^CompletedEnding.Length])
            : english;
    }

    /// <summary>A text out of a resource of refusals.</summary>
    public string? Translate(ResourceManager from, string key) => from.GetString(key, _culture);
}
