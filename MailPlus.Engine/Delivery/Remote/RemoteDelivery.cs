using MailPlus.Engine.Smtp.Client;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Delivery.Remote;

/// <summary>
/// Mail on its way to other servers: a queue a destination, served by as many connections as the settings allow, each carrying several messages while there are any.
/// </summary>
internal sealed partial class RemoteDelivery
{
    private const int MostPaces = 10_000;

    private readonly DeliverySurroundings _around;
    private readonly CancellationToken _abandon;
    private readonly RouteLookup _routes;
    private readonly ConnectionLimit _limit;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Destination> _destinations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DestinationPace> _paces = new(StringComparer.Ordinal); // of idle destinations that turned us away
    private readonly HashSet<Task> _runners = [];
    private long _submitted;
    private bool _stopping;

    /// <param name="around">Surroundings.</param>
    /// <param name="abandon">Breaks connections off.</param>
    public RemoteDelivery(DeliverySurroundings around, CancellationToken abandon)
    {
        _around = around;
        _abandon = abandon;
        _routes = new RouteLookup(around.Resolver, new TlsPolicy(around.Resolver, around.StsPolicies), around.Settings);
        _limit = new ConnectionLimit(() => around.Settings.Current.Delivery.MaximumConnections);
        _log = around.Logs.CreateLogger<RemoteDelivery>();
    }

    /// <summary>Waiting times of sessions; tests shorten them.</summary>
    public SmtpClientDeadlines Deadlines { get; init; } = new();

    /// <summary>Takes a job; returns at once.</summary>
    public void Submit(RemoteJob job)
    {
        var name = job.Hop?.Destination ?? job.Domain;
        lock (_gate)
        {
            if (_stopping)
            {
                return; // still active in queue.db: due at the next start
            }

            if (!_destinations.TryGetValue(name, out var destination))
            {
                _destinations.Add(name, destination = new Destination(name, _paces.Remove(name, out var known) ? known : new DestinationPace()));
            }

            destination.Waiting.Enqueue((job, _around.Clock.GetTimestamp()), (-job.Entry.Terms.Priority, _submitted++));
            AddRunner(destination);
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

    /// <summary>One connection more when the destination bears it; under the gate.</summary>
    private void AddRunner(Destination destination)
    {
        if (!_stopping && destination.Runners < destination.Pace.Connections(MostConnections))
        {
            destination.Runners++;
            var runner = Task.Run(() => RunAsync(destination), CancellationToken.None);
            _runners.Add(runner);
            _ = runner.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private int MostConnections => _around.Settings.Current.Delivery.MaximumConnectionsPerDestination;

    /// <summary>What a connection learned about how many the destination bears.</summary>
    private void Learn(Destination destination, bool taken)
    {
        lock (_gate)
        {
            if (!taken)
            {
                destination.Pace.TurnedAway();
                return;
            }

            destination.Pace.Taken(MostConnections);
            if (destination.Waiting.Count > 0)
            {
                AddRunner(destination);
            }
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

        var mailer = new DestinationMailer(_around, _routes, destination) { Deadlines = Deadlines, Learned = taken => Learn(destination, taken) };
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
            var tooMany = destination.Runners > destination.Pace.Connections(MostConnections);
            if (!tooMany && destination.Waiting.TryDequeue(out var next, out _))
            {
                return next;
            }

            if (--destination.Runners == 0)
            {
                _destinations.Remove(destination.Name);
                Remember(destination);
            }

            return null;
        }
    }

    /// <summary>A destination that turned us away is met slowly the next time, too.</summary>
    private void Remember(Destination destination)
    {
        if (destination.Pace.IsFresh)
        {
            return;
        }

        if (_paces.Count >= MostPaces)
        {
            _paces.Clear(); // a wrong guess costs one refused connection
        }

        _paces[destination.Name] = destination.Pace;
    }

    [LoggerMessage(5501, LogLevel.Error, "A connection runner for {Destination} failed")]
    private partial void LogRunner(Exception failure, string destination);
}

/// <summary>A destination: what waits for it, how many serve it, and since when it cannot be reached.</summary>
internal sealed class Destination(string name, DestinationPace pace)
{
    /// <summary>Domain or relay.</summary>
    public string Name => name;

    /// <summary>Jobs with the moment they came, the most urgent first, among equals the one that came first; under the gate of <see cref="RemoteDelivery"/>.</summary>
    public PriorityQueue<(RemoteJob Job, long Submitted), (int Urgency, long Order)> Waiting { get; } = new();

    /// <summary>How many connections it bears; under the same gate.</summary>
    public DestinationPace Pace => pace;

    /// <summary>Connections that serve it; under the same gate.</summary>
    public int Runners { get; set; }

    /// <summary>The last failure to reach it: jobs that were waiting then share it instead of each waiting for the same time-outs.</summary>
    public Outage? Outage { get; set; }
}

/// <summary>A destination could not be reached.</summary>
/// <param name="At">Clock timestamp.</param>
/// <param name="Demand">What the message asked of the way.</param>
/// <param name="Reason">Why.</param>
internal sealed record Outage(long At, TlsDemand Demand, SmtpOutcome Reason);
