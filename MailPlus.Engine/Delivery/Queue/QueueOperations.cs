using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>The queue for administrators.</summary>
public sealed class QueueOperations : IQueueOperations
{
    private const int LargestPage = 1000;
    private const int LongestSearch = 200;
    private const int MostEntries = 10_000;

    private readonly DeliveryQueue _queue;
    private readonly EventStream _events;
    private readonly TimeProvider _clock;

    internal QueueOperations(DeliveryQueue queue, DeliverySurroundings around)
    {
        _queue = queue;
        _events = around.Events;
        _clock = around.Clock;
    }

    /// <inheritdoc/>
    public Task<Page<QueuedMessage>> ListAsync(Actor actor, QueueQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageQueue);
        if (query.Search.Length > LongestSearch || query.Offset < 0 || query.Limit is < 1 or > LargestPage)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "QueryInvalid"));
        }

        return _queue.File.Database.ReadAsync(session => QueueListingQuery.Run(session, query), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<int> RetryAsync(Actor actor, IReadOnlyList<EntryId>? entries, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageQueue);
        RequireFew(entries);
        var now = Instant.Now(_clock);
        var acted = Acted(actor, "QueueRetried", entries is null ? "*" : string.Join(", ", entries), now);
        var count = await _queue.File.RetryAsync(entries, now, acted, cancellationToken);
        _events.Publish(acted);
        _queue.Wake();
        return count;
    }

    /// <inheritdoc/>
    public async Task<int> RetryDomainAsync(Actor actor, DomainName domain, bool withSubdomains, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageQueue);
        var now = Instant.Now(_clock);
        var acted = Acted(actor, "QueueRetried", (withSubdomains ? "@" : "") + domain.Ascii, now);
        var below = "." + domain.Ascii;
        var count = await _queue.File.RetryDomainAsync(found => found.Ascii == domain.Ascii || withSubdomains && found.Ascii.EndsWith(below, StringComparison.Ordinal), now, acted, cancellationToken);
        _events.Publish(acted);
        _queue.Wake();
        return count;
    }

    /// <inheritdoc/>
    public async Task<int> RemoveAsync(Actor actor, IReadOnlyList<EntryId> entries, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageQueue);
        RequireFew(entries);
        var now = Instant.Now(_clock);
        var told = new List<MailEvent>();
        var removed = await _queue.File.RemoveAsync(entries, entry =>
        {
            var events = Events(actor, entry, now);
            told.AddRange(events);
            return events;
        }, cancellationToken);
        told.ForEach(_events.Publish);
        return removed.Count;
    }

    private static List<MailEvent> Events(Actor actor, QueueEntry entry, Instant now)
    {
        var events = new List<MailEvent>();
        foreach (var recipient in entry.Recipients)
        {
            events.Add(new RecipientAttempted(entry.Id, entry.Sender, recipient.Recipient.Address.ToString(), DeliveryResult.Removed)
            {
                Time = now, Reply = $"removed by {actor.Name}", MessageId = entry.MessageId, Subject = entry.Subject, Size = entry.Size,
            });
        }

        events.Add(Acted(actor, "QueueRemoved", entry.Id.ToString(), now));
        return events;
    }

    private static AdminActed Acted(Actor actor, string action, string target, Instant now) =>
        new(actor.Name, action, target.Length > 1000 ? target[..1000] : target) { Time = now, Client = actor.Address };

    private static void RequireFew(IReadOnlyList<EntryId>? entries)
    {
        if (entries?.Count > MostEntries)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyEntries"));
        }
    }
}
