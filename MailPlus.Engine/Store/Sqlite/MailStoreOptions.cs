namespace MailPlus.Engine.Store.Sqlite;

/// <summary>Sizes of the SQLite store, with the defaults that measurement chose.</summary>
public sealed record MailStoreOptions
{
    /// <summary>Messages up to this many octets (prefix included) lie in the database; bigger ones are files.</summary>
    public int InlineOctets { get; init; } = 128 * 1024;

    /// <summary>Page size of new databases in octets.</summary>
    public int PageSize { get; init; } = 8192;

    /// <summary>Octets of log after which it is copied back.</summary>
    public int CheckpointOctets { get; init; } = 4 << 20;

    /// <summary>Accounts kept open that nobody uses.</summary>
    public int IdleAccounts { get; init; } = 200;

    /// <summary>Most mailboxes of an account.</summary>
    public int MaxMailboxes { get; init; } = 5000;
}
