using System.Collections;
using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>Checks one value against what its <see cref="SettingAttribute"/> allows.</summary>
internal static class SettingRange
{
    private const int MaximumItems = 1000;

    internal static Refusal? Check(SettingDefinition setting, object? value) => value switch
    {
        null => Malformed(setting),
        string text => CheckText(setting, text),
        bool => null,
        Enum choice => Enum.IsDefined(choice.GetType(), choice) ? null : Malformed(setting),
        ListenerSetting listener => CheckNumber(setting, listener.Port),
        INamedRule rule => rule.Name.Length is > 0 and <= 100 && !rule.Name.Any(char.IsControl) ? null : new Refusal(RefusalKind.Invalid, "RuleNameMissing") { Field = setting.Name },
        IEnumerable list => CheckList(setting, [.. list.Cast<object?>()]),
        IConvertible number => CheckNumber(setting, number.ToDouble(CultureInfo.InvariantCulture)),
        _ => Malformed(setting),
    };

    private static Refusal? CheckList(SettingDefinition setting, IReadOnlyList<object?> items) =>
        items.Count > MaximumItems ? Malformed(setting) : items.Select(item => Check(setting, item)).FirstOrDefault(refusal => refusal is not null);

    private static Refusal? CheckText(SettingDefinition setting, string text)
    {
        if (text.Length > setting.Attribute.MaximumLength)
        {
            return new Refusal(RefusalKind.Invalid, "TextTooLong") { Field = setting.Name, Arguments = [setting.Attribute.MaximumLength.ToString(CultureInfo.InvariantCulture)] };
        }

        return text.Any(char.IsControl) ? Malformed(setting) : null;
    }

    private static Refusal? CheckNumber(SettingDefinition setting, double number)
    {
        var (minimum, maximum) = (setting.Attribute.Minimum, setting.Attribute.Maximum);
        if (double.IsNaN(number) || number < minimum || number > maximum)
        {
            return new Refusal(RefusalKind.Invalid, "NumberOutOfRange") { Field = setting.Name, Arguments = [Text(minimum), Text(maximum)] };
        }

        return null;
    }

    private static string Text(double limit) => double.IsNaN(limit) ? "" : limit.ToString("0.###", CultureInfo.InvariantCulture);

    private static Refusal Malformed(SettingDefinition setting) => new(RefusalKind.Invalid, "SettingMalformed") { Field = setting.Name, Arguments = [setting.Name] };
}
