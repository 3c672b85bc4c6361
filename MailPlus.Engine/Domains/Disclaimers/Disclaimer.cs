using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Domains.Disclaimers;

/// <summary>A disclaimer: a row id of the system database.</summary>
public readonly record struct DisclaimerId(long Value);

/// <summary>What a condition looks at (DOM-115).</summary>
public enum DisclaimerSubject
{
    /// <summary>Any recipient of the envelope.</summary>
    Recipient,

    /// <summary>The sender of the envelope.</summary>
    Sender,
}

/// <summary>A condition: an address with <c>*</c> for any run of letters.</summary>
/// <param name="Subject">What it looks at.</param>
/// <param name="Pattern">The address.</param>
public sealed record DisclaimerCondition(DisclaimerSubject Subject, string Pattern);

/// <summary>What a disclaimer is to be.</summary>
/// <param name="Name">For the list.</param>
public sealed record DisclaimerDraft(string Name)
{
    /// <summary>It is looked at (DOM-123).</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Not attached when all recipients are in the domain (DOM-113).</summary>
    public bool OnlyOutward { get; init; }

    /// <summary>Every rule must be met, not just one (DOM-114).</summary>
    public bool NeedsAll { get; init; }

    /// <summary>When it is attached; none: always.</summary>
    public IReadOnlyList<DisclaimerCondition> Rules { get; init; } = [];

    /// <summary>When it is not, whatever the rules say (DOM-116).</summary>
    public IReadOnlyList<DisclaimerCondition> Exceptions { get; init; } = [];

    /// <summary>For HTML parts; "" makes it from the plain text.</summary>
    public string Html { get; init; } = "";

    /// <summary>For plain parts; "" makes it from the HTML text.</summary>
    public string Plain { get; init; } = "";
}

/// <summary>A text put below mail that people of a domain write (DOM-110).</summary>
/// <param name="Id">Identity.</param>
/// <param name="Content">Rules and texts.</param>
public sealed record Disclaimer(DisclaimerId Id, DisclaimerDraft Content);
