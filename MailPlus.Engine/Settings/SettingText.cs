using System.Collections;
using System.Globalization;
using System.Text.Json;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>
/// The text form of setting values, for the command line, REST and diffs: numbers with '.', <c>true</c>/<c>false</c>, enum names, lists joined by commas, listeners as
/// <c>on:25</c> or <c>off:25</c>. Lists may also be given as JSON arrays.
/// </summary>
internal static class SettingText
{
    private const int MaximumItems = 1000;

    internal static string Format(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        ListenerSetting listener => string.Create(CultureInfo.InvariantCulture, $"{(listener.Enabled ? "on" : "off")}:{listener.Port}"),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable<INamedRule> rules => RuleText.Format(rules),
        IEnumerable list => string.Join(",", list.Cast<object?>().Select(Format)),
        _ => value.ToString() ?? "",
    };

    /// <param name="type">The setting's type.</param>
    /// <param name="text">The text.</param>
    /// <param name="present">Its value now: a listener given as <c>on</c> or <c>off</c> keeps its port.</param>
    /// <param name="value">The value read.</param>
    internal static bool TryParse(Type type, string text, object? present, out object? value)
    {
        value = null;
        var trimmed = text.Trim();
        if (type == typeof(string))
        {
            value = text;
        }
        else if (type == typeof(bool))
        {
            value = trimmed.ToUpperInvariant() switch { "TRUE" or "ON" or "YES" or "1" => true, "FALSE" or "OFF" or "NO" or "0" => false, _ => null };
        }
        else if (type.IsEnum)
        {
            value = !char.IsAsciiDigit(trimmed.FirstOrDefault()) && Enum.TryParse(type, trimmed, ignoreCase: true, out var named) ? named : null;
        }
        else if (type == typeof(ListenerSetting))
        {
            value = ParseListener(trimmed, (ListenerSetting)present!);
        }
        else if (type == typeof(IReadOnlyList<string>) || type == typeof(IReadOnlyList<int>))
        {
            value = ParseList(type, trimmed);
        }
        else if (RuleText.IsList(type))
        {
            value = RuleText.Parse(type, trimmed, present);
        }
        else
        {
            value = ParseNumber(type, trimmed);
        }

        return value is not null;
    }

    private static object? ParseNumber(Type type, string text)
    {
        if (type == typeof(int))
        {
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
        }

        if (type == typeof(long))
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
        }

        return type == typeof(double) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : null;
    }

    private static ListenerSetting? ParseListener(string text, ListenerSetting present)
    {
        var (word, port) = text.Split(':', 2) switch { [var first, var second] => (first, second), [var only] => (only, ""), _ => ("", "") };
        var enabled = word.ToUpperInvariant() switch { "ON" or "TRUE" => true, "OFF" or "FALSE" => false, _ => (bool?)null };
        if (enabled is null && port.Length == 0)
        {
            return int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var bare) ? new ListenerSetting(true, bare) : null;
        }

        if (enabled is null)
        {
            return null;
        }

        if (port.Length == 0)
        {
            return present with { Enabled = enabled.Value };
        }

        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new ListenerSetting(enabled.Value, number) : null;
    }

    private static object? ParseList(Type type, string text)
    {
        var items = text.StartsWith('[') ? ParseJson(text) : text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (items is null || items.Length > MaximumItems)
        {
            return null;
        }

        if (type == typeof(IReadOnlyList<string>))
        {
            return items;
        }

        var numbers = items.Select(item => ParseNumber(typeof(int), item)).ToList();
        return numbers.Contains(null) ? null : numbers.Cast<int>().ToArray();
    }

    // REST and scripts that think in JSON: ["a","b"] or [1,2].
    private static string[]? ParseJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select(item => item.ToString())];
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
