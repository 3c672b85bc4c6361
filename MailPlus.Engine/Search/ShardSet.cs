using System.Globalization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Search;

/// <summary>
/// The shards of one index, opened when needed, at most so many at once. A shard is wiped when it cannot be opened or read: it can always be made again.
/// </summary>
internal sealed class ShardSet : IDisposable
{
    private readonly string _folder;
    private readonly SearchOptions _options;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Slot> _open = [];
    private readonly Dictionary<int, long> _failed = [];
    private readonly Action<int, Exception> _lost;
    private bool _isClosed;

    /// <param name="folder">The folder of the index.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="lost">Told of a shard that lost messages, so that they are indexed again; returns at once.</param>
    public ShardSet(string folder, SearchOptions options, TimeProvider clock, Action<int, Exception> lost)
    {
        (_folder, _options, _clock, _lost) = (folder, options, clock, lost);
        Vocabularies = new VocabularyCache(options.VocabularyOctets);
    }

    /// <summary>Han and kana are indexed character by character.</summary>
    public bool ByCharacter { get; init; }

    /// <summary>Terms kept in memory.</summary>
    public VocabularyCache Vocabularies { get; }

    /// <summary>Shards open now.</summary>
    public int OpenCount
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Messages in the open shards.</summary>
    public int Documents
    {
        get
        {
            lock (_gate)
            {
                return _open.Values.Sum(slot => slot.Shard.Documents);
            }
        }
    }

    /// <summary>In which shard an account is.</summary>
    public int NumberOf(AccountId account) => (int)(account.Value % _options.Shards);

    /// <summary>Runs work on a shard that stays open meanwhile. A failure to read is taken as damage: the shard is wiped, and the default returned.</summary>
    public T? Read<T>(int number, Func<IndexShard, T?> work)
    {
        if (Take(number) is not { } slot)
        {
            return default;
        }

        try
        {
            return work(slot.Shard);
        }
        catch (ObjectDisposedException)
        {
            return default; // the indexer gave it up meanwhile
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Wipe(number, failure);
            return default;
        }
        finally
        {
            GiveBack(slot);
        }
    }

    /// <summary>Runs work that changes a shard, for the indexer alone. After a failure the shard is as of its last commit.</summary>
    /// <returns>False when there is no such shard any more.</returns>
    public bool Write(int number, Action<IndexShard> work)
    {
        if (Take(number) is not { } slot)
        {
            return false;
        }

        try
        {
            work(slot.Shard);
            return true;
        }
        catch
        {
            Drop(number, slot.Shard);
            throw;
        }
        finally
        {
            GiveBack(slot);
        }
    }

    /// <summary>Commits what is due; a failure leaves the shard as of its last commit.</summary>
    public void CommitWhere(Func<IndexShard, bool> isDue)
    {
        foreach (var number in Numbers())
        {
            Write(number, shard =>
            {
                if (shard.IsDirty && isDue(shard))
                {
                    shard.Commit();
                }
            });
        }
    }

    /// <summary>Closes shards that nobody used for long.</summary>
    public void CloseUnused()
    {
        lock (_gate)
        {
            foreach (var (number, slot) in _open.ToList())
            {
                if (slot.Leases == 0 && _clock.GetElapsedTime(slot.Used) > _options.CloseAfter)
                {
                    CloseOne(number, slot);
                }
            }
        }
    }

    /// <summary>Removes a shard's files; it is empty when next opened.</summary>
    public void Wipe(int number, Exception reason)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            if (_open.Remove(number, out var slot))
            {
                slot.Shard.Dispose();
            }

            RemoveFiles(number);
        }

        _lost(number, reason);
    }

    /// <summary>Commits and closes all.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (var (number, slot) in _open.ToList())
            {
                CloseOne(number, slot);
            }
        }
    }

    /// <summary>Closes all; what was not committed is forgotten.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (var slot in _open.Values)
            {
                slot.Shard.Dispose();
            }

            _open.Clear();
        }
    }

    private int[] Numbers()
    {
        lock (_gate)
        {
            return [.. _open.Keys];
        }
    }

    private Slot? Take(int number)
    {
        Exception damage;
        lock (_gate)
        {
            if (_isClosed || (_failed.TryGetValue(number, out var when) && _clock.GetElapsedTime(when) < _options.RestAfterFailure))
            {
                return null;
            }

            try
            {
                if (!_open.TryGetValue(number, out var slot))
                {
                    MakeRoom();
                    slot = new Slot(IndexShard.Open(FolderOf(number), _options));
                    _open.Add(number, slot);
                    _failed.Remove(number);
                }

                slot.Leases++;
                slot.Used = _clock.GetTimestamp();
                return slot;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                damage = failure;
                _failed[number] = _clock.GetTimestamp();
                RemoveFiles(number);
            }
        }

        _lost(number, damage);
        return null;
    }

    private void GiveBack(Slot slot)
    {
        lock (_gate)
        {
            slot.Leases--;
        }
    }

    private void MakeRoom()
    {
        while (_open.Count >= _options.OpenShards)
        {
            var unused = _open.Where(pair => pair.Value.Leases == 0).OrderBy(pair => pair.Value.Used).Select(pair => (int?)pair.Key).FirstOrDefault();
            if (unused is not { } number)
            {
                return; // All are in use: one more for as long as that lasts.
            }

            CloseOne(number, _open[number]);
        }
    }

    private void CloseOne(int number, Slot slot)
    {
        _open.Remove(number);
        try
        {
            slot.Shard.Close();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            slot.Shard.Dispose(); // what was not on the disk is indexed again
            _lost(number, failure);
        }
    }

    private void Drop(int number, IndexShard shard)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(number, out var slot) && ReferenceEquals(slot.Shard, shard))
            {
                _open.Remove(number);
            }

            shard.Dispose();
        }
    }

    private void RemoveFiles(int number)
    {
        try
        {
            if (System.IO.Directory.Exists(FolderOf(number)))
            {
                System.IO.Directory.Delete(FolderOf(number), recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _lost(number, failure); // tried again with the next use
        }
    }

    private string FolderOf(int number) => Path.Combine(_folder, number.ToString(CultureInfo.InvariantCulture));

    private sealed class Slot(IndexShard shard)
    {
        public IndexShard Shard => shard;

        public int Leases { get; set; }

        public long Used { get; set; }
    }
}
