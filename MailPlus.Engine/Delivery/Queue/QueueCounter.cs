using MailPlus.Engine.Database;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// Numbers that ascend and are never used twice, whatever happens to the process: they are taken from memory up to a mark that is durable with the first row
/// that goes beyond it; after a restart counting goes on at the mark.
/// </summary>
internal sealed class QueueCounter(string name, long reserved)
{
    private const long Block = 16384;

    private long _next = reserved;
    private long _reserved = reserved;

    /// <summary>The next number; any thread.</summary>
    public long Take() => Interlocked.Increment(ref _next) - 1;

    /// <summary>Makes the mark cover a number that the present transaction uses. Writer thread only.</summary>
    public void Cover(SqlSession session, long used)
    {
        if (used < _reserved)
        {
            return;
        }

        var mark = used + Block;
        session.Statement("UPDATE counter SET reserved = {max|greatest}(reserved, ?1) WHERE {|node = $1 AND }name = ?2").Bind(0, mark).Bind(1, name).Execute();
        session.AfterCommit(() => _reserved = Math.Max(_reserved, mark));
    }
}
