using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MailPlus.Engine.Events;

/// <summary>Events as the JSON that outboxes keep.</summary>
public static class EventJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        Converters = { new AddressConverter(), new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // never put into HTML
    };

    /// <summary>Text of an event.</summary>
    public static string Write(MailEvent happened) => JsonSerializer.Serialize(happened, Options);

    /// <summary>The event of a text.</summary>
    /// <exception cref="JsonException">The text is no event.</exception>
    public static MailEvent Read(string text) => JsonSerializer.Deserialize<MailEvent>(text, Options) ?? throw new JsonException("null is no event");

    private sealed class AddressConverter : JsonConverter<IPAddress>
    {
        public override IPAddress? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            IPAddress.TryParse(reader.GetString(), out var address) ? address : null;

        public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
