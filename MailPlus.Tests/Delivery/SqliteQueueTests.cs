using MailPlus.Tests.Support;

namespace MailPlus.Tests.Delivery;

/// <summary>The queue in queue.db under the contract.</summary>
public sealed class SqliteQueueTests : QueueContract
{
    protected override PostgresUnderTest? Postgres => null;
}
