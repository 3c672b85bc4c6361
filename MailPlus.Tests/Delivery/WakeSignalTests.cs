using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>A loop that waits for its next time, and clocks that are set meanwhile.</summary>
public sealed class WakeSignalTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_clock_that_is_set_after_the_time_was_reckoned_makes_nobody_wait_longer(int days)
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 24, 10, 0, 0, TimeSpan.Zero));
        var signal = new WakeSignal(clock);
        var until = Instant.Now(clock).Plus(Minute);
        clock.AdjustTime(clock.GetUtcNow().AddDays(days));
        var waiting = signal.WaitUntilAsync(until, Minute, default);
        Assert.Equal(days > 0, waiting.IsCompleted);
        clock.Advance(Minute);
        await waiting.WaitAsync(TimeSpan.FromMinutes(3));
    }

    [Fact]
    public async Task Calls_before_anybody_looks_are_one()
    {
        var clock = new FakeTimeProvider();
        var signal = new WakeSignal(clock);
        signal.Set();
        signal.Set();
        await signal.WaitAsync(Minute, default).WaitAsync(TimeSpan.FromMinutes(3));
        var second = signal.WaitAsync(Minute, default);
        Assert.False(second.IsCompleted);
        signal.Set();
        await second.WaitAsync(TimeSpan.FromMinutes(3));
    }
}
