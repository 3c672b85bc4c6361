using System.Globalization;
using MailPlus.Engine.Sieve.Runtime;
using MimeKit.Utils;

namespace MailPlus.Engine.Sieve.Extensions;

/// <summary>date (RFC 5260 4, 5).</summary>
internal static class DateExtension
{
    private static readonly HashSet<string> PartNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "year", "month", "day", "date", "julian", "hour", "minute", "second", "time", "iso8601", "std11", "zone", "weekday",
    };

    public static SieveExtension Extension { get; } = new("date",
    [
        new TestDefinition("date", Date)
        {
            Extension = "date",
            Parameters = [new("header name", ValueKind.Text), new("date part", ValueKind.Text), new("key list", ValueKind.Texts)],
            Tags = [.. Matching.Tags, .. FieldIndex.Tags, new("zone", ValueKind.Text, Group: "zone"), new("originalzone", Group: "zone")],
        },
        new TestDefinition("currentdate", Current)
        {
            Extension = "date",
            Parameters = [new("date part", ValueKind.Text), new("key list", ValueKind.Texts)],
            Tags = [.. Matching.Tags, new("zone", ValueKind.Text)],
        },
    ]);

    /// <summary>The part of a moment as RFC 5260 4.2 writes it; null for a part nobody knows.</summary>
    public static string? Part(DateTimeOffset moment, string part)
    {
        var zone = $"{(moment.Offset < TimeSpan.Zero ? '-' : '+')}{moment.Offset:hhmm}";
        return part.ToLowerInvariant() switch
        {
            "year" => Text("yyyy"),
            "month" => Text("MM"),
            "day" => Text("dd"),
            "date" => Text("yyyy-MM-dd"),
            "julian" => ((moment.Date - new DateTime(1858, 11, 17, 0, 0, 0, DateTimeKind.Unspecified)).Days).ToString(CultureInfo.InvariantCulture),
            "hour" => Text("HH"),
            "minute" => Text("mm"),
            "second" => Text("ss"),
            "time" => Text("HH:mm:ss"),
            "iso8601" => Text("yyyy-MM-ddTHH:mm:ss") + (moment.Offset < TimeSpan.Zero ? '-' : '+') + moment.Offset.ToString("hh\\:mm", CultureInfo.InvariantCulture),
            "std11" => Text("ddd, dd MMM yyyy HH:mm:ss ") + zone,
            "zone" => zone,
            "weekday" => ((int)moment.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            _ => null,
        };

        string Text(string format) => moment.ToString(format, CultureInfo.InvariantCulture);
    }

    private static SieveTest? Date(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (!Check(arguments, compiler, arguments.Text(1)) || !FieldIndex.Check(arguments, compiler) || Matching.Of(arguments, compiler, arguments.Texts(2)) is not { } matching)
        {
            return null;
        }

        return new AskTest((run, token) =>
        {
            List<string> values = [];
            foreach (var field in FieldIndex.Choose(run.Message.Named(arguments.Text(0).Expand(run)), arguments))
            {
                var text = field.Value;
                text = text[(text.LastIndexOf(';') + 1)..]; // the date of a Received field stands last
                if (DateUtils.TryParse(text, out var moment) && Part(Shift(moment, arguments, run), arguments.Text(1).Expand(run)) is { } value)
                {
                    values.Add(value);
                }
            }

            return matching.AnyAsync(run, values, arguments.Texts(2), token);
        });
    }

    private static SieveTest? Current(CompiledArguments arguments, SieveCompiler compiler)
    {
        if (!Check(arguments, compiler, arguments.Text(0)) || Matching.Of(arguments, compiler, arguments.Texts(1)) is not { } matching)
        {
            return null;
        }

        return new AskTest((run, token) =>
            matching.AnyAsync(run, Part(Shift(run.Now, arguments, run), arguments.Text(0).Expand(run)) is { } value ? [value] : [], arguments.Texts(1), token));
    }

    private static bool Check(CompiledArguments arguments, SieveCompiler compiler, SieveTemplate part)
    {
        if (part.Constant is { } name && !PartNames.Contains(name))
        {
            compiler.Error(arguments.Line, $"unknown part of a date '{name}'");
            return false;
        }

        if (arguments.TagText("zone")?.Constant is { } zone && Zone(zone) is null)
        {
            compiler.Error(arguments.Line, $"invalid time zone '{zone}'");
            return false;
        }

        return true;
    }

    private static DateTimeOffset Shift(DateTimeOffset moment, CompiledArguments arguments, SieveRun run)
    {
        if (arguments.Has("originalzone"))
        {
            return moment;
        }

        if (arguments.TagText("zone") is { } given && Zone(given.Expand(run)) is { } zone)
        {
            return moment.ToOffset(zone);
        }

        return run.Around.Localize(moment);
    }

    private static TimeSpan? Zone(string text) =>
        text.Length == 5 && text[0] is '+' or '-' && int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number / 100 <= 14 && number % 100 < 60
            ? new TimeSpan(number / 100, number % 100, 0) * (text[0] == '-' ? -1 : 1)
            : null;
}
