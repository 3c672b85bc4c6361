using System.Globalization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Shared;

/// <summary>The person before the screen: language and time zone. Kept for the life of a page, so that a render started by a background event speaks their language.</summary>
public sealed class Viewer(string? zone)
{
    private readonly CultureInfo _culture = CultureInfo.CurrentUICulture;

    /// <summary>The zone times are shown in; UTC until the browser has told its own.</summary>
    public TimeZoneInfo Zone { get; private set; } = Find(zone);

    /// <summary>A time of the viewer's day.</summary>
    public DateTimeOffset Local(Instant instant) => TimeZoneInfo.ConvertTime(instant.ToDateTimeOffset(), Zone);

    /// <summary>The instant at which a day of the viewer begins.</summary>
    public Instant StartOf(DateOnly day)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);

        // A zone may skip midnight when summer time begins: the day then starts at the first valid minute.
        while (Zone.IsInvalidTime(midnight))
        {
            midnight = midnight.AddMinutes(15);
        }

        return Instant.From(new DateTimeOffset(midnight, Zone.GetUtcOffset(midnight)));
    }

    /// <summary>Makes the viewer's language current for whatever runs next in this flow.</summary>
    public void Speak()
    {
        CultureInfo.CurrentCulture = _culture;
        CultureInfo.CurrentUICulture = _culture;
    }

    internal void MoveTo(string zone) => Zone = Find(zone);

    private static TimeZoneInfo Find(string? zone) =>
        zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(Uri.UnescapeDataString(zone), out var found) ? found : TimeZoneInfo.Utc;
}
