using System.Threading.Channels;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Audit;

/// <summary>
/// Moves events into the logs: from the outboxes exactly once (the place in each outbox is kept in the transaction that stores the rows, mail-rules 2), and
/// refusals at the door from the event stream, where a flood drops the newest and says how many.
/// </summary>
public sealed partial class LogWriter(LogDatabase database, IReadOnlyList<IEventOutbox> outboxes, EventStream events, TimeProvider clock, ILogger<LogWriter> logger) : IDisposable
{
    private const int BatchSize = 2_000;
    private const int MaximumWaiting = 10_000;
    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(90);
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromHours(6);

    private readonly Channel<MailEvent> _refusals = Channel.CreateBounded<MailEvent>(new BoundedChannelOptions(MaximumWaiting) { SingleReader = true });
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Dictionary<string, long> _places = new(StringComparer.Ordinal); // As far as this process knows: a batch is stored only if it is so.
    private long _dropped;

    /// <summary>Runs until cancelled, then stores what is waiting.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var subscription = events.Subscribe(Take);
        try
        {
            await Task.WhenAll([.. outboxes.Select(outbox => DrainLoopAsync(outbox, cancellationToken)), RefusalLoopAsync(cancellationToken), SweepLoopAsync(cancellationToken)]);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogEnding();
        }

        await DrainAsync(CancellationToken.None);
    }

    /// <summary>Stores everything that waits at this moment.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        foreach (var outbox in outboxes)
        {
            while (await DrainOnceAsync(outbox, cancellationToken))
            {
            }
        }

        await StoreRefusalsAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _writing.Dispose();

    private void Take(MailEvent happened)
    {
        if (happened is MessageRefused && !_refusals.Writer.TryWrite(happened))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private async Task DrainLoopAsync(IEventOutbox outbox, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (!await DrainOnceAsync(outbox, cancellationToken))
                {
                    await outbox.WaitAsync(cancellationToken);
                    await Task.Delay(Gathering, clock, cancellationToken); // a batch, not a row
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailure(failure, outbox.Name);
                await Task.Delay(RestAfterFailure, clock, cancellationToken);
            }
        }
    }

    private async Task RefusalLoopAsync(CancellationToken cancellationToken)
    {
        while (await _refusals.Reader.WaitToReadAsync(cancellationToken))
        {
            await Task.Delay(Gathering, clock, cancellationToken);
            try
            {
                await StoreRefusalsAsync(cancellationToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailure(failure, "refusals");
                await Task.Delay(RestAfterFailure, clock, cancellationToken);
            }
        }
    }

    private async Task SweepLoopAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SweepInterval, clock);
        do
        {
            var oldest = Instant.Now(clock).Plus(-KeepFor).Microseconds;
            await database.ReadAsync(
                async context =>
                {
                    await _writing.WaitAsync(cancellationToken);
                    try
                    {
                        return await context.Mail.Where(row => row.Time < oldest).ExecuteDeleteAsync(cancellationToken);
                    }
                    finally
                    {
                        _writing.Release();
                    }
                },
                cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <returns>True when a full batch was there: there may be more.</returns>
    private async Task<bool> DrainOnceAsync(IEventOutbox outbox, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (!_places.Remove(outbox.Name, out var place))
            {
                place = await database.ReadAsync(context => context.Places.Where(row => row.Outbox == outbox.Name).Select(row => row.LastId).FirstOrDefaultAsync(cancellationToken), cancellationToken);
            }

            var batch = await outbox.ReadAsync(place, BatchSize, cancellationToken);
            if (batch.Count == 0)
            {
                _places[outbox.Name] = place;
                return false;
            }

            if (!await LogBatch.StoreAsync(database, [.. batch.Select(item => item.Event)], new PlaceStep(outbox.Name, place, batch[^1].Id), cancellationToken))
            {
                return true; // Another process has the same outbox and was quicker; what it left is looked for anew.
            }

            _places[outbox.Name] = batch[^1].Id;
            await outbox.RemoveAsync(batch[^1].Id, cancellationToken);
            return batch.Count == BatchSize;
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task StoreRefusalsAsync(CancellationToken cancellationToken)
    {
        var batch = new List<MailEvent>();
        while (batch.Count < BatchSize && _refusals.Reader.TryRead(out var refusal))
        {
            batch.Add(refusal);
        }

        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
        {
            LogDropped(dropped);
        }

        if (batch.Count == 0)
        {
            return;
        }

        await _writing.WaitAsync(cancellationToken);
        try
        {
            await LogBatch.StoreAsync(database, batch, null, cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    [LoggerMessage(EventId = 7101, Level = LogLevel.Debug, Message = "log writer ends")]
    private partial void LogEnding();

    [LoggerMessage(EventId = 7102, Level = LogLevel.Error, Message = "cannot store log rows of {Source}; trying again")]
    private partial void LogFailure(Exception failure, string source);

    [LoggerMessage(EventId = 7103, Level = LogLevel.Warning, Message = "{Count} refusals were not logged: they came faster than they could be stored")]
    private partial void LogDropped(long count);
}
