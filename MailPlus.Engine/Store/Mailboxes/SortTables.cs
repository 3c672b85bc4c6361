using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MailPlus.Engine.Database;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>An array that only grows: what was given out of it stays as it is.</summary>
internal struct Grown<T>()
{
    private T[] _items = new T[16];

    public int Count { get; private set; }

    public readonly ReadOnlyMemory<T> Items => _items.AsMemory(0, Count);

    public void Add(T item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        _items[Count++] = item;
    }
}

/// <summary>Columns of one mailbox as they grow with its messages. What a message says never changes, so nothing in them does either. Used by one at a time.</summary>
internal abstract class SortTable
{
    private const int RowsAtOnce = 2000;

    private Grown<uint> _uids = new();
    private string? _query;

    /// <summary>The last UID that was looked at.</summary>
    public uint Through { get; private set; }

    /// <summary>Messages in it, those that are gone included.</summary>
    public int Count => _uids.Count;

    /// <summary>About what it takes in memory.</summary>
    public abstract long Octets { get; }

    protected ReadOnlyMemory<uint> Uids => _uids.Items;

    /// <summary>What is read of a summary.</summary>
    protected abstract string Source { get; }

    public static SortTable Of(SortPart part) => part switch
    {
        SortPart.Subject => new SubjectTable(),
        SortPart.Address => new AddressTable(),
        _ => new ThreadTable(),
    };

    /// <summary>Reads what came in up to a UID.</summary>
    public async ValueTask FillAsync(OpenAccount account, MailboxId mailbox, Uid through, CancellationToken cancellationToken)
    {
        while (Through < through.Value)
        {
            await account.ReadAsync(session => Read(session, mailbox, through.Value), cancellationToken);
        }
    }

    /// <summary>What is there now.</summary>
    /// <param name="ordered">With the order of texts.</param>
    public abstract SortColumns View(bool ordered);

    /// <summary>Takes one message.</summary>
    protected abstract void Add(SqlStatement row);

    private int Read(SqlSession session, MailboxId mailbox, uint through)
    {
        _query ??= $$"""
            SELECT m.id, {{Source}} FROM message m LEFT JOIN summary s ON {|s.account=m.account AND }s.body=m.body
            WHERE {|m.account=$1 AND }m.id BETWEEN ? AND ? ORDER BY m.id LIMIT {{RowsAtOnce}}
            """;
        var rows = session.Statement(_query).Bind(0, StateStorage.RowId(mailbox, Through) + 1).Bind(1, StateStorage.RowId(mailbox, through));
        var count = 0;
        while (rows.Step())
        {
            var uid = (uint)rows.Long(0);
            Add(rows);
            _uids.Add(uid);
            Through = uid;
            count++;
        }

        rows.Reset();
        Through = count < RowsAtOnce ? through : Through;
        return count;
    }

    private sealed class SubjectTable : SortTable
    {
        private readonly TextIds _texts = new();
        private Grown<long> _sent = new();
        private Grown<int> _subjects = new();

        public override long Octets => (Count * 2L * (sizeof(uint) + sizeof(long) + sizeof(int))) + _texts.Octets;

        protected override string Source => "s.subject, s.sent";

        public override SortColumns View(bool ordered) =>
            new() { Uids = Uids, Sent = _sent.Items, Subjects = _subjects.Items, Ranks = ordered ? _texts.Ranks() : default };

        protected override void Add(SqlStatement row)
        {
            var subject = BaseSubject.Of(row.Text(1));
            _sent.Add(row.IsNull(2) ? long.MinValue : row.Long(2) / 1_000_000);
            _subjects.Add((_texts.Of(Casemap.Fold(subject.Text)) << 1) | (subject.IsReplyOrForward ? 1 : 0));
        }
    }

    private sealed class AddressTable : SortTable
    {
        private readonly TextIds _texts = new();
        private readonly Grown<int>[] _columns = [.. Enum.GetValues<AddressColumn>().Select(_ => new Grown<int>())];

        public override long Octets => (Count * 2L * (sizeof(uint) + (_columns.Length * sizeof(int)))) + _texts.Octets;

        protected override string Source => "s.envelope";

        public override SortColumns View(bool ordered) =>
            new() { Uids = Uids, Addresses = [.. _columns.Select(c => c.Items)], Ranks = ordered ? _texts.Ranks() : default };

        protected override void Add(SqlStatement row)
        {
            var envelope = row.Blob(1);
            var from = EnvelopeReader.FirstAddress(envelope, EnvelopeReader.Field.From);
            var to = EnvelopeReader.FirstAddress(envelope, EnvelopeReader.Field.To);
            Put(AddressColumn.From, from?.Mailbox);
            Put(AddressColumn.To, to?.Mailbox);
            Put(AddressColumn.Cc, EnvelopeReader.FirstAddress(envelope, EnvelopeReader.Field.Cc)?.Mailbox);
            Put(AddressColumn.DisplayFrom, Display(from));
            Put(AddressColumn.DisplayTo, Display(to));
        }

        /// <summary>RFC 5957 3.</summary>
        private static string? Display(EnvelopeAddress? address) => address switch
        {
            null => null,
            { Name.Length: > 0 } named => named.Name,
            { Host.Length: > 0 } full => $"{full.Mailbox}@{full.Host}",
            { } rest => rest.Mailbox,
        };

        private void Put(AddressColumn column, string? text) => _columns[(int)column].Add(_texts.Of(Casemap.Fold(text ?? "")));
    }

    private sealed class ThreadTable : SortTable
    {
        /// <summary>By hash, which is a quarter of what the texts would take and as good as they are.</summary>
        private readonly Dictionary<UInt128, int> _ids = [];
        private Grown<int> _messageIds = new();
        private Grown<int> _references = new();
        private Grown<int> _ends = new();

        public override long Octets => ((Count * 3L) + _references.Count) * 2 * sizeof(int) + (_ids.Count * 48L);

        protected override string Source => "s.message_id, s.refs";

        public override SortColumns View(bool ordered) =>
            new() { Uids = Uids, MessageIds = _messageIds.Items, References = _references.Items, ReferenceEnds = _ends.Items };

        protected override void Add(SqlStatement row)
        {
            _messageIds.Add(Id(row.Text(1)));
            var references = row.Text(2).AsSpan();
            foreach (var reference in references.Split(' '))
            {
                if (Id(references[reference]) is not 0 and var id)
                {
                    _references.Add(id);
                }
            }

            _ends.Add(_references.Count);
        }

        private int Id(ReadOnlySpan<char> messageId)
        {
            if (messageId.IsEmpty)
            {
                return 0;
            }

            var octets = new byte[Encoding.UTF8.GetByteCount(messageId)];
            Encoding.UTF8.GetBytes(messageId, octets);
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(octets, hash);
            var key = BinaryPrimitives.ReadUInt128LittleEndian(hash);
            if (!_ids.TryGetValue(key, out var id))
            {
                _ids.Add(key, id = _ids.Count + 1);
            }

            return id;
        }
    }
}
