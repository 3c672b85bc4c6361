using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Npgsql;

namespace MailPlus.Engine.Delivery.Queue;

/// <summary>
/// What a queue needs besides when several processes have it. A recipient in hand bears the number of its node; a node says every few seconds that it lives, and what
/// one that no longer does had in hand becomes due again. Claims pass over what another is claiming (SKIP LOCKED).
/// </summary>
internal sealed class SharedQueue(SqlFile file, long node, string folder)
{
    private const int PartOctets = 512 * 1024;
    private const int NodeShift = 44; // Ids of node n begin at n * 2^44: the first node's are as short as those of a queue of its own.
    private const string OfMine = "SELECT DISTINCT entry FROM recipient WHERE state = 0 AND node = $1";

    /// <summary>How long what a node has in hand is left to it without a sign of life.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    /// <summary>Pause between signs of life.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(3);

    /// <summary>The name of this node's outbox.</summary>
    public string OutboxName => $"queue-{node}";

    /// <summary>The number of a node by its name, given the first time.</summary>
    public static long Register(PostgresServer server, string name)
    {
        try
        {
            using var connection = server.Connect(QueueTables.Area);
            using var transaction = connection.BeginTransaction();
            using var command = new NpgsqlCommand("LOCK TABLE node IN SHARE ROW EXCLUSIVE MODE", connection);
            command.ExecuteNonQuery();
            command.CommandText = $"""
                INSERT INTO node(id, name, alive_until) SELECT coalesce(max(id) + 1, 0), $1, clock_timestamp() + $2 FROM node
                ON CONFLICT(name) DO UPDATE SET alive_until = excluded.alive_until RETURNING id
                """;
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Lease });
            var id = (long)command.ExecuteScalar()!;
            command.CommandText = "INSERT INTO counter(node, name, reserved) VALUES($1, 'entry', $2), ($1, 'outbox', $3) ON CONFLICT DO NOTHING";
            command.Parameters.Clear();
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (id << NodeShift) + 65_536 });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (id << NodeShift) + 1 });
            command.ExecuteNonQuery();
            transaction.Commit();
            return id;
        }
        catch (Exception failure)
        {
            throw PostgresFailures.ForCaller(failure);
        }
    }

    /// <summary>Says that this node lives; with a lease of zero, that it leaves.</summary>
    public Task LiveAsync(TimeSpan lease, CancellationToken cancellationToken) => file.WriteAsync(session =>
    {
        session.Statement("UPDATE node SET alive_until = clock_timestamp() + ? * interval '1 second' WHERE id = $1").Bind(0, (long)lease.TotalSeconds).Execute();
        return true;
    }, Durability.Process, cancellationToken);

    /// <summary>Takes due recipients of entries in hand for this node, those left out that another takes at this moment.</summary>
    public Task ClaimAsync(IReadOnlyList<EntryId> entries, Instant now, CancellationToken cancellationToken) => file.WriteAsync(session =>
    {
        foreach (var entry in entries)
        {
            session.Statement("""
                UPDATE recipient SET state = 0, node = $1 WHERE (entry, position) IN
                    (SELECT entry, position FROM recipient WHERE entry = ?1 AND state = 1 AND next <= ?2 FOR UPDATE SKIP LOCKED)
                """).Bind(0, entry.Value).Bind(1, now.Microseconds).Execute();
        }

        return true;
    }, Durability.Full, cancellationToken);

    /// <summary>Entries whose recipients bear this node's number.</summary>
    public Task<IReadOnlyList<EntryId>> MineAsync(CancellationToken cancellationToken) => file.ReadAsync<IReadOnlyList<EntryId>>(session =>
    {
        var found = new List<EntryId>();
        var rows = session.Statement(OfMine);
        while (rows.Step())
        {
            found.Add(new EntryId(rows.Long(0)));
        }

        rows.Reset();
        return found;
    }, cancellationToken);

    /// <summary>Makes entries due again that this node has in the table but not in hand.</summary>
    public Task GiveBackAsync(IReadOnlyList<EntryId> entries, CancellationToken cancellationToken) => file.WriteAsync(session =>
    {
        foreach (var entry in entries)
        {
            session.Statement("UPDATE recipient SET state = 1 WHERE state = 0 AND node = $1 AND entry = ?").Bind(0, entry.Value).Execute();
        }

        return true;
    }, Durability.Full, cancellationToken);

    /// <summary>Makes due what nodes had in hand that no longer live, and takes what they had to tell and the log does not have yet out of their outboxes.</summary>
    public bool TakeOver(SqlSession session, out List<StoredEvent> untold)
    {
        untold = [];
        session.Statement("""
            UPDATE recipient SET state = 1 WHERE state = 0 AND node IN (SELECT id FROM node WHERE alive_until < clock_timestamp() AND id <> $1 FOR UPDATE SKIP LOCKED)
            """).Execute();
        var taken = session.Changes > 0;
        if (!HasLeftEvents(session))
        {
            return taken;
        }

        var rows = session.Statement("""
            DELETE FROM outbox USING node WHERE outbox.node = node.id AND node.alive_until < clock_timestamp() AND node.id <> $1
            RETURNING outbox.id > coalesce((SELECT "LastId" FROM logs.places WHERE "Outbox" = 'queue-' || node.id), 0), outbox.kind, outbox.event
            """);
        while (rows.Step())
        {
            if (rows.Int(0) != 0)
            {
                untold.Add(new StoredEvent(rows.Text(1), rows.Blob(2).ToArray()));
            }
        }

        rows.Reset();
        return taken;
    }

    /// <summary>Keeps two nodes from finishing the last two recipients of an entry side by side, each seeing the other's still there.</summary>
    public void Lock(SqlSession session, EntryId entry)
    {
        var row = session.Statement("SELECT id FROM entry WHERE id = ? FOR UPDATE").Bind(0, entry.Value);
        row.Step();
        row.Reset();
    }

    /// <summary>Writes the parts of a big body with its entry: the file is this node's alone.</summary>
    public void KeepBody(SqlSession session, QueueEntry entry)
    {
        if (entry.BodyFile is not { } name)
        {
            return;
        }

        using var octets = File.OpenRead(name);
        var buffer = new byte[PartOctets];
        for (var part = 0; octets.Position < octets.Length; part++)
        {
            var size = octets.ReadAtLeast(buffer, PartOctets, throwOnEndOfStream: false);
            session.Statement("INSERT INTO big_body(entry, part, data) VALUES(?, ?, ?)").Bind(0, entry.Id.Value).Bind(1, part).Bind(2, buffer.AsSpan(0, size)).Execute();
        }
    }

    /// <summary>Makes the files of big bodies that another node accepted.</summary>
    public async Task BringBodiesAsync(IReadOnlyList<QueueEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            if (entry.BodyFile is { } name && !File.Exists(name))
            {
                await file.ReadAsync(session => Bring(session, entry, name), cancellationToken);
            }
        }
    }

    /// <summary>Whether a dead node left something to tell. Where nobody ever kept a log there is nothing to compare with, and they stay.</summary>
    private static bool HasLeftEvents(SqlSession session)
    {
        var row = session.Statement("""
            SELECT EXISTS (SELECT 1 FROM node JOIN outbox ON outbox.node = node.id WHERE node.alive_until < clock_timestamp() AND node.id <> $1)
                AND to_regclass('logs.places') IS NOT NULL
            """);
        var has = row.Step() && row.Int(0) != 0;
        row.Reset();
        return has;
    }

    private bool Bring(SqlSession session, QueueEntry entry, string name)
    {
        var unfinished = $"{name}.{Path.GetRandomFileName()}";
        try
        {
            DurableFiles.CreateFolder(folder);
            using (var made = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                var rows = session.Statement("SELECT data FROM big_body WHERE entry = ? ORDER BY part").Bind(0, entry.Id.Value);
                while (rows.Step())
                {
                    made.Write(rows.Blob(0));
                }

                rows.Reset();
            }

            File.Move(unfinished, name, overwrite: true);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw SqliteFailures.Unavailable(folder, failure.Message);
        }
    }
}
