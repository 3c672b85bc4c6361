using System.Net;
using System.Net.Sockets;
using MailPlus.Engine.Net.Connections;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Net.Listeners;

/// <summary>
/// All mail listeners, bound and unbound at run time as the settings say (PRO-050): new ones start, then old ones stop without dropping sessions in progress.
/// One that cannot be bound is Abnormal with the reason and is tried again; the rest runs.
/// </summary>
public sealed partial class ListenerSet : IAsyncDisposable
{
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AbortPatience = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<ProtocolListener> _protocols;
    private readonly ISettingsSource _settings;
    private readonly RunOptions _options;
    private readonly ConnectionTable _table;
    private readonly ConnectionLifetime _lifetime;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private readonly Dictionary<string, List<BoundSocket>> _bound = new(StringComparer.Ordinal);
    private IReadOnlyList<ListenerState> _states;
    private IDisposable? _subscription;
    private ITimer? _retry;
    private bool _stopped;

    /// <summary>Nothing is bound before <see cref="StartAsync"/>.</summary>
    public ListenerSet(IReadOnlyList<ProtocolListener> protocols, ISettingsSource settings, RunOptions options, ConnectionRuntime runtime, ILogger<ListenerSet> log)
    {
        _protocols = protocols;
        _settings = settings;
        _options = options;
        _table = runtime.Table;
        _lifetime = runtime.Lifetime;
        _clock = runtime.Clock;
        _log = log;
        _states = [.. protocols.Select(p => new ListenerState(p.Name, ListenerStatus.Stopped))];
    }

    /// <summary>The state of every listener, in the order they were listed.</summary>
    public IReadOnlyList<ListenerState> States => Volatile.Read(ref _states);

    /// <summary>Told after states changed; returns at once, never throws.</summary>
    public event Action? StatesChanged;

    /// <summary>Binds what settings and command line want, then follows every change of the settings.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = _settings.OnChange((before, now) =>
        {
            if (!ReferenceEquals(before.Service, now.Service))
            {
                _ = ApplyInBackgroundAsync();
            }
        });
        _retry = _clock.CreateTimer(_ => RetryAbnormal(), null, RetryEvery, RetryEvery);
        await ApplyAsync(cancellationToken);
    }

    /// <summary>Makes the listeners what the present settings want; returns when they are. Called by itself after a change of settings.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (!_stopped)
            {
                await RebindAsync(ListenerPlan.Make(_protocols, _settings.Current.Service, _options));
            }
        }
        finally
        {
            _oneAtATime.Release();
        }

        StatesChanged?.Invoke();
    }

    /// <summary>
    /// <see cref="CheckAsync"/> for a save: only listeners the save changes are asked about, so that one that is Abnormal already does not forbid mending another;
    /// fields are setting names.
    /// </summary>
    public async Task<IReadOnlyList<Refusal>> CheckChangeAsync(ServiceSettings before, ServiceSettings wanted, CancellationToken cancellationToken)
    {
        var moved = !before.ListenAddresses.SequenceEqual(wanted.ListenAddresses, StringComparer.Ordinal);
        var changed = _protocols.Where(protocol => moved || protocol.Setting(before) != protocol.Setting(wanted)).Select(protocol => protocol.Name).ToHashSet(StringComparer.Ordinal);
        var faults = changed.Count == 0 ? [] : await CheckAsync(wanted, cancellationToken);
        return [.. faults.Where(fault => changed.Contains(fault.Field!)).Select(fault => fault with { Field = $"Service.{char.ToUpperInvariant(fault.Field![0])}{fault.Field[1..]}" })];
    }

    /// <summary>
    /// What Apply would run into, before it is saved: ports out of range or used twice, and ports that are not free on their address. Ports this server holds itself count as free.
    /// </summary>
    public async Task<IReadOnlyList<Refusal>> CheckAsync(ServiceSettings wanted, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var faults = new List<Refusal>();
            foreach (var listener in ListenerPlan.Make(_protocols, wanted, _options))
            {
                if (listener.Fault is { } fault)
                {
                    faults.Add(fault with { Field = listener.Protocol.Name });
                }

                foreach (var end in listener.EndPoints.Where(end => !_bound.Values.Any(list => list.Exists(bound => bound.Overlaps(end)))))
                {
                    var probe = BoundSocket.TryBind(end, mayFallBack: !listener.Overridden, out var unbindable);
                    if (probe is null)
                    {
                        faults.Add(unbindable! with { Field = listener.Protocol.Name });
                    }
                    else
                    {
                        await probe.DisposeAsync();
                    }
                }
            }

            return faults;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Stops listening, asks sessions to end and waits for them; what is left after <paramref name="grace"/> is aborted.</summary>
    public async Task StopAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        _retry?.Dispose();
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            _stopped = true;
            foreach (var socket in _bound.Values.SelectMany(list => list))
            {
                await socket.DisposeAsync();
            }

            _bound.Clear();
            Volatile.Write(ref _states, [.. _protocols.Select(p => new ListenerState(p.Name, ListenerStatus.Stopped))]);
        }
        finally
        {
            _oneAtATime.Release();
        }

        StatesChanged?.Invoke();
        _table.AskAllToClose();
        if (!await EmptyWithinAsync(grace, cancellationToken))
        {
            LogAborting(_table.Count);
            _table.AbortAll("the server stops");
            await EmptyWithinAsync(AbortPatience, CancellationToken.None);
        }
    }

    /// <summary>Stops at once if it was not stopped before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            await StopAsync(TimeSpan.Zero, CancellationToken.None);
        }

        _oneAtATime.Dispose();
    }

    private async Task<bool> EmptyWithinAsync(TimeSpan span, CancellationToken cancellationToken)
    {
        var begun = _clock.GetTimestamp();
        while (_table.Count > 0)
        {
            if (cancellationToken.IsCancellationRequested || _clock.GetElapsedTime(begun) >= span)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }

        return true;
    }

    private async Task ApplyInBackgroundAsync()
    {
        try
        {
            await ApplyAsync(CancellationToken.None);
        }
        catch (Exception failure)
        {
            LogApplyFailed(failure);
        }
    }

    private void RetryAbnormal()
    {
        // PRO-048: an address that comes back, a port that is given up, is taken again by itself.
        if (States.Any(state => state.Status == ListenerStatus.Abnormal))
        {
            _ = ApplyInBackgroundAsync();
        }
    }

    private async Task RebindAsync(IReadOnlyList<PlannedListener> plan)
    {
        var faults = new Dictionary<string, Refusal>(StringComparer.Ordinal);

        // What is off or fixed elsewhere gives its ports up first, so that another listener may take them.
        foreach (var listener in plan.Where(l => l.EndPoints.Count == 0 && l.Fault is null))
        {
            await UnbindAsync(listener.Protocol.Name, _ => true);
        }

        var conflicting = new List<(PlannedListener Listener, IPEndPoint End)>();
        foreach (var listener in plan)
        {
            foreach (var end in Missing(listener))
            {
                if (_bound.Values.Any(list => list.Exists(bound => bound.Overlaps(end))))
                {
                    conflicting.Add((listener, end));
                }
                else
                {
                    TryBind(listener, end, faults);
                }
            }
        }

        // Ports that change hands among our own listeners: the old sockets must go before the new ones can come.
        var given = new List<(string Name, IPEndPoint End)>();
        foreach (var listener in plan.Where(l => !faults.ContainsKey(l.Protocol.Name) && l.EndPoints.Count > 0))
        {
            given.AddRange(await UnbindAsync(listener.Protocol.Name, bound => !listener.EndPoints.Contains(bound.Wanted)));
        }

        foreach (var (listener, end) in conflicting)
        {
            TryBind(listener, end, faults);
        }

        foreach (var (name, end) in given.Where(g => faults.ContainsKey(g.Name)))
        {
            // PRO-050: if a bind fails the old listener keeps serving.
            TryBind(plan.First(l => l.Protocol.Name == name), end, new Dictionary<string, Refusal>(StringComparer.Ordinal));
        }

        Volatile.Write(ref _states, [.. plan.Select(listener => Describe(listener, faults.GetValueOrDefault(listener.Protocol.Name) ?? listener.Fault))]);
    }

    private IEnumerable<IPEndPoint> Missing(PlannedListener listener) =>
        [.. listener.EndPoints.Where(end => !_bound.TryGetValue(listener.Protocol.Name, out var list) || !list.Exists(bound => bound.Wanted.Equals(end)))];

    private void TryBind(PlannedListener listener, IPEndPoint end, Dictionary<string, Refusal> faults)
    {
        var protocol = listener.Protocol;
        var socket = BoundSocket.TryBind(end, mayFallBack: !listener.Overridden, out var fault);
        if (socket is null)
        {
            faults[protocol.Name] = fault!;
            LogUnbindable(protocol.Name, end, fault!.TextKey, fault.Detail ?? "");
            return;
        }

        if (!_bound.TryGetValue(protocol.Name, out var list))
        {
            _bound[protocol.Name] = list = [];
        }

        list.Add(socket);
        socket.StartAccepting(accepted => _ = _lifetime.RunAsync(accepted, protocol), failure => LogAcceptFailed(failure, protocol.Name));
        if (socket.FellBack)
        {
            LogFellBack(protocol.Name, end, socket.Bound);
        }
        else
        {
            LogListening(protocol.Name, socket.Bound);
        }
    }

    private async Task<IReadOnlyList<(string Name, IPEndPoint End)>> UnbindAsync(string name, Predicate<BoundSocket> which)
    {
        if (!_bound.TryGetValue(name, out var list))
        {
            return [];
        }

        var gone = list.FindAll(which);
        foreach (var socket in gone)
        {
            await socket.DisposeAsync();
            list.Remove(socket);
            LogUnbound(name, socket.Bound);
        }

        return [.. gone.Select(socket => (name, socket.Wanted))];
    }

    private ListenerState Describe(PlannedListener listener, Refusal? fault)
    {
        var sockets = _bound.GetValueOrDefault(listener.Protocol.Name) ?? [];
        var status = fault is not null ? ListenerStatus.Abnormal : sockets.Count > 0 ? ListenerStatus.Running : ListenerStatus.Stopped;
        return new ListenerState(listener.Protocol.Name, status)
        {
            Bound = [.. sockets.Select(socket => socket.Bound)],
            Reason = fault,
            Overridden = listener.Overridden,
            FellBack = sockets.Exists(socket => socket.FellBack),
        };
    }

    [LoggerMessage(1011, LogLevel.Information, "{Listener} listens on {EndPoint}")]
    private partial void LogListening(string listener, IPEndPoint endPoint);

    [LoggerMessage(1012, LogLevel.Information, "{Listener} no longer listens on {EndPoint}")]
    private partial void LogUnbound(string listener, IPEndPoint endPoint);

    [LoggerMessage(1013, LogLevel.Warning, "{Listener} cannot listen on {EndPoint}: {Reason} ({Detail})")]
    private partial void LogUnbindable(string listener, IPEndPoint endPoint, string reason, string detail);

    [LoggerMessage(1014, LogLevel.Warning, "{Listener} may not bind {Wanted} and listens on {EndPoint} instead")]
    private partial void LogFellBack(string listener, IPEndPoint wanted, IPEndPoint endPoint);

    [LoggerMessage(1015, LogLevel.Warning, "{Listener}: accepting failed")]
    private partial void LogAcceptFailed(Exception failure, string listener);

    [LoggerMessage(1016, LogLevel.Warning, "{Count} sessions did not end in time and are aborted")]
    private partial void LogAborting(int count);

    [LoggerMessage(1017, LogLevel.Error, "applying listener settings failed")]
    private partial void LogApplyFailed(Exception failure);
}
