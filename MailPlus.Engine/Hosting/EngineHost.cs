using MailPlus.Engine.Delivery.Queue;
using MailPlus.Engine.Net.Listeners;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Hosting;

/// <summary>Where the engine is in its life.</summary>
public enum EngineState
{
    /// <summary>Not started, or starting.</summary>
    Starting,

    /// <summary>Takes and delivers mail.</summary>
    Running,

    /// <summary>Finishing what it has.</summary>
    Draining,

    /// <summary>Ended.</summary>
    Stopped,
}

/// <summary>
/// Starts and stops everything in order. Data-folder lock, databases and store are open before (EngineWiring opens them); here loops, queue workers and listeners
/// start, in this order, and stop in reverse: no new mail, what is in hand finished, logs written.
/// </summary>
public sealed partial class EngineHost : IDisposable
{
    private static readonly TimeSpan SessionGrace = TimeSpan.FromSeconds(10);

    private readonly DeliveryQueue _queue;
    private readonly ListenerSet _listeners;
    private readonly EngineLoops _loops;
    private readonly ILogger _log;
    private int _state;

    internal EngineHost(DeliveryQueue queue, ListenerSet listeners, EngineLoops loops, ILogger<EngineHost> log)
    {
        _queue = queue;
        _listeners = listeners;
        _loops = loops;
        _log = log;
    }

    /// <summary>Present state; /health/ready answers 200 only while Running.</summary>
    public EngineState State => (EngineState)Volatile.Read(ref _state);

    /// <summary>Starts: loops, queue workers, then listeners.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _loops.Start();
        await _queue.StartAsync(cancellationToken);
        await _listeners.StartAsync(cancellationToken);
        Volatile.Write(ref _state, (int)EngineState.Running);
        LogRunning();
    }

    /// <summary>Stops in reverse. Does nothing when it never ran.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, (int)EngineState.Draining, (int)EngineState.Running) != (int)EngineState.Running)
        {
            return;
        }

        LogDraining();
        await _listeners.StopAsync(SessionGrace, cancellationToken);
        await _queue.StopAsync(cancellationToken);
        await _loops.StopAsync();
        Volatile.Write(ref _state, (int)EngineState.Stopped);
        LogStopped();
    }

    /// <inheritdoc/>
    public void Dispose() => _loops.Dispose();

    [LoggerMessage(EventId = 8001, Level = LogLevel.Information, Message = "the engine runs")]
    private partial void LogRunning();

    [LoggerMessage(EventId = 8002, Level = LogLevel.Information, Message = "the engine drains: no new sessions, those in progress end")]
    private partial void LogDraining();

    [LoggerMessage(EventId = 8003, Level = LogLevel.Information, Message = "the engine has stopped")]
    private partial void LogStopped();
}
