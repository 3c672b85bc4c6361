using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Settings;

/// <summary>Whether a save was taken. Nothing was written unless <see cref="IsSaved"/>.</summary>
/// <param name="Snapshot">The present snapshot: the new one when saved, else the one in force.</param>
/// <param name="Refusals">One per field at fault (<see cref="Refusal.Field"/> is the setting's name, e.g. "Delivery.RemotePort"), or one Conflict when somebody saved meanwhile.</param>
public sealed record SettingsOutcome(SettingsSnapshot Snapshot, IReadOnlyList<Refusal> Refusals)
{
    /// <summary>True when the change was taken (also when nothing differed).</summary>
    public bool IsSaved => Refusals.Count == 0;
}

/// <summary>One setting that differs between two versions; secrets are masked.</summary>
/// <param name="Name">Name as the catalog has it, e.g. "Delivery.RemotePort".</param>
/// <param name="Before">Value before, as text.</param>
/// <param name="After">Value after, as text.</param>
public sealed record SettingDifference(string Name, string Before, string After);

/// <summary>A saved version.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Time">When it was saved.</param>
/// <param name="Author">Name of who saved it.</param>
/// <param name="Differences">Against the version before.</param>
public sealed record SettingsVersion(long Version, Instant Time, string Author, IReadOnlyList<SettingDifference> Differences);
