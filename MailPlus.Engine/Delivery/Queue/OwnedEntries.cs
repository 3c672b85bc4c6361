using System.Collections.Concurrent;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>Entries this process has in hand, so that none is taken twice; their number and the octets kept for them are bounded.</summary>
internal sealed class OwnedEntries
{
    /// <summary>Most entries in hand.</summary>
    public const int MostEntries = 10_000;

    /// <summary>Most octets of bodies kept in memory.</summary>
    public const long MostOctets = 64L * 1024 * 1024;

    private readonly ConcurrentDictionary<EntryId, long> _owned = new();
    private long _octets;
    private int _count;

    /// <summary>How many more may be taken.</summary>
    public int Room => Math.Max(0, MostEntries - Volatile.Read(ref _count));

    /// <summary>How many are in hand.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether it is in hand.</summary>
    public bool Contains(EntryId entry) => _owned.ContainsKey(entry);

    /// <summary>Takes an entry in hand; its body is let go when there is no room for it. False when it is already taken or too many are.</summary>
    public bool TryTake(EntryId entry, int octets, out bool keepsBody)
    {
        keepsBody = false;
        if (Interlocked.Increment(ref _count) > MostEntries)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        keepsBody = Interlocked.Add(ref _octets, octets) <= MostOctets;
        if (!keepsBody)
        {
            Interlocked.Add(ref _octets, -octets);
            octets = 0;
        }

        if (_owned.TryAdd(entry, octets))
        {
            return true;
        }

        Interlocked.Add(ref _octets, -octets);
        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Lets an entry go.</summary>
    public void Release(EntryId entry)
    {
        if (_owned.TryRemove(entry, out var octets))
        {
            Interlocked.Add(ref _octets, -octets);
            Interlocked.Decrement(ref _count);
        }
    }
}
