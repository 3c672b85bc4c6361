using System.Collections.Immutable;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Everything of an account that is answered without touching the disk: one immutable picture per commit, swapped whole.</summary>
internal sealed record AccountImage
{
    private IReadOnlyList<Mailbox>? _list;

    public required ImmutableDictionary<long, MailboxImage> Mailboxes { get; init; }

    public required ImmutableSortedDictionary<string, long> Names { get; init; }

    public required ImmutableSortedSet<string> Subscriptions { get; init; }

    /// <summary>The last MODSEQ given out.</summary>
    public required long ModSeq { get; init; }

    /// <summary>MODSEQs up to here may be given out by commits that are not flushed (mail-rules 6).</summary>
    public required long ModSeqLimit { get; init; }

    public required long NextMailbox { get; init; }

    public required long NextBody { get; init; }

    /// <summary>Bodies up to here may have been given numbers, so that none is given twice though its row went.</summary>
    public required long BodyLimit { get; init; }

    /// <summary>Grows with every commit by any process; 0 where there is one process only.</summary>
    public long Version { get; init; }

    /// <summary>Whether scripts have a say in deliveries.</summary>
    public ScriptMark Scripts { get; init; }

    /// <summary>The last UIDVALIDITY given out.</summary>
    public required uint UidValidity { get; init; }

    /// <summary>Identity of this history of the account.</summary>
    public required string Epoch { get; init; }

    /// <summary>In order of name.</summary>
    public IReadOnlyList<Mailbox> List() => _list ??= [.. Names.Values.Select(id => Mailboxes[id].Row)];

    public Usage Usage() => new(Mailboxes.Values.Sum(m => (long)m.Row.Messages), Mailboxes.Values.Sum(m => m.Row.Size));

    /// <summary>The picture with one mailbox replaced; names stay.</summary>
    public AccountImage With(MailboxImage mailbox) => this with { Mailboxes = Mailboxes.SetItem(mailbox.Row.Id.Value, mailbox), _list = null };

    /// <summary>The picture without a mailbox.</summary>
    public AccountImage Without(long id, string name) => this with { Mailboxes = Mailboxes.Remove(id), Names = Names.Remove(name), _list = null };
}

/// <summary>One mailbox in an <see cref="AccountImage"/>.</summary>
/// <param name="Row">Name and counters.</param>
/// <param name="Purged">MODSEQ below which tombstones are gone.</param>
internal sealed record MailboxImage(Mailbox Row, long Purged)
{
    /// <summary>The snapshot, null until somebody looks.</summary>
    public PackedState? State { get; init; }

    /// <summary>Whoever else reads it, by account (mail-rules 11).</summary>
    public ImmutableDictionary<long, ReaderImage> Readers { get; init; } = ImmutableDictionary<long, ReaderImage>.Empty;

    /// <summary>How the snapshot lies in the database; null exactly when <see cref="State"/> is.</summary>
    public FoldMark? Fold { get; init; }

    /// <summary>Name and counters as a reader has them, null for the owner.</summary>
    public Mailbox RowFor(AccountId? reader) => reader is not { } account ? Row
        : Readers.TryGetValue(account.Value, out var known) ? known.Of(Row) : new ReaderImage(0, account).Of(Row);

    /// <summary>The snapshot as a reader has it, null until somebody looks.</summary>
    public PackedState? StateFor(AccountId? reader) => State is null || reader is not { } account ? State
        : Readers.TryGetValue(account.Value, out var known) && known.Chunks is not null ? known.View.Of(State, known) : null;
}

/// <summary>What of a mailbox's state is in stored blocks, and how much is not yet.</summary>
/// <param name="Blocks">The stored blocks by the UID in their row id.</param>
/// <param name="Tail">Messages appended since.</param>
/// <param name="Changes">Flag changes and expunges since.</param>
internal sealed record FoldMark(IReadOnlyList<(uint Uid, StateBlock Block)> Blocks, int Tail, int Changes)
{
    /// <summary>Time to write blocks again.</summary>
    public bool IsDue(MailStoreOptions options) => Tail > options.FoldTail || Changes > options.FoldChanges;
}
