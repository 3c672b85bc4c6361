using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>
/// The sort columns of all mailboxes of a store that were sorted or threaded lately, in bounded memory. A mailbox's columns are read from the summaries made at
/// delivery when they are first asked for; after that only what came in since is.
/// </summary>
/// <param name="maxOctets">The most memory for all of them; the least recently used go first.</param>
internal sealed class SortCache(long maxOctets)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Place, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _used = new(); // Most recently used first.
    private long _octets;

    /// <summary>Columns that hold every message of a snapshot.</summary>
    public async ValueTask<SortColumns> GetAsync(OpenAccount account, MailboxState state, (SortPart Part, bool Ordered) wanted, CancellationToken cancellationToken)
    {
        var mailbox = state.Mailbox;
        var entry = Find(new Place(account.Account, mailbox.Id, mailbox.UidValidity, wanted.Part));
        SortColumns columns;
        await entry.Turn.WaitAsync(cancellationToken);
        try
        {
            if (entry.Table.Count > (2L * state.Count) + 1000)
            {
                entry.Table = SortTable.Of(wanted.Part); // most of it is gone
            }

            if (state.Count > 0)
            {
                await entry.Table.FillAsync(account, mailbox.Id, state[state.Count - 1].Uid, cancellationToken);
            }

            columns = entry.Table.View(wanted.Ordered);
        }
        catch
        {
            entry.Table = SortTable.Of(wanted.Part); // a row may be in half of it
            throw;
        }
        finally
        {
            entry.Turn.Release();
        }

        Account(entry);
        return columns;
    }

    private Entry Find(Place place)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(place, out var node))
            {
                _used.Remove(node);
                _used.AddFirst(node);
                return node.Value;
            }

            var entry = new Entry(place);
            _entries.Add(place, _used.AddFirst(entry));
            return entry;
        }
    }

    private void Account(Entry entry)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(entry.Place, out var present) || present.Value != entry)
            {
                return; // had to go meanwhile
            }

            var octets = entry.Table.Octets;
            _octets += octets - entry.Octets;
            entry.Octets = octets;
            while (_octets > maxOctets && _used.Last is { } oldest)
            {
                _used.RemoveLast();
                _entries.Remove(oldest.Value.Place);
                _octets -= oldest.Value.Octets;
            }
        }
    }

    private readonly record struct Place(AccountId Account, MailboxId Mailbox, uint UidValidity, SortPart Part);

    private sealed class Entry(Place place)
    {
        public Place Place => place;

        /// <summary>Whoever reads into the table; never waited on by its handle, so there is nothing to dispose of.</summary>
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public SortTable Table { get; set; } = SortTable.Of(place.Part);

        public long Octets { get; set; }
    }
}
