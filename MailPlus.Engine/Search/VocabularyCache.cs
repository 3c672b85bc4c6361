using Lucene.Net.Index;

namespace MailPlus.Engine.Search;

/// <summary>Keeps vocabularies of segments, the least recently used ones given up beyond so many octets; those of closed segments go at once.</summary>
internal sealed class VocabularyCache(long budget) : SegmentReader.ICoreDisposedListener
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(object Core, string Field), LinkedListNode<Entry>> _byKey = [];
    private readonly LinkedList<Entry> _used = new(); // Least recently used first.
    private long _octets;

    /// <summary>Octets kept now.</summary>
    public long Octets
    {
        get
        {
            lock (_gate)
            {
                return _octets;
            }
        }
    }

    /// <summary>The vocabulary of a segment's field; null when it is too big to be kept.</summary>
    public Vocabulary? Of(AtomicReader leaf, string field)
    {
        var key = (leaf.CoreCacheKey, field);
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var known))
            {
                _used.Remove(known);
                _used.AddLast(known);
                return known.Value.Vocabulary;
            }
        }

        var vocabulary = Vocabulary.Read(leaf.GetTerms(field), (int)Math.Min(budget / 2, int.MaxValue / 2));
        if (vocabulary is null || leaf is not SegmentReader segment)
        {
            return vocabulary;
        }

        segment.AddCoreDisposedListener(this);
        lock (_gate)
        {
            if (_byKey.TryAdd(key, new LinkedListNode<Entry>(new Entry(key, vocabulary))))
            {
                _used.AddLast(_byKey[key]);
                _octets += vocabulary.Size;
            }

            while (_octets > budget && _used.First is { } oldest)
            {
                Remove(oldest);
            }
        }

        return vocabulary;
    }

    /// <inheritdoc/>
    public void OnDispose(object ownerCoreCacheKey)
    {
        lock (_gate)
        {
            foreach (var field in IndexFields.Text.Append(IndexFields.Loose).Append(IndexFields.Names))
            {
                if (_byKey.TryGetValue((ownerCoreCacheKey, field), out var node))
                {
                    Remove(node);
                }
            }
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _used.Remove(node);
        _byKey.Remove(node.Value.Key);
        _octets -= node.Value.Vocabulary.Size;
    }

    private sealed record Entry((object Core, string Field) Key, Vocabulary Vocabulary);
}
