using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;

namespace MailPlus.Web.Mail.MessageList;

/// <summary>The short time of a list row: the hour today, the day this year, else the date; in the viewer's zone and language.</summary>
public static class ListTime
{
    /// <summary>Short form.</summary>
    public static string Short(Viewer viewer, Instant at, DateTimeOffset now)
    {
        var local = viewer.Local(at);
        var today = viewer.Local(Instant.From(now));
        var korean = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "ko";
        if (local.Date == today.Date)
        {
            return local.ToString("HH:mm", CultureInfo.InvariantCulture);
        }

        return local.Year == today.Year
            ? local.ToString(korean ? "M월 d일" : "MMM d", CultureInfo.CurrentCulture)
            : local.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    /// <summary>Full form with weekday, for the reading pane and on hover.</summary>
    public static string Full(Viewer viewer, Instant at)
    {
        var local = viewer.Local(at);
        return CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "ko"
            ? local.ToString("yyyy년 M월 d일 (ddd) HH:mm", CultureInfo.CurrentCulture)
            : local.ToString("ddd, MMM d, yyyy, HH:mm", CultureInfo.CurrentCulture);
    }
}
