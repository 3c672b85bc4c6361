namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>Sizes of the SQLite store, with the defaults that measurement chose.</summary>
public sealed record MailStoreOptions
{
    /// <summary>Messages up to this many octets (prefix included) lie in the database; bigger ones are files.</summary>
    public int InlineOctets { get; init; } = 256 * 1024;

    /// <summary>Page size of new databases in octets.</summary>
    public int PageSize { get; init; } = 8192;

    /// <summary>Octets of log after which it is copied back.</summary>
    public int CheckpointOctets { get; init; } = 4 << 20;

    /// <summary>Accounts kept open that nobody uses.</summary>
    public int IdleAccounts { get; init; } = 200;

    /// <summary>Most mailboxes of an account.</summary>
    public int MaxMailboxes { get; init; } = 5000;

    /// <summary>Most annotations of one mailbox that one account sees, and of the account itself.</summary>
    public int MaxAnnotations { get; init; } = 100;

    /// <summary>Most octets of one annotation.</summary>
    public int MaxAnnotationOctets { get; init; } = 64 * 1024;

    /// <summary>Most octets of all annotations of an account together.</summary>
    public long MaxAnnotationsOctets { get; init; } = 16 << 20;

    /// <summary>Most memory for what SORT and THREAD compare, in all mailboxes together; some 60 octets a message.</summary>
    public long SortOctets { get; init; } = 64 << 20;

    /// <summary>Messages appended to a loaded mailbox before its state is packed again; each costs about half a microsecond when the mailbox is next loaded.</summary>
    public int FoldTail { get; init; } = 2048;

    /// <summary>Flag changes and expunges before a mailbox's state is packed again; each is a pass over the messages it names when the mailbox is next loaded.</summary>
    public int FoldChanges { get; init; } = 100;

    /// <summary>Rows of tombstones a mailbox keeps; the oldest beyond that are purged (mail-rules 9).</summary>
    public int TombstoneRows { get; init; } = 4096;
}
