using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Filtering.Pipeline;

/// <summary>What a finding asks for, weakest first.</summary>
public enum FindingEffect
{
    /// <summary>Nothing; it is only told.</summary>
    None,

    /// <summary>Hold the message for an administrator or the recipient.</summary>
    Quarantine,

    /// <summary>Refuse for now.</summary>
    RefuseForNow,

    /// <summary>Refuse.</summary>
    Refuse,
}

/// <summary>What one stage saw.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Effect">What it asks for.</param>
/// <param name="Evidence">What it saw, for the log.</param>
public sealed record Finding(string Stage, FindingEffect Effect, string Evidence)
{
    /// <summary>Spam score, 0 when the stage does not score.</summary>
    public double Score { get; init; }

    /// <summary>The setting that made it act, e.g. "Smtp.MaximumHops"; "" when none did.</summary>
    public string Setting { get; init; } = "";

    /// <summary>What the peer is told when it is refused.</summary>
    public Refusal? Refusal { get; init; }
}

/// <summary>All findings folded to one decision.</summary>
/// <param name="Effect">The strongest effect.</param>
/// <param name="Findings">Findings in order of the stages.</param>
public sealed record Verdict(FindingEffect Effect, IReadOnlyList<Finding> Findings)
{
    /// <summary>Nothing was found.</summary>
    public static Verdict Clean { get; } = new(FindingEffect.None, []);

    /// <summary>What the peer is told, null when the message is taken.</summary>
    public Refusal? Refusal => Effect < FindingEffect.RefuseForNow ? null : Findings.First(f => f.Effect == Effect).Refusal;

    /// <summary>Sum of the scores.</summary>
    public double Score => Findings.Sum(f => f.Score);
}
