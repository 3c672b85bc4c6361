using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Settings;

/// <summary>
/// Settings saved on trial: unless somebody keeps them they go back by themselves, so that nobody stays locked out by what they changed. Part of the version it
/// came with, so it survives a restart.
/// </summary>
/// <param name="Until">When they go back (UTC).</param>
/// <param name="Fallback">The version whose values they go back to.</param>
/// <param name="Author">Who tries them.</param>
/// <param name="Names">The settings on trial; what others save meanwhile stays.</param>
public sealed record SettingsTrial(Instant Until, long Fallback, string Author, IReadOnlyList<string> Names)
{
    /// <summary>How long settings stay on trial.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    /// <summary>What is left of it, at most <see cref="Length"/>; zero when it is over. A clock that went back ends it too: nobody knows how much has passed.</summary>
    public TimeSpan Left(Instant now)
    {
        var left = TimeSpan.FromMicroseconds(Until.Microseconds - now.Microseconds);
        return left > Length || left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }

    /// <summary>The trial after one more save: what is saved for good meanwhile is on trial no more; null when nothing is.</summary>
    internal static SettingsTrial? After(SettingsTrial? running, IReadOnlyList<string> changed, SettingsTrial? wanted)
    {
        if (wanted is not null)
        {
            return changed.Count == 0 ? running : running is null ? wanted with { Names = changed } : wanted with { Fallback = running.Fallback, Names = [.. running.Names.Union(changed)] };
        }

        var left = running?.Names.Except(changed).ToList();
        return left is { Count: > 0 } ? running! with { Names = left } : null;
    }
}
