using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Store.Contract;

/// <summary>
/// All mailbox accounts of this server. Two implementations pass one contract class of tests: SQLite files, one folder an account, and (later) PostgreSQL.
/// </summary>
public interface IMailStore : IAsyncDisposable
{
    /// <summary>Announcements after commit, in order per account. Subscribers must return at once and never call back into the store.</summary>
    ChangeFeed Changes { get; }

    /// <summary>Makes the account's mailboxes INBOX, Drafts, Sent, Junk, Trash, Archive, subscribed, with special uses. Does nothing when they are there.</summary>
    Task CreateAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Opens an account; disposing the lease lets a bounded LRU close it. Opening an open account is cheap.</summary>
    /// <exception cref="RefusedException">NotFound when it was never created; Unavailable when its database cannot be opened.</exception>
    ValueTask<IAccountStore> OpenAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Closes and removes the account's mail for good.</summary>
    Task DeleteAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Writes a consistent copy of an account, while it is in use, as a new folder (mail-rules 7).</summary>
    Task CopyToAsync(AccountId account, string folder, CancellationToken cancellationToken);
}

/// <summary>
/// One account's mail. Every method that changes something completes after commit; what needs durability (append, copy, move, expunge, mailbox changes) is on
/// stable storage by then, flag-only changes survive a killed process. Cost never grows with the number of messages beyond an index look-up.
/// </summary>
public interface IAccountStore : IAsyncDisposable
{
    /// <summary>Whose mail.</summary>
    AccountId Account { get; }

    /// <summary>
    /// The same lease for somebody who need not be the owner: \Seen, keywords and what counts them are the reader's own, everything else is everybody's
    /// (mail-rules 11). This one is given up by it.
    /// </summary>
    IAccountStore ReadBy(AccountId other);

    /// <summary>All mailboxes with counters, in order of name, subscribed names without a mailbox left out.</summary>
    ValueTask<IReadOnlyList<Mailbox>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Names in the subscription list, also of mailboxes that are gone (RFC 3501 6.3.9).</summary>
    ValueTask<IReadOnlyList<string>> SubscriptionsAsync(CancellationToken cancellationToken);

    /// <summary>A mailbox by name ("inbox" in any case), null when there is none.</summary>
    ValueTask<Mailbox?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>The mailbox with a special use, null when there is none.</summary>
    ValueTask<Mailbox?> FindAsync(SpecialUse use, CancellationToken cancellationToken);

    /// <summary>Makes a mailbox and missing superiors.</summary>
    /// <exception cref="RefusedException">AlreadyExists, Invalid (empty level, control, over 255 octets a level, depth over 20), TooMany.</exception>
    Task<Mailbox> CreateMailboxAsync(string name, SpecialUse use, CancellationToken cancellationToken);

    /// <summary>Renames with inferiors. Renaming INBOX moves its messages into the new mailbox and leaves it empty (RFC 3501 6.3.5).</summary>
    /// <exception cref="RefusedException">NotFound, AlreadyExists, Invalid.</exception>
    Task RenameMailboxAsync(MailboxId mailbox, string newName, CancellationToken cancellationToken);

    /// <summary>Removes a mailbox and its messages; with inferiors left it stays as a name that cannot be selected. INBOX is refused.</summary>
    /// <exception cref="RefusedException">NotFound, NotAllowed.</exception>
    Task DeleteMailboxAsync(MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>Adds a name to the subscription list or removes it.</summary>
    Task SetSubscribedAsync(string name, bool subscribed, CancellationToken cancellationToken);

    /// <summary>Annotations of a mailbox (null: of the account itself) that an account sees: the shared ones and its own private ones (RFC 5464), in order of entry.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    ValueTask<IReadOnlyList<Annotation>> AnnotationsAsync(MailboxId? mailbox, AccountId reader, CancellationToken cancellationToken);

    /// <summary>Sets and removes annotations of a mailbox (null: of the account itself), all or none. They stay with a mailbox that is renamed and go with it.</summary>
    /// <exception cref="RefusedException">NotFound; TooLarge and TooMany with field "METADATA".</exception>
    Task AnnotateAsync(MailboxId? mailbox, AccountId writer, IReadOnlyList<Annotation> changes, CancellationToken cancellationToken);

    /// <summary>
    /// Changes the access control list of a mailbox (RFC 4314). New mailboxes begin with the list of their nearest superior. The owner keeps
    /// <see cref="Acl.OwnersAlways"/>; an entry that gives the owner everything says nothing and goes.
    /// </summary>
    /// <exception cref="RefusedException">NotFound; TooMany entries.</exception>
    Task<Mailbox> ChangeAclAsync(MailboxId mailbox, AclChange change, CancellationToken cancellationToken);

    /// <summary>The key that vouches for URLs of a mailbox (RFC 4467 2.2); where there is none, null, or a new one when <paramref name="make"/>.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    ValueTask<byte[]?> UrlKeyAsync(MailboxId mailbox, bool make, CancellationToken cancellationToken);

    /// <summary>Forgets the key of a mailbox, or with null all keys of the account: no URL signed before is true any more.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    Task ResetUrlKeysAsync(MailboxId? mailbox, CancellationToken cancellationToken);

    /// <summary>What is known of the scripts, from memory: as of the last question asked of this lease.</summary>
    ScriptMark Scripts { get; }

    /// <summary>The scripts, in order of kind and name.</summary>
    ValueTask<IReadOnlyList<StoredScript>> ScriptsAsync(CancellationToken cancellationToken);

    /// <summary>Changes scripts, durable on completion.</summary>
    /// <param name="change">From those there are to those there shall be; asked again when others change them meanwhile. May refuse by throwing.</param>
    /// <param name="cancellationToken">Token.</param>
    Task ChangeScriptsAsync(Func<IReadOnlyList<StoredScript>, IReadOnlyList<StoredScript>> change, CancellationToken cancellationToken);

    /// <summary>What is remembered under a key, null when nothing is or it has expired.</summary>
    ValueTask<ScriptMemory?> RecallAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken);

    /// <summary>Remembers, and forgets what has expired.</summary>
    Task RememberAsync(IReadOnlyList<ScriptMemory> memories, CancellationToken cancellationToken);

    /// <summary>Appends all or none, durable on completion.</summary>
    /// <exception cref="RefusedException">NotFound, OverQuota is not checked here but by the caller.</exception>
    Task<AppendOutcome> AppendAsync(MailboxId mailbox, IReadOnlyList<NewMessage> messages, CancellationToken cancellationToken);

    /// <summary>Appends once per key (mail-rules 1): returns null when this delivery was made before.</summary>
    Task<AppendOutcome?> DeliverAsync(DeliveryKey key, MailboxId mailbox, NewMessage message, CancellationToken cancellationToken);

    /// <summary>Forgets the keys of entries whose removal from the queue is durable.</summary>
    Task ForgetDeliveriesAsync(IReadOnlyList<EntryId> entries, CancellationToken cancellationToken);

    /// <summary>The present snapshot of a mailbox.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    ValueTask<MailboxState> StateAsync(MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>Claims \Recent for a SELECT by one durable advance: the first UID that is \Recent to the caller (mail-rules 10).</summary>
    Task<Uid> ClaimRecentAsync(MailboxId mailbox, CancellationToken cancellationToken);

    /// <summary>Changes flags.</summary>
    /// <exception cref="RefusedException">NotFound; TooMany when a mailbox would have more than 64 keywords.</exception>
    Task<FlagOutcome> StoreFlagsAsync(MailboxId mailbox, FlagChange change, CancellationToken cancellationToken);

    /// <summary>Copies with flags and internal date; bodies are shared. All or nothing.</summary>
    Task<CopyOutcome> CopyAsync(MailboxId source, UidSet uids, MailboxId target, CancellationToken cancellationToken);

    /// <summary>Moves atomically (RFC 6851).</summary>
    Task<CopyOutcome> MoveAsync(MailboxId source, UidSet uids, MailboxId target, CancellationToken cancellationToken);

    /// <summary>Appends a message and removes another for good, both or neither (RFC 8508).</summary>
    /// <returns>Null when the message to be replaced is gone; then nothing was appended.</returns>
    /// <exception cref="RefusedException">NotFound.</exception>
    Task<AppendOutcome?> ReplaceAsync(MailboxId source, Uid replaced, MailboxId target, NewMessage message, CancellationToken cancellationToken);

    /// <summary>Removes messages for good: those of <paramref name="uids"/> (null: all) that have \Deleted, or regardless of \Deleted when <paramref name="regardless"/>.</summary>
    /// <returns>UIDs removed and the snapshot after.</returns>
    Task<(UidSet Expunged, MailboxState State)> ExpungeAsync(MailboxId mailbox, UidSet? uids, bool regardless, CancellationToken cancellationToken);

    /// <summary>Streams columns of the UIDs given (ascending), passing over those that are gone. Rows with content must be disposed by the caller.</summary>
    IAsyncEnumerable<MessageRow> ReadAsync(MailboxId mailbox, IReadOnlyList<Uid> uids, MessageColumns columns, CancellationToken cancellationToken);

    /// <summary>What SORT and THREAD compare of all messages of a snapshot; kept in bounded memory, so that only what is new is read.</summary>
    /// <param name="state">The snapshot.</param>
    /// <param name="part">Which columns.</param>
    /// <param name="ordered">With <see cref="SortColumns.Ranks"/>.</param>
    /// <param name="cancellationToken">Token.</param>
    ValueTask<SortColumns> SortColumnsAsync(MailboxState state, SortPart part, bool ordered, CancellationToken cancellationToken);

    /// <summary>One message, null when it is gone.</summary>
    ValueTask<StoredContent?> OpenAsync(MailboxId mailbox, Uid uid, CancellationToken cancellationToken);

    /// <summary>UIDs of a mailbox expunged after a MODSEQ (RFC 7162 VANISHED); below the purge mark all absent UIDs of the known set (mail-rules 9).</summary>
    ValueTask<UidSet> VanishedSinceAsync(MailboxId mailbox, ModSeq since, CancellationToken cancellationToken);

    /// <summary>Storage used, from counters.</summary>
    ValueTask<Usage> UsageAsync(CancellationToken cancellationToken);
}
