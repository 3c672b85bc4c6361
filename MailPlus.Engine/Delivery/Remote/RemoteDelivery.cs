using MailPlus.Engine.Smtp.Client;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Remote;

/// <summary>
/// Mail on its way to other servers: a queue a destination, served by as many connections as the settings allow, each carrying several messages while there are any.
/// </summary>
internal sealed partial class RemoteDelivery
{
    private readonly DeliverySurroundings _around;
    private readonly CancellationToken _abandon;
    private readonly RouteLookup _routes;
    private readonly ConnectionLimit _limit;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Destination> _destinations = new(StringComparer.Ordinal);
    private readonly HashSet<Task> _runners = [];
    private bool _stopping;

    /// <param name="around">Surroundings.</param>
    /// <param name="abandon">Breaks connections off.</param>
    public RemoteDelivery(DeliverySurroundings around, CancellationToken abandon)
    {
        _around = around;
        _abandon = abandon;
        _routes = new RouteLookup(around.Resolver, around.Settings);
        _limit = new ConnectionLimit(() => around.Settings.Current.Delivery.MaximumConnections);
        _log = around.Logs.CreateLogger<RemoteDelivery>();
    }

    /// <summary>Waiting times of sessions; tests shorten them.</summary>
    public SmtpClientDeadlines Deadlines { get; init; } = new();

    /// <summary>Takes a job; returns at once.</summary>
    public void Submit(RemoteJob job)
    {
        var name = _routes.Destination(job.Domain);
        lock (_gate)
        {
            if (_stopping)
            {
                return; // still active in queue.db: due at the next start
            }

            if (!_destinations.TryGetValue(name, out var destination))
            {
                _destinations.Add(name, destination = new Destination(name));
            }

            destination.Waiting.Enqueue((job, _around.Clock.GetTimestamp()));
            if (destination.Runners < _around.Settings.Current.Delivery.MaximumConnectionsPerDestination)
            {
                destination.Runners++;
                var runner = Task.Run(() => RunAsync(destination), CancellationToken.None);
                _runners.Add(runner);
                _ = runner.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Lets messages under way finish; what waits stays in the queue.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            foreach (var destination in _destinations.Values)
            {
                destination.Waiting.Clear();
            }

            return Task.WhenAll(_runners);
        }
    }

    private void Forget(Task runner)
    {
        lock (_gate)
        {
            _runners.Remove(runner);
        }
    }

    private async Task RunAsync(Destination destination)
    {
        try
        {
            await _limit.EnterAsync(_abandon);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        var mailer = new DestinationMailer(_around, _routes, destination) { Deadlines = Deadlines };
        try
        {
            while (Next(destination) is { } next)
            {
                await mailer.DeliverAsync(next.Job, next.Submitted, _abandon);
            }
        }
        catch (OperationCanceledException)
        {
            // Broken off at shutdown: without a result the entry is due at the next start.
        }
        catch (Exception failure)
        {
            LogRunner(failure, destination.Name);
        }
        finally
        {
            _limit.Leave();
            await mailer.CloseAsync(_abandon);
        }
    }

    /// <summary>The next job; without one the runner has left the destination, in the same step so that no job is left behind.</summary>
    private (RemoteJob Job, long Submitted)? Next(Destination destination)
    {
        lock (_gate)
        {
            if (destination.Waiting.TryDequeue(out var next))
            {
                return next;
            }

            if (--destination.Runners == 0)
            {
                _destinations.Remove(destination.Name);
            }

            return null;
        }
    }

    [LoggerMessage(5501, LogLevel.Error, "A connection runner for {Destination} failed")]
    private partial void LogRunner(Exception failure, string destination);
}

/// <summary>A destination: what waits for it, how many serve it, and since when it cannot be reached.</summary>
internal sealed class Destination(string name)
{
    /// <summary>Domain or relay.</summary>
    public string Name => name;

    /// <summary>Jobs with the moment they came; under the gate of <see cref="RemoteDelivery"/>.</summary>
    public Queue<(RemoteJob Job, long Submitted)> Waiting { get; } = new();

    /// <summary>Connections that serve it; under the same gate.</summary>
    public int Runners { get; set; }

    /// <summary>The last failure to reach it: jobs that were waiting then share it instead of each waiting for the same time-outs.</summary>
    public Outage? Outage { get; set; }
}

/// <summary>A destination could not be reached.</summary>
/// <param name="At">Clock timestamp.</param>
/// <param name="Reason">Why.</param>
internal sealed record Outage(long At, SmtpOutcome Reason);
