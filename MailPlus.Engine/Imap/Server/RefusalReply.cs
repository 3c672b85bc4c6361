using System.Globalization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Imap.Server;

/// <summary>The one place that turns a refusal into an IMAP response (RFC 5530 codes).</summary>
internal static class RefusalReply
{
    private static readonly System.Resources.ResourceManager Texts = new("MailPlus.Engine.Primitives.Refusals", typeof(Refusal).Assembly);

    public static Completion Of(Refusal refusal, string? missingMailboxCode = null) => refusal.Kind switch
    {
        RefusalKind.NotAllowed => No(refusal, "NOPERM"),
        RefusalKind.AuthenticationFailed => No(refusal, "AUTHENTICATIONFAILED"),
        RefusalKind.Throttled => No(refusal, "UNAVAILABLE"),
        RefusalKind.NotFound when refusal.Field == "URL" => No(refusal, BadUrl(refusal.Arguments[0])),
        RefusalKind.NotFound => No(refusal, missingMailboxCode ?? "NONEXISTENT"),
        RefusalKind.AlreadyExists => No(refusal, "ALREADYEXISTS"),
        RefusalKind.Invalid when refusal.Field == "CHARSET" => No(refusal, "BADCHARSET (UTF-8 US-ASCII)"),
        RefusalKind.Invalid when refusal.Field == "CTE" => No(refusal, "UNKNOWN-CTE"),
        RefusalKind.TooLarge when refusal.Field == "METADATA" => No(refusal, "METADATA MAXSIZE " + refusal.Arguments[0]),
        RefusalKind.TooMany when refusal.Field == "METADATA" => No(refusal, "METADATA TOOMANY"),
        RefusalKind.OverQuota => No(refusal, "OVERQUOTA"),
        RefusalKind.TooLarge => No(refusal, "TOOBIG"),
        RefusalKind.TooMany => No(refusal, "LIMIT"),
        RefusalKind.Conflict => No(refusal, "INUSE"),
        RefusalKind.Unavailable when refusal.IsStorageFull => No(refusal, "OVERQUOTA"), // whoever's the limit is (RFC 5530 3)
        RefusalKind.Unavailable => No(refusal, "UNAVAILABLE"),
        _ => No(refusal, "CANNOT"),
    };

    /// <summary>The URL as it came, where it can stand in a response code (RFC 4469 4.1).</summary>
    private static string BadUrl(string url) => url.All(c => c is > ' ' and <= '~' and not (']' or '"' or '\\')) ? $"BADURL \"{url}\"" : "BADURL \"\"";

    private static Completion No(Refusal refusal, string code) => Completion.No(Text(refusal, null), code);

    /// <summary>The text for people. Protocols speak English whatever the server's culture is, unless the client asks for another language.</summary>
    public static string Text(Refusal refusal, ResponseLanguage? language)
    {
        var text = (language is null ? Texts.GetString(refusal.TextKey, CultureInfo.InvariantCulture) : language.Translate(Texts, refusal.TextKey)) ?? "Refused";
        return refusal.Arguments.Count == 0 ? text : string.Format(CultureInfo.InvariantCulture, text, [.. refusal.Arguments]);
    }
}
