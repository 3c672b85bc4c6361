using MailPlus.Engine.Database;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Events;

/// <summary>The system database's outbox, read by the log writer.</summary>
public sealed class SystemOutbox(SystemDatabase database) : IEventOutbox
{
    /// <inheritdoc/>
    public string Name => "system";

    /// <inheritdoc/>
    public Task WaitAsync(CancellationToken cancellationToken) => database.WaitForEventsAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<OutboxEvent>> ReadAsync(long after, int limit, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<OutboxEvent>>(
        async context =>
        {
            var rows = await context.Outbox.Where(row => row.Id > after).OrderBy(row => row.Id).Take(limit).ToListAsync(cancellationToken);
            return [.. rows.Select(row => new OutboxEvent(row.Id, EventJson.Read(row.Payload)))];
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task RemoveAsync(long upTo, CancellationToken cancellationToken) =>
        database.WriteAsync(context => context.Outbox.Where(row => row.Id <= upTo).ExecuteDeleteAsync(cancellationToken), cancellationToken);
}
