using System.Globalization;
using Microsoft.AspNetCore.Localization;

namespace MailPlus.Web.Shared;

/// <summary>The languages of the product and the address that switches to one.</summary>
public static class Languages
{
    internal const string Cookie = "mp-language";

    /// <summary>Code and own name of each, in menu order.</summary>
    public static IReadOnlyList<(string Code, string Name)> Names { get; } = [("en", "English"), ("ko", "한국어")];

    /// <summary>The language of the present flow.</summary>
    public static string Current => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "ko" ? "ko" : "en";

    /// <summary>A link that switches the language and comes back.</summary>
    public static string Address(string code, string returnTo) =>
        $"/language?to={code}&return={Uri.EscapeDataString(returnTo)}";

    internal static RequestLocalizationOptions Options()
    {
        var options = new RequestLocalizationOptions().SetDefaultCulture("en")
            .AddSupportedCultures("en", "ko").AddSupportedUICultures("en", "ko");
        options.RequestCultureProviders =
        [
            new CookieRequestCultureProvider { CookieName = Cookie },
            new AcceptLanguageHeaderRequestCultureProvider(),
        ];
        return options;
    }

    internal static IResult Switch(HttpContext context, string to, string? @return)
    {
        if (Names.Any(language => language.Code == to))
        {
            context.Response.Cookies.Append(Cookie, CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(to)), new CookieOptions
            {
                MaxAge = TimeSpan.FromDays(365),
                SameSite = SameSiteMode.Lax,
                HttpOnly = true,
                Secure = context.Request.IsHttps,
                IsEssential = true,
            });
        }

        return Results.LocalRedirect(LocalAddress.OrHome(@return));
    }
}
