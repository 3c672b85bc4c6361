namespace MailPlus.Engine.Net.Lines;

/// <summary>
/// How long to wait for the next octets of a message: a peer may pause, but over a whole message it must come to a least pace, so that one who sends an octet
/// a minute does not hold a session for days.
/// </summary>
/// <param name="clock">The connection's clock.</param>
/// <param name="patience">The longest pause.</param>
public sealed class ArrivalPace(TimeProvider clock, TimeSpan patience)
{
    /// <summary>Octets a second, beyond the time that is free; RFC 5321 4.5.3.2.5 thinks of 3 minutes a block.</summary>
    public const int LeastPace = 100;

    /// <summary>Time that any message may take.</summary>
    public static readonly TimeSpan Free = TimeSpan.FromMinutes(15);

    private readonly long _start = clock.GetTimestamp();

    /// <summary>How long to wait now that so many octets have come; zero when the peer has been too slow.</summary>
    public TimeSpan After(long octets)
    {
        var left = Free + TimeSpan.FromSeconds(octets / LeastPace) - clock.GetElapsedTime(_start);
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < patience ? left : patience;
    }
}
