using System.Runtime.InteropServices;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// queue.db and the folder of big bodies beside it: every row the queue writes or reads goes through here. A change that belongs together is one item of the
/// file's group commit, so it happens whole or not at all.
/// </summary>
internal sealed class QueueFile : IAsyncDisposable
{
    private const string NotBefore = "AND NOT EXISTS (SELECT 1 FROM terms WHERE terms.entry = recipient.entry AND terms.hold > ?1)";

    private readonly SqlFile _file;
    private readonly QueueBodies _bodies;
    private readonly QueueCounter _entries;
    private readonly QueueCounter _events;

    private QueueFile(SqlFile file, QueueBodies bodies, (QueueCounter Entries, QueueCounter Events) counters, SharedQueue? shared)
    {
        _file = file;
        _bodies = bodies;
        (_entries, _events) = counters;
        Shared = shared;
        Outbox = new QueueOutbox(file, shared?.OutboxName ?? "queue");
    }

    /// <summary>What happened, for the mail log.</summary>
    public QueueOutbox Outbox { get; }

    /// <summary>What is needed besides where other processes have the same queue; null for one of our own.</summary>
    public SharedQueue? Shared { get; }

    /// <summary>The database, for reading.</summary>
    public SqlFile Database => _file;

    /// <summary>
    /// Takes an open queue.db into use: what an earlier process had in hand is due now, body files without an entry are removed.
    /// </summary>
    /// <param name="file">queue.db with <see cref="QueueSchema"/>.</param>
    /// <param name="bodies">Big bodies, on the file system of the data folder.</param>
    /// <param name="shared">What is needed besides in PostgreSQL.</param>
    /// <param name="now">The present.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<QueueFile> StartAsync(SqlFile file, QueueBodies bodies, SharedQueue? shared, Instant now, CancellationToken cancellationToken)
    {
        var (entries, events) = await file.WriteAsync(session =>
        {
            session.Statement("UPDATE recipient SET state = 1, next = ?1 WHERE state = 0{| AND node = $1}").Bind(0, now.Microseconds).Execute();
            return (Reserved(session, "entry"), Reserved(session, "outbox"));
        }, Durability.Full, cancellationToken);
        var names = await file.ReadAsync(session =>
        {
            var found = new HashSet<string>(StringComparer.Ordinal);
            var rows = session.Statement("SELECT file FROM entry WHERE file IS NOT NULL");
            while (rows.Step())
            {
                found.Add(rows.Text(0));
            }

            return found;
        }, cancellationToken);
        await bodies.SweepAsync(names, cancellationToken);
        return new QueueFile(file, bodies, (new QueueCounter("entry", entries), new QueueCounter("outbox", events)), shared);
    }

    /// <summary>The next queue id.</summary>
    public EntryId NextId() => new(_entries.Take());

    /// <summary>Whether a content of this size lies in a file instead of the row.</summary>
    public static bool IsBig(long size) => size > QueueBodies.Threshold;

    /// <summary>Links or writes a big body into the queue's folder, durable; returns its full name.</summary>
    public Task<string> KeepBodyAsync(EntryId entry, MessageContent content, CancellationToken cancellationToken) => _bodies.KeepAsync(entry, content, cancellationToken);

    /// <summary>Writes a big body that had to be changed on the way, durable; returns its full name.</summary>
    public Task<string> WriteBodyAsync(EntryId entry, Func<Stream, Task> write, CancellationToken cancellationToken) => _bodies.WriteAsync(entry, write, cancellationToken);

    /// <summary>Removes a body whose entry was never written.</summary>
    public Task DropBodyAsync(string fileName) => _bodies.RemoveAsync([fileName]);

    /// <summary>Writes a consistent copy of the database and the bodies its entries name.</summary>
    public async Task CopyToAsync(string folder, CancellationToken cancellationToken)
    {
        // Bodies before and after the rows: one that goes meanwhile has no row in the copy, one that comes meanwhile is brought by the second walk.
        var target = Path.Combine(folder, "queue");
        await _bodies.CopyToAsync(target, cancellationToken);
        await _file.CopyToAsync(Path.Combine(folder, "queue.db"), cancellationToken);
        await _bodies.CopyToAsync(target, cancellationToken);
    }

    /// <summary>Makes an entry durable with its event.</summary>
    /// <param name="entry">The entry, its recipients new.</param>
    /// <param name="accepted">The event.</param>
    /// <param name="state"><see cref="QueueSchema.Active"/> when this process takes it on from memory, else <see cref="QueueSchema.Deferred"/>.</param>
    /// <param name="afterCommit">Called on the writer thread after the commit.</param>
    /// <param name="cancellationToken">Honoured until the entry is taken into a group.</param>
    public Task AddAsync(QueueEntry entry, MailEvent accepted, int state, Action afterCommit, CancellationToken cancellationToken)
    {
        var stored = EventCodec.Write(accepted);
        return _file.WriteAsync(session =>
        {
            if (entry.Charge is { } charge)
            {
                OutboundCounter.Charge(session, charge, entry.Size);
            }

            Insert(session, entry, state);
            Tell(session, stored);
            session.AfterCommit(afterCommit);
            session.AfterCommit(Outbox.Signal);
            return true;
        }, Durability.Full, cancellationToken);
    }

    /// <summary>Forgets what accounts sent outside, and tells of it. Returns how many had sent something.</summary>
    public Task<int> ClearUsageAsync(IReadOnlyCollection<AccountId> accounts, MailEvent acted, CancellationToken cancellationToken)
    {
        var stored = EventCodec.Write(acted);
        return _file.WriteAsync(session =>
        {
            var cleared = OutboundCounter.Clear(session, accounts);
            Tell(session, stored);
            session.AfterCommit(Outbox.Signal);
            return cleared;
        }, Durability.Full, cancellationToken);
    }

    /// <summary>Writes the results of attempts: rows, reports and events in one transaction.</summary>
    /// <returns>Ids of entries that are gone now.</returns>
    public Task<IReadOnlyList<EntryId>> ApplyAsync(IReadOnlyList<EntryUpdate> updates, CancellationToken cancellationToken)
    {
        var stored = updates.Select(u => u.Events.Select(EventCodec.Write).ToList()).ToList();
        return _file.WriteAsync<IReadOnlyList<EntryId>>(session =>
        {
            var gone = new List<EntryId>();
            var keys = new Dictionary<AccountId, List<long>>();
            for (var i = 0; i < updates.Count; i++)
            {
                if (Apply(session, updates[i], gone, keys))
                {
                    foreach (var happened in stored[i])
                    {
                        Tell(session, happened);
                    }
                }
            }

            foreach (var (account, entries) in keys)
            {
                session.Statement("INSERT INTO forgotten (account, entries) VALUES (?1, ?2)")
                    .Bind(0, account.Value).Bind(1, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(entries))).Execute();
            }

            session.AfterCommit(Outbox.Signal);
            return gone;
        }, updates.All(u => u.IsRepeatable) ? Durability.Process : Durability.Full, cancellationToken);
    }

    /// <summary>Completes when everything committed before is on stable storage.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => _file.WriteAsync(session =>
    {
        // Something has to be written, or there is nothing to flush.
        session.Statement("UPDATE counter SET reserved = reserved WHERE {|node = $1 AND }name = 'entry'").Execute();
        return true;
    }, Durability.Full, cancellationToken);

    /// <summary>Makes recipients due that no schedule can have made wait so long: the clock was ahead when their time was set. What a sender holds back stays.</summary>
    public Task<bool> MendTimesAsync(Instant now, TimeSpan longestWait, CancellationToken cancellationToken) => _file.WriteAsync(session =>
    {
        session.Statement($"UPDATE recipient SET next = ?1 WHERE state = 1 AND next > ?2 {NotBefore}").Bind(0, now.Microseconds).Bind(1, now.Plus(longestWait).Microseconds).Execute();
        return true;
    }, Durability.Full, cancellationToken);

    /// <summary>Ids of entries with a recipient whose time has come, the most urgent and then the earliest first, those in hand left out.</summary>
    public Task<IReadOnlyList<EntryId>> FindDueAsync(Instant now, int limit, Func<EntryId, bool> isOwned, CancellationToken cancellationToken) =>
        _file.ReadAsync<IReadOnlyList<EntryId>>(session =>
        {
            var ids = new List<EntryId>();
            var seen = new HashSet<long>();
            for (var priority = DeliveryTerms.HighestPriority; priority >= DeliveryTerms.LowestPriority && ids.Count < limit; priority--)
            {
                var due = session.Statement("SELECT entry FROM recipient WHERE state = 1 AND priority = ?1 AND next <= ?2 ORDER BY next").Bind(0, priority).Bind(1, now.Microseconds);
                while (ids.Count < limit && due.Step())
                {
                    var id = due.Long(0);
                    if (seen.Add(id) && !isOwned(new EntryId(id)))
                    {
                        ids.Add(new EntryId(id));
                    }
                }

                due.Reset();
            }

            return ids;
        }, cancellationToken);

    /// <summary>Entries by id with their recipients that are due; octets are not read, entries without due recipients left out. To be asked once they are in hand, so that no result can be missed.</summary>
    public async Task<IReadOnlyList<QueueEntry>> LoadAsync(IReadOnlyList<EntryId> entries, Instant now, CancellationToken cancellationToken)
    {
        if (Shared is not null)
        {
            await Shared.ClaimAsync(entries, now, cancellationToken);
        }

        var found = await _file.ReadAsync<IReadOnlyList<QueueEntry>>(
            session => [.. entries.Select(id => QueueRows.Read(session, id.Value, now, _bodies.Folder)).OfType<QueueEntry>().Where(e => e.Recipients.Count > 0)],
            cancellationToken);
        if (Shared is not null)
        {
            await Shared.BringBodiesAsync(found, cancellationToken);
        }

        return found;
    }

    /// <summary>The earliest time at which a recipient is due, null when none waits.</summary>
    public Task<Instant?> NextDueAsync(CancellationToken cancellationToken) => _file.ReadAsync<Instant?>(session =>
    {
        Instant? earliest = null;
        for (var priority = DeliveryTerms.LowestPriority; priority <= DeliveryTerms.HighestPriority; priority++)
        {
            var row = session.Statement("SELECT min(next) FROM recipient WHERE state = 1 AND priority = ?1").Bind(0, priority);
            if (row.Step() && !row.IsNull(0) && (earliest is not { } known || row.Long(0) < known.Microseconds))
            {
                earliest = new Instant(row.Long(0));
            }

            row.Reset();
        }

        return earliest;
    }, cancellationToken);

    /// <summary>Octets of a small body, null when the entry is gone.</summary>
    public Task<byte[]?> ReadBodyAsync(EntryId entry, CancellationToken cancellationToken) => _file.ReadAsync(session =>
    {
        var row = session.Statement("SELECT body FROM entry WHERE id = ?1").Bind(0, entry.Value);
        return row.Step() ? row.Blob(0).ToArray() : null;
    }, cancellationToken);

    /// <summary>Entries whose removal is durable but whose delivery keys are still kept by the account (mail-rules 1).</summary>
    public Task<IReadOnlyList<(long Row, AccountId Account, IReadOnlyList<EntryId> Entries)>> ReadForgottenAsync(CancellationToken cancellationToken) =>
        _file.ReadAsync<IReadOnlyList<(long, AccountId, IReadOnlyList<EntryId>)>>(session =>
        {
            var found = new List<(long, AccountId, IReadOnlyList<EntryId>)>();
            var rows = session.Statement("SELECT id, account, entries FROM forgotten ORDER BY id LIMIT 1000");
            while (rows.Step())
            {
                var entries = MemoryMarshal.Cast<byte, long>(rows.Blob(2)).ToArray();
                found.Add((rows.Long(0), new AccountId(rows.Long(1)), [.. entries.Select(e => new EntryId(e))]));
            }

            return found;
        }, cancellationToken);

    /// <summary>The accounts have forgotten the keys of these rows.</summary>
    public Task RemoveForgottenAsync(IReadOnlyList<long> rows, CancellationToken cancellationToken) => _file.WriteAsync(session =>
    {
        foreach (var row in rows)
        {
            session.Statement("DELETE FROM forgotten WHERE id = ?1").Bind(0, row).Execute();
        }

        return true;
    }, Durability.Process, cancellationToken);

    /// <summary>Makes waiting and held recipients due: of these entries, or of all, those left out whose sender set a later time.</summary>
    /// <returns>How many entries.</returns>
    public Task<int> RetryAsync(IReadOnlyList<EntryId>? entries, Instant now, MailEvent happened, CancellationToken cancellationToken)
    {
        var stored = EventCodec.Write(happened);
        return _file.WriteAsync(session =>
        {
            var count = 0;
            if (entries is null)
            {
                var rows = session.Statement("SELECT count(DISTINCT entry) FROM recipient");
                count = rows.Step() ? rows.Int(0) : 0;
                rows.Reset();
                session.Statement($"UPDATE recipient SET state = 1, next = ?1 WHERE state IN (1, 2) {NotBefore}").Bind(0, now.Microseconds).Execute();
            }
            else
            {
                foreach (var entry in entries)
                {
                    session.Statement($"UPDATE recipient SET state = 1, next = ?1 WHERE entry = ?2 AND state IN (1, 2) {NotBefore}").Bind(0, now.Microseconds).Bind(1, entry.Value).Execute();
                    count += session.Changes > 0 ? 1 : 0;
                }
            }

            Tell(session, stored);
            session.AfterCommit(Outbox.Signal);
            return count;
        }, Durability.Full, cancellationToken);
    }

    /// <summary>Makes waiting recipients in some domains due, those left out whose sender set a later time.</summary>
    /// <returns>How many entries.</returns>
    public async Task<int> RetryDomainAsync(Predicate<DomainName> wanted, Instant now, MailEvent happened, CancellationToken cancellationToken)
    {
        // Looked for outside the writer: a long queue must not keep mail from being accepted.
        var found = await _file.ReadAsync(session =>
        {
            var rows = session.Statement("SELECT entry, position, address FROM recipient WHERE state = 1");
            var waiting = new List<(long Entry, int Position)>();
            while (rows.Step())
            {
                if (EmailAddress.TryParse(rows.Text(2), out var address) && wanted(address.Domain))
                {
                    waiting.Add((rows.Long(0), rows.Int(1)));
                }
            }

            rows.Reset();
            return waiting;
        }, cancellationToken);
        var stored = EventCodec.Write(happened);
        return await _file.WriteAsync(session =>
        {
            var entries = new HashSet<long>();
            foreach (var (entry, position) in found)
            {
                session.Statement($"UPDATE recipient SET next = ?1 WHERE entry = ?2 AND position = ?3 AND state = 1 {NotBefore}").Bind(0, now.Microseconds).Bind(1, entry).Bind(2, position).Execute();
                if (session.Changes > 0)
                {
                    entries.Add(entry);
                }
            }

            Tell(session, stored);
            session.AfterCommit(Outbox.Signal);
            return entries.Count;
        }, Durability.Full, cancellationToken);
    }

    /// <summary>Takes over what processes that died had in hand and had to tell; true when there was something.</summary>
    public Task<bool> TakeOverAsync(CancellationToken cancellationToken) => Shared is null ? Task.FromResult(false) : _file.WriteAsync(session =>
    {
        var taken = Shared.TakeOver(session, out var untold);
        untold.ForEach(happened => Tell(session, happened));
        session.AfterCommit(Outbox.Signal);
        return taken;
    }, Durability.Full, cancellationToken);

    /// <summary>Removes entries whatever their state.</summary>
    /// <param name="entries">Which.</param>
    /// <param name="tell">Makes the events of one removed entry.</param>
    /// <param name="cancellationToken">Honoured until the removal is taken into a group.</param>
    /// <returns>Those that were there.</returns>
    public Task<IReadOnlyList<QueueEntry>> RemoveAsync(IReadOnlyList<EntryId> entries, Func<QueueEntry, IReadOnlyList<MailEvent>> tell, CancellationToken cancellationToken) =>
        _file.WriteAsync<IReadOnlyList<QueueEntry>>(session =>
        {
            var removed = new List<QueueEntry>();
            foreach (var id in entries)
            {
                if (QueueRows.Read(session, id.Value, null, _bodies.Folder) is not { } entry)
                {
                    continue;
                }

                session.Statement("DELETE FROM recipient WHERE entry = ?1").Bind(0, id.Value).Execute();
                session.Statement("DELETE FROM entry WHERE id = ?1").Bind(0, id.Value).Execute();
                QueueTerms.Delete(session, entry);
                DropBodyAfterCommit(session, entry);
                foreach (var happened in tell(entry))
                {
                    Tell(session, EventCodec.Write(happened));
                }

                removed.Add(entry);
            }

            session.AfterCommit(Outbox.Signal);
            return removed;
        }, Durability.Full, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private void Insert(SqlSession session, QueueEntry entry, int state)
    {
        _entries.Cover(session, entry.Id.Value);
        QueueRows.Insert(session, entry, state);
        Shared?.KeepBody(session, entry);
    }

    private void Tell(SqlSession session, StoredEvent happened)
    {
        var id = _events.Take();
        _events.Cover(session, id);
        session.Statement("INSERT INTO outbox ({|node, }id, kind, event) VALUES ({$}?1, ?2, ?3)").Bind(0, id).Bind(1, happened.Kind).Bind(2, happened.Json).Execute();
    }

    private bool Apply(SqlSession session, EntryUpdate update, List<EntryId> gone, Dictionary<AccountId, List<long>> keys)
    {
        var id = update.Entry.Id.Value;
        var touched = 0;
        Shared?.Lock(session, update.Entry.Id);
        foreach (var result in update.Results)
        {
            touched += QueueRows.Write(session, id, result);
        }

        if (touched == 0)
        {
            return false; // An administrator removed it meanwhile: nobody is told anything.
        }

        foreach (var report in update.Reports)
        {
            Insert(session, report, QueueSchema.Deferred); // due at once
        }

        session.Statement("DELETE FROM entry WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM recipient WHERE entry = ?1)").Bind(0, id).Execute();
        if (session.Changes == 0)
        {
            return true;
        }

        gone.Add(update.Entry.Id);
        QueueTerms.Delete(session, update.Entry);
        DropBodyAfterCommit(session, update.Entry);
        foreach (var result in update.Results)
        {
            if (result.Account is { } account)
            {
                Remember(keys, account, id);
            }
        }

        return true;
    }

    private static void Remember(Dictionary<AccountId, List<long>> keys, AccountId account, long entry)
    {
        if (!keys.TryGetValue(account, out var entries))
        {
            keys.Add(account, entries = []);
        }

        if (entries.Count == 0 || entries[^1] != entry)
        {
            entries.Add(entry);
        }
    }

    private void DropBodyAfterCommit(SqlSession session, QueueEntry entry)
    {
        if (entry.BodyFile is { } name)
        {
            session.AfterCommit(() => _bodies.RemoveLater(name));
        }
    }

    private static long Reserved(SqlSession session, string name)
    {
        var row = session.Statement("SELECT reserved FROM counter WHERE {|node = $1 AND }name = ?1").Bind(0, name);
        return row.Step() ? row.Long(0) : throw new InvalidDataException($"queue.db has no counter {name}");
    }
}
