using System.Globalization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Smtp.Wire;

/// <summary>Values of the MAIL parameters that say when and how urgently (RFC 2852, 4865, 6710). Pure.</summary>
internal static class TermParameters
{
    private const int MostDigits = 9;

    private static readonly string[] DateTimes = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>HOLDFOR: seconds (RFC 4865 3), null when malformed.</summary>
    public static TimeSpan? HoldFor(string? value) =>
        value is { Length: > 0 and <= MostDigits } && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>HOLDUNTIL: a date and time with its zone, null when malformed.</summary>
    public static Instant? HoldUntil(string? value) =>
        value is { Length: >= 20 and <= 40 } && DateTimeOffset.TryParseExact(value.ToUpperInvariant(), DateTimes, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time)
        && value[^1] is 'Z' or 'z' or (>= '0' and <= '9') && value.AsSpan(19).IndexOfAny("Zz+-") >= 0 ? Instant.From(time) : null;

    /// <summary>BY: by-time ";" by-mode [by-trace] (RFC 2852 4), null when malformed.</summary>
    public static (TimeSpan Time, DeliverByMode Mode, bool Traces)? By(string? value)
    {
        var semicolon = value?.IndexOf(';', StringComparison.Ordinal) ?? -1;
        if (value is null || semicolon <= 0)
        {
            return null;
        }

        var number = value.AsSpan(0, semicolon);
        var isNegative = number[0] == '-';
        number = number[0] is '-' or '+' ? number[1..] : number;
        if (number.Length is 0 or > MostDigits || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return null;
        }

        var (mode, traces) = value[(semicolon + 1)..].ToUpperInvariant() switch
        {
            "N" => (DeliverByMode.Notify, false),
            "NT" => (DeliverByMode.Notify, true),
            "R" => (DeliverByMode.Return, false),
            "RT" => (DeliverByMode.Return, true),
            _ => (DeliverByMode.None, false),
        };
        seconds = isNegative ? -seconds : seconds;
        return mode == DeliverByMode.None || mode == DeliverByMode.Return && seconds <= 0 ? null : (TimeSpan.FromSeconds(seconds), mode, traces);
    }

    /// <summary>MT-PRIORITY (RFC 6710), null when malformed.</summary>
    public static int? Priority(string? value) => value switch
    {
        [>= '0' and <= '9'] => value[0] - '0',
        ['-', >= '1' and <= '9'] => '0' - value[1],
        _ => null,
    };
}
