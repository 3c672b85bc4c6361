namespace MailPlus.Engine.Events;

/// <summary>An event as a database's outbox keeps it.</summary>
/// <param name="Id">Ascending in commit order, never reused.</param>
/// <param name="Event">The event.</param>
public sealed record OutboxEvent(long Id, MailEvent Event);

/// <summary>
/// The reader's side of one database's outbox: events written in the same transaction as the change, kept until the log has them (mail-rules 2).
/// The log remembers the last id it stored in its own transaction, so an event that is read twice is stored once.
/// </summary>
public interface IEventOutbox
{
    /// <summary>Name under which the reader keeps its place, e.g. "queue".</summary>
    string Name { get; }

    /// <summary>Completes when there may be events beyond those read; spurious wake-ups are fine.</summary>
    Task WaitAsync(CancellationToken cancellationToken);

    /// <summary>Events with a higher id, ascending, at most <paramref name="limit"/>; empty when there are none.</summary>
    Task<IReadOnlyList<OutboxEvent>> ReadAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>Forgets events up to and including this id; they are in the log.</summary>
    Task RemoveAsync(long upTo, CancellationToken cancellationToken);
}
