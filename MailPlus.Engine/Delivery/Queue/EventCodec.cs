using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using MailPlus.Engine.Events;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>An event in the form the outbox keeps.</summary>
internal readonly record struct StoredEvent(string Kind, byte[] Json);

/// <summary>Events as JSON, the kind beside it.</summary>
internal static class EventCodec
{
    /// <summary>To store. Only kinds that the queue tells of.</summary>
    public static StoredEvent Write(MailEvent happened) => happened switch
    {
        MessageAccepted e => new("accepted", JsonSerializer.SerializeToUtf8Bytes(e, EventJson.Default.MessageAccepted)),
        RecipientAttempted e => new("attempted", JsonSerializer.SerializeToUtf8Bytes(e, EventJson.Default.RecipientAttempted)),
        AdminActed e => new("admin", JsonSerializer.SerializeToUtf8Bytes(e, EventJson.Default.AdminActed)),
        _ => throw new ArgumentException($"{happened.GetType().Name} is no event of the queue", nameof(happened)),
    };

    /// <summary>Back; null for a kind that this version does not know.</summary>
    public static MailEvent? Read(string kind, ReadOnlySpan<byte> json) => kind switch
    {
        "accepted" => JsonSerializer.Deserialize(json, EventJson.Default.MessageAccepted),
        "attempted" => JsonSerializer.Deserialize(json, EventJson.Default.RecipientAttempted),
        "admin" => JsonSerializer.Deserialize(json, EventJson.Default.AdminActed),
        _ => null,
    };
}

/// <summary>Generated serialisers of the events.</summary>
[JsonSourceGenerationOptions(Converters = [typeof(AddressConverter)], DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(MessageAccepted))]
[JsonSerializable(typeof(RecipientAttempted))]
[JsonSerializable(typeof(AdminActed))]
internal sealed partial class EventJson : JsonSerializerContext;

/// <summary>An IP address as text.</summary>
internal sealed class AddressConverter : JsonConverter<IPAddress>
{
    /// <inheritdoc/>
    public override IPAddress? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPAddress.TryParse(reader.GetString(), out var address) ? address : null;

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
