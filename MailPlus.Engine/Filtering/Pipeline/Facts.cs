using System.Net;
using MailPlus.Engine.Events;
using MailPlus.Engine.MailAuth;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Engine.Filtering.Pipeline;

/// <summary>
/// Everything a filter stage may look at, immutable: message, envelope, connection, settings. What a stage has to ask the outside world is added to the facts
/// before it judges, so that a verdict can be explained and replayed (design 1).
/// </summary>
public sealed record Facts
{
    /// <summary>Envelope.</summary>
    public required Envelope Envelope { get; init; }

    /// <summary>The octets as they came in.</summary>
    public required MessageContent Content { get; init; }

    /// <summary>Header fields of <see cref="Content"/>.</summary>
    public required HeaderFields Header { get; init; }

    /// <summary>Result of the MIME pass.</summary>
    public required MessageSummary Summary { get; init; }

    /// <summary>How it came in.</summary>
    public required MessageOrigin Origin { get; init; }

    /// <summary>When it came in.</summary>
    public required Instant Received { get; init; }

    /// <summary>The settings it is judged by.</summary>
    public required SettingsSnapshot Settings { get; init; }

    /// <summary>The peer, null for messages made here.</summary>
    public IPAddress? Client { get; init; }

    /// <summary>What the peer called itself.</summary>
    public string Helo { get; init; } = "";

    /// <summary>Who was signed in, null when nobody.</summary>
    public AccountId? Account { get; init; }

    /// <summary>What SPF, DKIM, ARC and DMARC said; null when nobody was asked.</summary>
    public MessageAuthentication? Authentication { get; init; }
}
