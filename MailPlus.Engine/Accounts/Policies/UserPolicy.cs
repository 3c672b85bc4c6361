using System.Text.Json.Serialization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Policies;

/// <summary>Colours that tell policies apart in lists (ACC-43).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PolicyColor>))]
public enum PolicyColor
{
    /// <summary>Grey.</summary>
    Grey,

    /// <summary>Blue.</summary>
    Blue,

    /// <summary>Green.</summary>
    Green,

    /// <summary>Amber.</summary>
    Amber,

    /// <summary>Red.</summary>
    Red,

    /// <summary>Violet.</summary>
    Violet,
}

/// <summary>Whom a policy is meant for (ACC-44).</summary>
/// <param name="Id">Of the account or the group.</param>
/// <param name="Name">Its name.</param>
public sealed record PolicyTarget<T>(T Id, string Name);

/// <summary>A set of restrictions for chosen users and groups (ACC-40).</summary>
/// <param name="Id">Identity.</param>
/// <param name="Name">Its name, unique.</param>
public sealed record UserPolicy(PolicyId Id, string Name)
{
    /// <summary>Colour in lists.</summary>
    public PolicyColor Color { get; init; }

    /// <summary>The settings.</summary>
    public PolicyRules Rules { get; init; } = PolicyRules.Default;

    /// <summary>Users it is meant for.</summary>
    public IReadOnlyList<PolicyTarget<AccountId>> Users { get; init; } = [];

    /// <summary>Groups it is meant for.</summary>
    public IReadOnlyList<PolicyTarget<GroupId>> Groups { get; init; } = [];
}

/// <summary>What to make a policy from, or to make of one.</summary>
/// <param name="Name">Its name, at most 100 characters.</param>
public sealed record PolicyDraft(string Name)
{
    /// <summary>Colour in lists.</summary>
    public PolicyColor Color { get; init; }

    /// <summary>The settings.</summary>
    public PolicyRules Rules { get; init; } = PolicyRules.Default;

    /// <summary>Users it is meant for.</summary>
    public IReadOnlyList<AccountId> Users { get; init; } = [];

    /// <summary>Groups it is meant for.</summary>
    public IReadOnlyList<GroupId> Groups { get; init; } = [];
}
