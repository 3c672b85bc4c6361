using System.Globalization;
using Lucene.Net.Analysis;
using Lucene.Net.Documents;
using Lucene.Net.Index;
using Lucene.Net.Util;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Search;

/// <summary>
/// One open shard: a Lucene index with the messages of some accounts and their watermarks. The indexer alone writes; any number of searches read a snapshot
/// that has at least what the watermark they saw says.
/// </summary>
internal sealed class IndexShard : IDisposable
{
    private const LuceneVersion Version = LuceneVersion.LUCENE_48;

    private readonly Lock _gate = new();
    private readonly Lucene.Net.Store.Directory _directory;
    private readonly IndexWriter _writer;
    private readonly Dictionary<AccountId, (AccountMarks Marks, long Sequence)> _marks = [];
    private readonly HashSet<AccountId> _unsaved = [];
    private DirectoryReader _reader;
    private long _sequence;
    private long _readSequence;
    private bool _isClosed;

    private IndexShard(Lucene.Net.Store.Directory directory, IndexWriter writer, DirectoryReader reader) => (_directory, _writer, _reader) = (directory, writer, reader);

    /// <summary>Messages written since the last commit.</summary>
    public int Uncommitted { get; private set; }

    /// <summary>Whether a commit is due for anything.</summary>
    public bool IsDirty => _unsaved.Count > 0;

    /// <summary>Messages in it.</summary>
    public int Documents => _writer.NumDocs;

    /// <summary>Opens a folder's index, or makes one; every octet of it is checked against its checksum.</summary>
    public static IndexShard Open(string folder, SearchOptions options)
    {
        System.IO.Directory.CreateDirectory(folder);
        var directory = options.OpenFolder(folder);
        IndexWriter? writer = null;
        try
        {
            var analyzer = Analyzer.NewAnonymous((_, _) => throw new NotSupportedException("all fields come as terms"));
            writer = new IndexWriter(directory, new IndexWriterConfig(Version, analyzer)
            {
                RAMBufferSizeMB = options.BufferMegabytes,
                MergeScheduler = new SerialMergeScheduler(), // a merge that fails must fail where it is caught
                OpenMode = OpenMode.CREATE_OR_APPEND,
            });
            var reader = DirectoryReader.Open(writer, applyAllDeletes: true);
            foreach (var leaf in reader.Leaves)
            {
                leaf.AtomicReader.CheckIntegrity();
            }

            return new IndexShard(directory, writer, reader);
        }
        catch
        {
            if (writer is not null)
            {
                Abandon(writer);
            }

            directory.Dispose();
            throw;
        }
    }

    /// <summary>The watermark of an account.</summary>
    public AccountMarks MarksOf(AccountId account)
    {
        lock (_gate)
        {
            return Known(account).Marks;
        }
    }

    /// <summary>The watermark and a snapshot that has all it says; null when the shard was closed. Give the snapshot back with <c>DecRef</c>.</summary>
    public (AccountMarks Marks, DirectoryReader Reader)? Look(AccountId account)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return null;
            }

            var (marks, sequence) = Known(account);
            if (sequence > _readSequence)
            {
                Refresh();
            }

            _reader.IncRef();
            return (marks, _reader);
        }
    }

    /// <summary>Accounts that something was committed of.</summary>
    public List<AccountId> Accounts()
    {
        lock (_gate)
        {
            var accounts = new List<AccountId>();
            foreach (var context in _reader.Leaves)
            {
                for (var each = context.AtomicReader.GetTerms(IndexFields.Watermark)?.GetEnumerator(); each is not null && each.MoveNext();)
                {
                    accounts.Add(new AccountId(long.Parse(each.Term.Utf8ToString(), CultureInfo.InvariantCulture)));
                }
            }

            return accounts;
        }
    }

    /// <summary>Adds messages of a mailbox and says how far it is indexed now; false, and nothing done, when it was not as far as thought: the shard was made anew.</summary>
    public bool TryAdd((AccountId Account, MailboxId Mailbox) place, IReadOnlyList<IndexedMessage> messages, MailboxMark? before, MailboxMark mark)
    {
        if (MarksOf(place.Account).Of(place.Mailbox, mark.UidValidity) != before)
        {
            return false;
        }

        foreach (var message in messages)
        {
            _writer.AddDocument(Document(place, message));
        }

        Uncommitted += messages.Count;
        Set(place.Account, MarksOf(place.Account).With(place.Mailbox, mark));
        return true;
    }

    /// <summary>Removes messages that were expunged; false as <see cref="TryAdd"/>.</summary>
    public bool TryRemove((AccountId Account, MailboxId Mailbox) place, IEnumerable<Uid> uids, MailboxMark before, MailboxMark mark)
    {
        if (MarksOf(place.Account).Of(place.Mailbox, mark.UidValidity) != before)
        {
            return false;
        }

        foreach (var uid in uids)
        {
            _writer.DeleteDocuments(new Term(IndexFields.Message, IndexFields.OfMessage(place.Account.Value, place.Mailbox.Value, uid.Value)));
            Uncommitted++;
        }

        Set(place.Account, MarksOf(place.Account).With(place.Mailbox, mark));
        return true;
    }

    /// <summary>Removes a mailbox.</summary>
    public void RemoveMailbox(AccountId account, long mailbox)
    {
        _writer.DeleteDocuments(new Term(IndexFields.Mailbox, IndexFields.OfMailbox(account.Value, mailbox)));
        Set(account, MarksOf(account).Without(mailbox));
    }

    /// <summary>Removes an account.</summary>
    public void RemoveAccount(AccountId account)
    {
        _writer.DeleteDocuments(new Term(IndexFields.Account, Name(account)), new Term(IndexFields.Watermark, Name(account)));
        Uncommitted++;
        Set(account, AccountMarks.None);
    }

    /// <summary>Puts everything on the disk, the watermarks with what they speak of.</summary>
    public void Commit()
    {
        AccountId[] accounts;
        lock (_gate)
        {
            accounts = [.. _unsaved];
        }

        foreach (var account in accounts)
        {
            var marks = MarksOf(account);
            var term = new Term(IndexFields.Watermark, Name(account));
            if (marks.Mailboxes.Count == 0)
            {
                _writer.DeleteDocuments(term);
                continue;
            }

            _writer.UpdateDocument(term, new Document
            {
                new StringField(IndexFields.Watermark, Name(account), Field.Store.NO),
                new StoredField(IndexFields.Marks, marks.Write()),
            });
        }

        _writer.Commit();
        Uncommitted = 0;
        lock (_gate)
        {
            _unsaved.ExceptWith(accounts);
        }
    }

    /// <summary>Commits and closes.</summary>
    public void Close()
    {
        if (IsDirty)
        {
            Commit();
        }

        Dispose();
    }

    /// <summary>Closes; what was not committed is forgotten.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            _reader.DecRef();
            Abandon(_writer);
            _directory.Dispose();
        }
    }

    private static string Name(AccountId account) => account.Value.ToString(CultureInfo.InvariantCulture);

    private static void Abandon(IndexWriter writer)
    {
        try
        {
            writer.Rollback();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // It has closed itself after a failure to write; what is on the disk is the last commit.
        }
    }

    private void Set(AccountId account, AccountMarks marks)
    {
        lock (_gate)
        {
            _marks[account] = (marks, ++_sequence);
            _unsaved.Add(account);
        }
    }

    private (AccountMarks Marks, long Sequence) Known(AccountId account)
    {
        if (_marks.TryGetValue(account, out var known))
        {
            return known;
        }

        // Only committed watermarks are not in memory, and any snapshot has those.
        known = (AccountMarks.None, 0);
        var term = new BytesRef(Name(account));
        foreach (var context in _reader.Leaves)
        {
            var leaf = context.AtomicReader;
            if (leaf.GetTerms(IndexFields.Watermark)?.GetEnumerator() is { } each && each.SeekExact(term))
            {
                var docs = each.Docs(leaf.LiveDocs, null, DocsFlags.NONE);
                var doc = docs.NextDoc();
                if (doc != Lucene.Net.Search.DocIdSetIterator.NO_MORE_DOCS)
                {
                    var stored = leaf.Document(doc).GetBinaryValue(IndexFields.Marks);
                    known = (AccountMarks.Read(stored.Bytes.AsSpan(stored.Offset, stored.Length)), 0);
                }
            }
        }

        _marks[account] = known;
        return known;
    }

    private void Refresh()
    {
        var sequence = _sequence;
        if (DirectoryReader.OpenIfChanged(_reader, _writer, applyAllDeletes: true) is { } newer)
        {
            _reader.DecRef();
            _reader = newer;
        }

        _readSequence = sequence;
    }

    private static Document Document((AccountId Account, MailboxId Mailbox) place, IndexedMessage message)
    {
        var (account, mailbox, uid) = (place.Account.Value, place.Mailbox.Value, message.Uid.Value);
        var document = new Document
        {
            new StringField(IndexFields.Message, IndexFields.OfMessage(account, mailbox, uid), Field.Store.NO),
            new StringField(IndexFields.Mailbox, IndexFields.OfMailbox(account, mailbox), Field.Store.NO),
            new StringField(IndexFields.Account, Name(place.Account), Field.Store.NO),
            new NumericDocValuesField(IndexFields.AccountValue, account),
            new NumericDocValuesField(IndexFields.MailboxValue, mailbox),
            new NumericDocValuesField(IndexFields.UidValue, uid),
        };
        if (message.IsOpaque)
        {
            document.Add(new StringField(IndexFields.Opaque, "1", Field.Store.NO));
        }

        foreach (var (field, terms) in message.Terms)
        {
            document.Add(new Field(field, new TermStream(terms), TermStream.Type));
        }

        return document;
    }
}
