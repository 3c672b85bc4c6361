using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Groups;

/// <summary>A group of accounts (ACC-01).</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">Its name, unique.</param>
public sealed record AccountGroup(GroupId Id, string Name)
{
    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>What was chosen for all its members (ACC-29).</summary>
    public ActivationChoice Activation { get; init; }

    /// <summary>How many accounts are in it.</summary>
    public int Members { get; init; }
}

/// <summary>What to list of the groups.</summary>
public sealed record GroupQuery
{
    /// <summary>Part of name or description; "" for all.</summary>
    public string Search { get; init; } = "";

    /// <summary>Sorts by members instead of by name.</summary>
    public bool ByMembers { get; init; }

    /// <summary>Reversed order.</summary>
    public bool Descending { get; init; }

    /// <summary>First row, zero-based.</summary>
    public int Offset { get; init; }

    /// <summary>Rows at most, up to 1,000.</summary>
    public int Limit { get; init; } = 50;
}
