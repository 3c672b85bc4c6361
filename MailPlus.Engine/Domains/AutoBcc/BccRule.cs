using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Domains.AutoBcc;

/// <summary>What a rule looks at (DOM-088).</summary>
public enum BccCriterion
{
    /// <summary>MAIL FROM.</summary>
    From,

    /// <summary>RCPT TO.</summary>
    To,

    /// <summary>Every message but those the system itself writes.</summary>
    All,
}

/// <summary>A rule: a row id of the system database.</summary>
public readonly record struct BccRuleId(long Value);

/// <summary>A rule by which a blind copy is sent (DOM-087).</summary>
/// <param name="Id">Identity.</param>
/// <param name="Criterion">What it looks at.</param>
/// <param name="Pattern">An address, or "@domain" for all of a domain; "" for all messages.</param>
/// <param name="Target">Where the copy goes: a user, an alias or an address elsewhere.</param>
public sealed record BccRule(BccRuleId Id, BccCriterion Criterion, string Pattern, EmailAddress Target);

/// <summary>What a rule is to be.</summary>
/// <param name="Criterion">What it looks at.</param>
/// <param name="Pattern">An address, "@domain", or a local part or log-in name of this domain; "" for all messages.</param>
/// <param name="Target">An address, or a local part or log-in name of this domain.</param>
public sealed record BccDraft(BccCriterion Criterion, string Pattern, string Target);

/// <summary>What to list of the rules.</summary>
public sealed record BccQuery
{
    /// <summary>Part of pattern or target; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Reversed order of pattern.</summary>
    public bool Descending { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}
