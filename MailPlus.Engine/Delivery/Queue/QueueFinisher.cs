using System.Threading.Channels;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// Writes results of attempts in batches: while one batch is committed the next gathers. Mail that lies in its mailbox waits for a moment, so that one commit takes
/// several out of the queue; whatever somebody has to hear of is written at once. Nothing is let go before its result is in the file.
/// </summary>
internal sealed partial class QueueFinisher(QueueFile file, EventStream events, TimeProvider clock, ILogger<QueueFinisher> log)
{
    private const int LargestBatch = 256;
    private const int EnoughWait = 64;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<EntryUpdate> _waiting = Channel.CreateUnbounded<EntryUpdate>(new UnboundedChannelOptions { SingleReader = true });
    private TaskCompletionSource _urgent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <summary>Called after an update is durable.</summary>
    public required Action<EntryUpdate> Written { get; init; }

    /// <summary>Hands a result over; never blocks.</summary>
    public void Post(EntryUpdate update)
    {
        _waiting.Writer.TryWrite(update);
        if (Interlocked.Increment(ref _count) >= EnoughWait || !update.IsRepeatable)
        {
            Hurry();
        }
    }

    /// <summary>No result comes any more: <see cref="RunAsync"/> ends when all are written.</summary>
    public void Complete()
    {
        _waiting.Writer.TryComplete();
        Hurry();
    }

    /// <summary>The loop.</summary>
    /// <param name="abandon">Gives up what cannot be written; it is attempted again after the next start.</param>
    public async Task RunAsync(CancellationToken abandon)
    {
        var batch = new List<EntryUpdate>();
        while (await _waiting.Reader.WaitToReadAsync(abandon))
        {
            // A moment of the machine, whatever the clock of the mail says.
            await Task.WhenAny(_urgent.Task, Task.Delay(Gathering, TimeProvider.System, abandon));
            if (_urgent.Task.IsCompleted)
            {
                Volatile.Write(ref _urgent, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)); // before looking what is there
            }

            batch.Clear();
            while (batch.Count < LargestBatch && _waiting.Reader.TryRead(out var update))
            {
                batch.Add(update);
            }

            if (Interlocked.Add(ref _count, -batch.Count) >= EnoughWait)
            {
                Hurry();
            }

            await WriteAsync(batch, abandon);
        }
    }

    private void Hurry() => Volatile.Read(ref _urgent).TrySetResult();

    private async Task WriteAsync(List<EntryUpdate> batch, CancellationToken abandon)
    {
        while (true)
        {
            try
            {
                await file.ApplyAsync(batch, abandon);
                Announce(batch);
                return;
            }
            catch (RefusedException refused) when (refused.Refusal.Temporary)
            {
                // The disk is full or gone: the mail is where it was; results wait until they can be written.
                LogWaiting(refused.Message);
                await Task.Delay(Pause, clock, abandon);
            }
            catch (Exception failure) when (failure is not OperationCanceledException && batch.Count == 1)
            {
                LogLost(failure, batch[0].Entry.Id.ToString());
                Written(batch[0]);
                return;
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogSplit(failure);
                foreach (var update in batch.ToList())
                {
                    await WriteAsync([update], abandon);
                }

                return;
            }
        }
    }

    private void Announce(List<EntryUpdate> batch)
    {
        foreach (var update in batch)
        {
            foreach (var happened in update.Events)
            {
                events.Publish(happened);
            }

            Written(update);
        }
    }

    [LoggerMessage(5101, LogLevel.Warning, "Results wait: queue.db cannot be written: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(5102, LogLevel.Error, "The result of entry {Entry} could not be written; it is attempted again after a restart")]
    private partial void LogLost(Exception failure, string entry);

    [LoggerMessage(5103, LogLevel.Error, "A batch of results failed; each is written by itself")]
    private partial void LogSplit(Exception failure);
}
