using System.Reflection;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Settings;

/// <summary>One setting: a property of a section that bears <see cref="SettingAttribute"/>.</summary>
/// <param name="Name">"Section.Property", e.g. "Delivery.RemotePort".</param>
/// <param name="Type">Its type.</param>
/// <param name="Attribute">Unit, range, secrecy.</param>
public sealed record SettingDefinition(string Name, Type Type, SettingAttribute Attribute)
{
    internal PropertyInfo Section { get; init; } = null!;

    internal PropertyInfo Property { get; init; } = null!;

    internal object? Value(SettingsSnapshot snapshot) => Property.GetValue(Section.GetValue(snapshot));
}

/// <summary>All settings there are, made once from the sections' attributes: reading and writing one by text, validation, comparison (design rule 3).</summary>
public sealed class SettingsCatalog
{
    /// <summary>Stands for a secret that is set.</summary>
    public const string SecretMask = "********";

    private readonly Dictionary<string, SettingDefinition> _byName;

    /// <summary>Reads the sections.</summary>
    public SettingsCatalog()
    {
        All =
        [
            .. from section in typeof(SettingsSnapshot).GetProperties()
               from property in section.PropertyType.GetProperties()
               let attribute = property.GetCustomAttribute<SettingAttribute>()
               where attribute is not null
               select new SettingDefinition($"{section.Name}.{property.Name}", property.PropertyType, attribute) { Section = section, Property = property },
        ];
        _byName = All.ToDictionary(setting => setting.Name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All settings in order of section and property.</summary>
    public IReadOnlyList<SettingDefinition> All { get; }

    /// <summary>The setting of a name, in any case; null when there is none.</summary>
    public SettingDefinition? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>A setting as text, secrets masked; null when there is no such setting.</summary>
    public string? Read(SettingsSnapshot snapshot, string name) => Find(name) is { } setting ? Show(setting, snapshot) : null;

    /// <summary>A snapshot with one setting changed from text.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid.</exception>
    public SettingsSnapshot Write(SettingsSnapshot snapshot, string name, string text)
    {
        var setting = Find(name) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "SettingUnknown") { Arguments = [name], Field = name });
        if (setting.Attribute.Secret && text == SecretMask)
        {
            return snapshot;
        }

        if (!SettingText.TryParse(setting.Type, text, setting.Value(snapshot), out var value))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "SettingMalformed") { Arguments = [setting.Name], Field = setting.Name });
        }

        return With(snapshot, setting, value);
    }

    /// <summary>A snapshot with the named settings as another has them.</summary>
    public SettingsSnapshot Take(SettingsSnapshot snapshot, SettingsSnapshot from, IEnumerable<string> names) =>
        names.Select(Find).OfType<SettingDefinition>().Aggregate(snapshot, (taken, setting) => With(taken, setting, setting.Value(from)));

    /// <summary>What is wrong with a snapshot, a refusal per field; empty when nothing is.</summary>
    public IReadOnlyList<Refusal> Validate(SettingsSnapshot snapshot) =>
        [.. All.Select(setting => SettingRange.Check(setting, setting.Value(snapshot))).OfType<Refusal>(), .. SettingsRules.Check(snapshot)];

    /// <summary>What differs, secrets masked.</summary>
    public IReadOnlyList<SettingDifference> Compare(SettingsSnapshot before, SettingsSnapshot after) =>
        [
            .. from setting in All
               where SettingText.Format(setting.Value(before)) != SettingText.Format(setting.Value(after))
               select new SettingDifference(setting.Name, Show(setting, before), Show(setting, after)),
        ];

    /// <summary>The snapshot with every secret that is set replaced by the mask, to be shown.</summary>
    internal SettingsSnapshot Mask(SettingsSnapshot snapshot) =>
        All.Where(setting => setting.Value(snapshot) is IEnumerable<ISecretRule>).Aggregate(
            All.Where(IsSetSecret(snapshot)).Aggregate(snapshot, (masked, setting) => With(masked, setting, SecretMask)),
            (masked, setting) => With(masked, setting, RuleText.MaskSecrets((IEnumerable<ISecretRule>)setting.Value(masked)!)));

    /// <summary>The snapshot with masks replaced by the secrets in force.</summary>
    internal SettingsSnapshot Unmask(SettingsSnapshot snapshot, SettingsSnapshot inForce) =>
        All.Where(setting => setting.Value(snapshot) is IEnumerable<ISecretRule>).Aggregate(
            All.Where(setting => setting.Attribute.Secret && Equals(setting.Value(snapshot), SecretMask)).Aggregate(snapshot, (clear, setting) => With(clear, setting, setting.Value(inForce))),
            (clear, setting) => With(clear, setting, RuleText.UnmaskSecrets((IEnumerable<ISecretRule>)setting.Value(clear)!, (IEnumerable<ISecretRule>)setting.Value(inForce)!)));

    private static Func<SettingDefinition, bool> IsSetSecret(SettingsSnapshot snapshot) =>
        setting => setting.Attribute.Secret && setting.Value(snapshot) is string { Length: > 0 };

    private static string Show(SettingDefinition setting, SettingsSnapshot snapshot)
    {
        var value = setting.Value(snapshot);
        var text = SettingText.Format(value is IEnumerable<ISecretRule> rules ? RuleText.MaskSecrets(rules) : value);
        return setting.Attribute.Secret && text.Length > 0 ? SecretMask : text;
    }

    private static SettingsSnapshot With(SettingsSnapshot snapshot, SettingDefinition setting, object? value)
    {
        var section = Copy(setting.Section.GetValue(snapshot)!);
        setting.Property.SetValue(section, value);
        var changed = (SettingsSnapshot)Copy(snapshot);
        setting.Section.SetValue(changed, section);
        return changed;
    }

    // A record's own copy constructor: what `with` calls.
    private static object Copy(object record) => record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
}
