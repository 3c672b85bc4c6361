using System.Threading.Channels;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>The outbox of queue.db: events committed with the change they tell of, kept until the log has them.</summary>
public sealed class QueueOutbox : IEventOutbox
{
    private readonly SqlFile _file;
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    internal QueueOutbox(SqlFile file, string name)
    {
        Name = name;
        _file = file;
        Signal(); // an earlier process may have left some
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Task WaitAsync(CancellationToken cancellationToken) => _signal.Reader.ReadAsync(cancellationToken).AsTask();

    /// <inheritdoc/>
    public Task<IReadOnlyList<OutboxEvent>> ReadAsync(long after, int limit, CancellationToken cancellationToken) =>
        _file.ReadAsync<IReadOnlyList<OutboxEvent>>(session =>
        {
            var found = new List<OutboxEvent>();
            var rows = session.Statement("SELECT id, kind, event FROM outbox WHERE {|node = $1 AND }id > ?1 ORDER BY id LIMIT ?2").Bind(0, after).Bind(1, limit);
            while (rows.Step())
            {
                if (EventCodec.Read(rows.Text(1), rows.Blob(2)) is { } happened)
                {
                    found.Add(new OutboxEvent(rows.Long(0), happened));
                }
            }

            return found;
        }, cancellationToken);

    /// <inheritdoc/>
    public Task RemoveAsync(long upTo, CancellationToken cancellationToken) => _file.WriteAsync(session =>
    {
        session.Statement("DELETE FROM outbox WHERE {|node = $1 AND }id <= ?1").Bind(0, upTo).Execute();
        return true;
    }, Durability.Process, cancellationToken);

    internal void Signal() => _signal.Writer.TryWrite(true);
}
