using System.ComponentModel.DataAnnotations;

namespace MailPlus.Engine.Database;

/// <summary>What DNS said about a name of a domain, from this time until that of the next row about it.</summary>
internal sealed class DnsObservationRow
{
    public long Id { get; set; }

    public long DomainId { get; set; }

    [MaxLength(16)]
    public string Type { get; set; } = "";

    [MaxLength(255)]
    public string Name { get; set; } = "";

    /// <summary>The records in order, a line each; "" when there were none.</summary>
    public string Value { get; set; } = "";

    /// <summary>UTC microseconds.</summary>
    public long Time { get; set; }
}

/// <summary>A rule by which blind copies are sent.</summary>
internal sealed class BccRuleRow
{
    public long Id { get; set; }

    public long DomainId { get; set; }

    /// <summary>Domains.AutoBcc.BccCriterion.</summary>
    public int Criterion { get; set; }

    /// <summary>An address, or "@domain"; "" for all messages.</summary>
    [MaxLength(320)]
    public string Pattern { get; set; } = "";

    /// <summary>Where the copy goes.</summary>
    [MaxLength(320)]
    public string Target { get; set; } = "";
}

/// <summary>A text put below mail that people of a domain write.</summary>
internal sealed class DisclaimerRow
{
    public long Id { get; set; }

    public long DomainId { get; set; }

    /// <summary>The lowest is looked at first.</summary>
    public int Position { get; set; }

    public bool IsEnabled { get; set; }

    [MaxLength(100)]
    public string Name { get; set; } = "";

    /// <summary>Not when all recipients are in the domain.</summary>
    public bool OnlyOutward { get; set; }

    /// <summary>Every rule must be met, not just one.</summary>
    public bool NeedsAll { get; set; }

    /// <summary>Rules and exceptions as JSON (Domains.Disclaimers.DisclaimerCondition).</summary>
    public string Conditions { get; set; } = "";

    public string Html { get; set; } = "";

    public string Plain { get; set; } = "";
}
