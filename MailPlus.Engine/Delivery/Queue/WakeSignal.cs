using System.Threading.Channels;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>Wakes one loop; several calls before it looks are one.</summary>
internal sealed class WakeSignal(TimeProvider clock)
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is something to do.</summary>
    public void Set() => _channel.Writer.TryWrite(true);

    /// <summary>Waits for a call, at most so long; a clock that is set meanwhile changes nothing.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => WaitUntilAsync(Instant.Now(clock).Plus(atMost), atMost, cancellationToken);

    /// <summary>Waits for a call, at most until then, and never longer than <paramref name="atMost"/>: a clock that went back since the time was reckoned would make it a day.</summary>
    public async Task WaitUntilAsync(Instant until, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var wait = TimeSpan.FromMicroseconds(Math.Max(0, until.Microseconds - Instant.Now(clock).Microseconds));
        using var limit = new CancellationTokenSource(wait < atMost ? wait : atMost, clock);
        if (until.CompareTo(Instant.Now(clock)) <= 0)
        {
            return; // the time came between reading the clock and setting the alarm
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _channel.Reader.ReadAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
