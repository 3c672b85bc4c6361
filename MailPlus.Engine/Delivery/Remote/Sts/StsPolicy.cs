using System.Globalization;
using System.Text;

namespace MailPlus.Engine.Delivery.Remote.Sts;

/// <summary>How strict a policy is (RFC 8461 5).</summary>
internal enum StsMode
{
    /// <summary>No policy any more.</summary>
    None,

    /// <summary>Failures are reported; mail goes on.</summary>
    Testing,

    /// <summary>No mail to a server that fails.</summary>
    Enforce,
}

/// <summary>A policy of MTA-STS (RFC 8461 3.2).</summary>
/// <param name="Mode">How strict.</param>
/// <param name="Patterns">Names of the domain's servers; "*." stands for one label.</param>
/// <param name="Lifetime">How long it holds, at most a year.</param>
internal sealed record StsPolicy(StsMode Mode, IReadOnlyList<string> Patterns, TimeSpan Lifetime)
{
    /// <summary>RFC 8461 3.2: 31557600 seconds, a year.</summary>
    private const long LongestLife = 31_557_600;
    private const int MostPatterns = 1000;
    private const int LongestName = 255;

    /// <summary>Reads a policy document.</summary>
    /// <returns>Null when it is none.</returns>
    public static StsPolicy? Parse(ReadOnlySpan<byte> document)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var patterns = new List<string>();
        foreach (var line in Encoding.UTF8.GetString(document).Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                if (line.Trim().Length > 0)
                {
                    return null;
                }

                continue;
            }

            var (key, value) = (line[..colon].Trim(), line[(colon + 1)..].Trim());
            if (key != "mx")
            {
                fields.TryAdd(key, value); // of a key that may come once the first counts
            }
            else if (patterns.Count == MostPatterns || !IsPattern(value))
            {
                return null;
            }
            else
            {
                patterns.Add(value.TrimEnd('.').ToLowerInvariant());
            }
        }

        if (fields.GetValueOrDefault("version") != "STSv1" || ModeOf(fields.GetValueOrDefault("mode")) is not { } mode || mode != StsMode.None && patterns.Count == 0)
        {
            return null;
        }

        // The grammar allows ten digits; more than a year counts as a year.
        return fields.GetValueOrDefault("max_age") is { Length: > 0 and <= 10 } age && long.TryParse(age, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? new StsPolicy(mode, patterns, TimeSpan.FromSeconds(Math.Min(seconds, LongestLife)))
            : null;
    }

    /// <summary>Whether a server's name is among the policy's (RFC 8461 4.1).</summary>
    public bool Names(string host)
    {
        var name = host.TrimEnd('.').ToLowerInvariant();
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return Patterns.Any(pattern => pattern.StartsWith("*.", StringComparison.Ordinal) ? dot > 0 && name.AsSpan(dot).SequenceEqual(pattern.AsSpan(1)) : pattern == name);
    }

    private static StsMode? ModeOf(string? text) => text switch
    {
        "enforce" => StsMode.Enforce,
        "testing" => StsMode.Testing,
        "none" => StsMode.None,
        _ => null,
    };

    private static bool IsPattern(string text)
    {
        var name = text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text;
        return name.Length is > 0 and <= LongestName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
    }
}
