namespace MailPlus.Web.SignIn;

/// <summary>The cookie that carries the token of a web session.</summary>
public static class SessionCookie
{
    internal const string Name = "mp-session";
    internal const string Scheme = "session";

    // The session itself ends by the idle time of the settings; the cookie only must not die before it.
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Hands the token to the browser.</summary>
    public static void Write(HttpContext context, string token) => context.Response.Cookies.Append(Name, token, Options(context, Kept));

    /// <summary>The token the browser sent, null when none.</summary>
    public static string? Read(HttpContext context) => context.Request.Cookies[Name] is { Length: > 0 and <= 200 } token ? token : null;

    internal static void Remove(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context, null));

    private static CookieOptions Options(HttpContext context, TimeSpan? kept) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps, // plain HTTP is let in on loopback only
        IsEssential = true,
        MaxAge = kept,
        Path = "/",
    };
}
