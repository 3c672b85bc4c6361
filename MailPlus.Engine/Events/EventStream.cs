using System.Collections.Immutable;

namespace MailPlus.Engine.Events;

/// <summary>
/// In-process stream of events after commit. Subscribers are called on the publishing thread and only hand over to a loop of their own.
/// What must not be lost goes through an outbox of the database that changed, not through here.
/// </summary>
public sealed class EventStream
{
    private ImmutableArray<Action<MailEvent>> _subscribers = [];

    /// <summary>Hears of every event until disposed; returns at once, never throws.</summary>
    public IDisposable Subscribe(Action<MailEvent> onEvent)
    {
        ImmutableInterlocked.Update(ref _subscribers, list => list.Add(onEvent));
        return new Subscription(() => ImmutableInterlocked.Update(ref _subscribers, list => list.Remove(onEvent)));
    }

    /// <summary>Announces an event.</summary>
    public void Publish(MailEvent happened)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber(happened);
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
