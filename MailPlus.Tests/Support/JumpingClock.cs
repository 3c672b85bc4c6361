namespace MailPlus.Tests.Support;

/// <summary>The clock of a machine that somebody sets: timers go on, the time of day is what is said.</summary>
public sealed class JumpingClock : TimeProvider
{
    private long _offset;

    /// <summary>How far the time of day is ahead of the true one.</summary>
    public TimeSpan Offset
    {
        get => new(Interlocked.Read(ref _offset));
        set => Interlocked.Exchange(ref _offset, value.Ticks);
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
}
