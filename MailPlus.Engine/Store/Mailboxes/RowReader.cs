using System.Runtime.CompilerServices;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>
/// Streams columns of messages in batches: each batch is one short read transaction on a database thread, and the next is read while the last is consumed.
/// Dense stretches of UIDs are one range scan.
/// </summary>
internal static class RowReader
{
    private const int MaxBatchRows = 256;
    private const int MaxBatchOctets = 256 * 1024;
    private const int FileWeight = 16 * 1024; // An open file counts as this many octets of a batch.

    private const MessageColumns OfSummary =
        MessageColumns.Envelope | MessageColumns.BodyStructure | MessageColumns.Body | MessageColumns.Listing | MessageColumns.Threading | MessageColumns.ObjectIds;

    private static readonly (string Range, string Single)[] Queries = [.. Enumerable.Range(0, 256).Select(c => Query((MessageColumns)c))];

    /// <summary>Streams the rows of those UIDs that are there.</summary>
    public static async IAsyncEnumerable<MessageRow> ReadAsync(
        OpenAccount account, MailboxId mailbox, IReadOnlyList<Uid> uids, MessageColumns columns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = default(Batch);
        var yielded = 0;
        var next = uids.Count > 0 ? ReadBatchAsync(0) : null;
        try
        {
            while (next is not null)
            {
                batch = await next;
                yielded = 0;
                next = batch.End < uids.Count ? ReadBatchAsync(batch.End) : null;
                while (yielded < batch.Rows.Count)
                {
                    yield return batch.Rows[yielded++];
                }
            }
        }
        finally
        {
            await DisposeAsync(batch.Rows, yielded);
            if (next is { IsFaulted: false, IsCanceled: false })
            {
                await next.ContinueWith(async ended => await DisposeAsync(ended.IsCompletedSuccessfully ? (await ended).Rows : null, 0),
                    CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Unwrap();
            }
        }

        Task<Batch> ReadBatchAsync(int start) => account.ReadAsync(session => ReadBatch(session, new Wanted(account, mailbox, uids, columns), start), cancellationToken);
    }

    /// <summary>The content of one message, null when it is gone.</summary>
    public static StoredContent? Open(OpenAccount account, SqlSession session, MailboxId mailbox, Uid uid)
    {
        var row = session.Statement(Queries[(int)MessageColumns.Content].Single).Bind(0, StateStorage.RowId(mailbox, uid.Value));
        return row.Step() ? Content(account, session, row, null) : null;
    }

    private static Batch ReadBatch(SqlSession session, Wanted wanted, int start)
    {
        var uids = wanted.Uids;
        var end = Math.Min(uids.Count, start + MaxBatchRows);
        var rows = new List<MessageRow>(end - start);
        try
        {
            var span = (long)uids[end - 1].Value - uids[start].Value + 1;
            end = span <= (end - start) * 4L
                ? ReadRange(session, wanted, (start, end), rows)
                : ReadSingles(session, wanted, (start, end), rows);
            return new Batch(rows, end);
        }
        catch
        {
            rows.ForEach(row => (row.Content as FileContent)?.Close());
            throw;
        }
    }

    private static int ReadRange(SqlSession session, Wanted wanted, (int Start, int End) stretch, List<MessageRow> rows)
    {
        var (uids, arena, (at, end)) = (wanted.Uids, new Arena(), stretch);
        var statement = session.Statement(Queries[(int)wanted.Columns].Range)
            .Bind(0, StateStorage.RowId(wanted.Mailbox, uids[at].Value)).Bind(1, StateStorage.RowId(wanted.Mailbox, uids[end - 1].Value));
        while (statement.Step())
        {
            var uid = (uint)statement.Long(0);
            while (at < end && uids[at].Value < uid)
            {
                at++;
            }

            if (at < end && uids[at].Value == uid)
            {
                rows.Add(Row(wanted, session, statement, (uids[at++], arena)));
                if (arena.Octets >= MaxBatchOctets)
                {
                    return at;
                }
            }
        }

        return end;
    }

    private static int ReadSingles(SqlSession session, Wanted wanted, (int Start, int End) stretch, List<MessageRow> rows)
    {
        var (uids, arena, (at, end)) = (wanted.Uids, new Arena(), stretch);
        while (at < end && arena.Octets < MaxBatchOctets)
        {
            var uid = uids[at++];
            var statement = session.Statement(Queries[(int)wanted.Columns].Single).Bind(0, StateStorage.RowId(wanted.Mailbox, uid.Value));
            if (statement.Step())
            {
                rows.Add(Row(wanted, session, statement, (uid, arena)));
            }
        }

        return at;
    }

    private static MessageRow Row(Wanted wanted, SqlSession session, SqlStatement row, (Uid Uid, Arena Arena) at)
    {
        var (uid, arena) = at;
        var columns = wanted.Columns;
        var made = new MessageRow(uid)
        {
            SaveDate = (columns & MessageColumns.SaveDate) != 0 ? new Instant(row.Long(1)) : null,
            Envelope = (columns & MessageColumns.Envelope) != 0 ? arena.Keep(row.Blob(2)) : default,
            BodyStructure = (columns & MessageColumns.BodyStructure) != 0 ? arena.Keep(row.Blob(3)) : default,
            Body = (columns & MessageColumns.Body) != 0 ? arena.Keep(row.Blob(4)) : default,
            Listing = (columns & MessageColumns.Listing) != 0 ? Listing(row) : null,
            Threading = (columns & MessageColumns.Threading) != 0 ? (row.Text(12), row.Text(13) is { Length: > 0 } refs ? refs.Split(' ') : []) : null,
            EmailId = (columns & MessageColumns.ObjectIds) != 0 ? row.Long(19) : 0,
            ThreadId = (columns & MessageColumns.ObjectIds) != 0 ? row.Long(20) : 0,
            Content = (columns & MessageColumns.Content) != 0 ? Content(wanted.Account, session, row, arena) : null,
        };
        arena.Octets += 256;
        return made;
    }

    private static MessageListing Listing(SqlStatement row) => new(row.Text(5), row.Text(6), row.Text(7), row.Text(8), row.Text(9))
    {
        Sent = row.IsNull(10) ? null : new Instant(row.Long(10)), HasAttachments = row.Int(11) != 0,
    };

    private static StoredContent Content(OpenAccount account, SqlSession session, SqlStatement row, Arena? arena)
    {
        var (size, prefixLength, headerLength) = (row.Long(14), row.Int(15), row.Int(16));
        var data = row.Blob(18);
        if (row.IsNull(17))
        {
            return data.Length == size
                ? new InlineContent(arena is null ? data.ToArray() : arena.Keep(data), prefixLength, headerLength)
                : throw new InvalidDataException($"A body has {data.Length} octets instead of {size}.");
        }

        if (arena is not null)
        {
            arena.Octets += FileWeight;
        }

        return account.Bodies.Open(session, row.Text(17), new BigBody(data.ToArray(), size, headerLength));
    }

    private static async ValueTask DisposeAsync(List<MessageRow>? rows, int from)
    {
        for (var i = from; i < (rows?.Count ?? 0); i++)
        {
            if (rows![i].Content is { } content)
            {
                await content.DisposeAsync();
            }
        }
    }

    private static (string Range, string Single) Query(MessageColumns columns)
    {
        string If(MessageColumns column, string names) => (columns & column) != 0 ? names : string.Join(", ", names.Split(',').Select(_ => "NULL"));
        var sql = $"""
            SELECT m.id, m.save_date, {If(MessageColumns.Envelope, "s.envelope")}, {If(MessageColumns.BodyStructure, "s.structure")},
                {If(MessageColumns.Body, "s.plain_structure")},
                {If(MessageColumns.Listing, "s.subject, s.from_name, s.from_address, s.to_names, s.preview, s.sent, s.attachments")},
                {If(MessageColumns.Threading, "s.message_id, s.refs")}, {If(MessageColumns.Content, "b.size, b.prefix_length, b.header_length, b.file, b.data")},
                {((columns & MessageColumns.ObjectIds) != 0 ? "m.body, coalesce(nullif(s.thread, 0), m.body)" : "NULL, NULL")}
            FROM message m {((columns & OfSummary) != 0 ? "LEFT JOIN summary s ON {|s.account=m.account AND }s.body=m.body" : "")}
                {((columns & MessageColumns.Content) != 0 ? "LEFT JOIN body b ON {|b.account=m.account AND }b.id=m.body" : "")}
            """;
        return (sql + " WHERE {|m.account=$1 AND }m.id BETWEEN ? AND ? ORDER BY m.id", sql + " WHERE {|m.account=$1 AND }m.id=?");
    }

    private readonly record struct Wanted(OpenAccount Account, MailboxId Mailbox, IReadOnlyList<Uid> Uids, MessageColumns Columns);

    private readonly record struct Batch(List<MessageRow> Rows, int End);

    /// <summary>Cuts a batch's small octet strings out of shared arrays: two allocations a hundred messages instead of two a message.</summary>
    private sealed class Arena
    {
        private const int Chunk = 32 * 1024;
        private byte[] _chunk = [];
        private int _used;

        public int Octets { get; set; }

        public ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> octets)
        {
            Octets += octets.Length;
            if (octets.Length > Chunk / 4)
            {
                return octets.ToArray();
            }

            if (_chunk.Length - _used < octets.Length)
            {
                (_chunk, _used) = (GC.AllocateUninitializedArray<byte>(Chunk), 0);
            }

            octets.CopyTo(_chunk.AsSpan(_used));
            _used += octets.Length;
            return _chunk.AsMemory(_used - octets.Length, octets.Length);
        }
    }
}
