using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Settings;

/// <summary>One setting: a property of a section that bears <see cref="SettingAttribute"/>.</summary>
/// <param name="Name">"Section.Property", e.g. "Delivery.RemotePort".</param>
/// <param name="Type">Its type.</param>
/// <param name="Attribute">Unit, range, secrecy.</param>
public sealed record SettingDefinition(string Name, Type Type, SettingAttribute Attribute);

/// <summary>All settings there are, made once from the sections' attributes: reading and writing one by text, validation, comparison (design rule 3).</summary>
public sealed class SettingsCatalog
{
    /// <summary>Stands for a secret that is set.</summary>
    public const string SecretMask = "********";

    /// <summary>All settings in order of section and property.</summary>
    public IReadOnlyList<SettingDefinition> All => throw new NotImplementedException();

    /// <summary>A setting as text, secrets masked; null when there is no such setting.</summary>
    public string? Read(SettingsSnapshot snapshot, string name) => throw new NotImplementedException();

    /// <summary>A snapshot with one setting changed from text.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid.</exception>
    public SettingsSnapshot Write(SettingsSnapshot snapshot, string name, string text) => throw new NotImplementedException();

    /// <summary>What is wrong with a snapshot, a refusal per field; empty when nothing is.</summary>
    public IReadOnlyList<Refusal> Validate(SettingsSnapshot snapshot) => throw new NotImplementedException();

    /// <summary>What differs, secrets masked.</summary>
    public IReadOnlyList<SettingDifference> Compare(SettingsSnapshot before, SettingsSnapshot after) => throw new NotImplementedException();
}
