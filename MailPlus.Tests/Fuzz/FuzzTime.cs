using System.Globalization;

namespace MailPlus.Tests.Fuzz;

/// <summary>
/// How long mutation goes on. The quick set takes a fixed number of dialogues and messages and a minute of readers; the long set fills the minutes of
/// <c>MAILPLUS_FUZZ_MINUTES</c> (30). What is tried depends on seeds alone: more time only tries more of them.
/// </summary>
internal static class FuzzTime
{
    private const double DefaultMinutes = 30;

    /// <summary>Of the readers, in the quick set, all together.</summary>
    public static TimeSpan QuickReaders { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Of the readers, in the long set, all together.</summary>
    public static TimeSpan LongReaders => All * 0.5;

    /// <summary>Of dialogues with the running server, in the long set.</summary>
    public static TimeSpan LongDialogues => All * 0.3;

    /// <summary>Of messages through the running server, in the long set.</summary>
    public static TimeSpan LongMessages => All * 0.2;

    private static TimeSpan All => TimeSpan.FromMinutes(
        double.TryParse(Environment.GetEnvironmentVariable("MAILPLUS_FUZZ_MINUTES"), NumberStyles.Float, CultureInfo.InvariantCulture, out var minutes) ? minutes : DefaultMinutes);
}
