using System.Collections.Concurrent;

namespace MailPlus.Engine.Resolver;

/// <summary>Answers by question until their TTL ends, at most so many: strangers choose the names we ask for.</summary>
internal sealed class AnswerCache(int limit, TimeProvider clock)
{
    private static readonly TimeSpan LongestStay = TimeSpan.FromHours(6);

    private readonly ConcurrentDictionary<(string Type, string Name), Entry> _entries = new();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryGet<T>(string type, string name, out DnsAnswer<T> answer)
    {
        if (_entries.TryGetValue((type, name), out var entry) && entry.Until > clock.GetUtcNow() && entry.Answer is DnsAnswer<T> kept)
        {
            answer = kept;
            return true;
        }

        answer = null!;
        return false;
    }

    public void Keep<T>(string type, string name, DnsAnswer<T> answer, TimeSpan timeToLive)
    {
        if (timeToLive <= TimeSpan.Zero)
        {
            return;
        }

        if (Count >= limit)
        {
            MakeRoom();
        }

        var stay = timeToLive < LongestStay ? timeToLive : LongestStay;
        var entry = new Entry(answer, clock.GetUtcNow() + stay);
        if (_entries.TryAdd((type, name), entry))
        {
            Interlocked.Increment(ref _count);
        }
        else
        {
            _entries[(type, name)] = entry;
        }
    }

    /// <summary>Drops what has expired and, if that is not a tenth, whatever comes first: a wrong guess costs one query.</summary>
    private void MakeRoom()
    {
        var now = clock.GetUtcNow();
        var wanted = Math.Max(1, limit / 10);
        foreach (var (key, entry) in _entries)
        {
            if (entry.Until <= now && _entries.TryRemove(key, out _))
            {
                Interlocked.Decrement(ref _count);
                wanted--;
            }
        }

        foreach (var (key, _) in _entries)
        {
            if (wanted <= 0)
            {
                return;
            }

            if (_entries.TryRemove(key, out _))
            {
                Interlocked.Decrement(ref _count);
                wanted--;
            }
        }
    }

    private sealed record Entry(object Answer, DateTimeOffset Until);
}
