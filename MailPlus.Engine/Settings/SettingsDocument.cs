using System.Text.Json;
using System.Text.Json.Serialization;

namespace MailPlus.Engine.Settings;

/// <summary>A snapshot as the JSON that versions keep. Members a newer or older binary does not know are left out; missing ones take their defaults.</summary>
internal static class SettingsDocument
{
    private static readonly JsonSerializerOptions Options = new() { Converters = { new JsonStringEnumConverter() }, IgnoreReadOnlyProperties = true };

    internal static string Write(SettingsSnapshot snapshot) => JsonSerializer.Serialize(snapshot, Options);

    internal static SettingsSnapshot Read(string document) => JsonSerializer.Deserialize<SettingsSnapshot>(document, Options) ?? new SettingsSnapshot();
}
