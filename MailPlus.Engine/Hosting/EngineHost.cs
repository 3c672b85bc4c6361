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

/// <summary>Starts and stops everything in order.</summary>
public sealed class EngineHost
{
    /// <summary>Present state; /health/ready answers 200 only while Running.</summary>
    public EngineState State { get; private set; }

    /// <summary>Starts: queue workers, then listeners.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops in reverse.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
