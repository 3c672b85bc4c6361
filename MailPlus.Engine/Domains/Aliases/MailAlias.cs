using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Domains.Aliases;

/// <summary>An alias: a row id of the system database, never reused.</summary>
public readonly record struct AliasId(long Value);

/// <summary>What a member of an alias is.</summary>
public enum AliasMemberKind
{
    /// <summary>An account here.</summary>
    User,

    /// <summary>Another alias.</summary>
    Alias,

    /// <summary>An address elsewhere.</summary>
    External,
}

/// <summary>One of those an alias stands for.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Address">How it is written; the primary address of an account.</param>
public sealed record AliasMember(AliasMemberKind Kind, EmailAddress Address)
{
    /// <summary>Name for people, "" when it has none.</summary>
    public string Name { get; init; } = "";
}

/// <summary>An address that stands for one or several recipients (DOM-080).</summary>
/// <param name="Id">Identity.</param>
/// <param name="Address">The address.</param>
public sealed record MailAlias(AliasId Id, EmailAddress Address)
{
    /// <summary>Whom it stands for, users first.</summary>
    public IReadOnlyList<AliasMember> Members { get; init; } = [];
}

/// <summary>What an alias is to be.</summary>
/// <param name="LocalPart">What stands before the domain.</param>
/// <param name="Members">
/// Whom it stands for: addresses of accounts, aliases or people elsewhere; without a domain: an address of this domain, or a log-in name.
/// </param>
public sealed record AliasDraft(string LocalPart, IReadOnlyList<string> Members);

/// <summary>What to list of the aliases.</summary>
public sealed record AliasQuery
{
    /// <summary>Part of the alias or of a member's address; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Reversed order of name.</summary>
    public bool Descending { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>A line of an imported file that was not taken over.</summary>
/// <param name="Line">Number of its first line, from 1.</param>
/// <param name="Name">What it was about, "" when that could not be read.</param>
/// <param name="Reason">Why.</param>
public sealed record ImportFault(int Line, string Name, Refusal Reason);

/// <summary>What an import did.</summary>
/// <param name="Created">Names that are new.</param>
/// <param name="Skipped">Names that were there already and stay as they were (DOM-084).</param>
/// <param name="Faults">Lines that could not be taken.</param>
public sealed record ImportOutcome(IReadOnlyList<string> Created, IReadOnlyList<string> Skipped, IReadOnlyList<ImportFault> Faults);
