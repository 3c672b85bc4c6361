using System.Globalization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Shared;

/// <summary>How sizes, counts and times are written for people, in their language.</summary>
public static class Shown
{
    /// <summary>1,234 B stays small; KB and MB with one decimal (ui.md, Words).</summary>
    public static string Size(long octets)
    {
        var culture = CultureInfo.CurrentCulture;
        return octets switch
        {
            < 1024 => string.Create(culture, $"{octets:N0} B"),
            < 1024 * 1024 => string.Create(culture, $"{octets / 1024.0:N1} KB"),
            < 1024L * 1024 * 1024 => string.Create(culture, $"{octets / (1024.0 * 1024):N1} MB"),
            _ => string.Create(culture, $"{octets / (1024.0 * 1024 * 1024):N1} GB"),
        };
    }

    /// <summary>A count with the language's thousands separators.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.CurrentCulture);

    /// <summary>Date and time to the second, in the viewer's zone: what stands in tables of logs and on hover.</summary>
    public static string Exact(Viewer viewer, Instant instant) =>
        viewer.Local(instant).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
