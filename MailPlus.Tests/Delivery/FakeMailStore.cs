using System.Collections.Concurrent;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Tests.Delivery;

/// <summary>A message in an INBOX of the fake store.</summary>
public sealed record Filed(DeliveryKey Key, string Text);

/// <summary>Mailboxes in memory that outlive the queue, with the delivery keys of the real ones and failures on demand.</summary>
public sealed class FakeMailStore : IMailStore
{
    public ConcurrentDictionary<AccountId, ConcurrentQueue<Filed>> Inboxes { get; } = new();

    public ConcurrentDictionary<DeliveryKey, bool> Keys { get; } = new();

    /// <summary>Asked before each delivery; what it returns is thrown.</summary>
    public Func<DeliveryKey, Exception?> Fail { get; set; } = _ => null;

    /// <summary>Called after each delivery is stored, before the queue hears of it.</summary>
    public Func<DeliveryKey, Task> Stored { get; set; } = _ => Task.CompletedTask;

    public long UsedOctets { get; set; }

    public ChangeFeed Changes { get; } = new();

    public IReadOnlyList<Filed> Inbox(long account) => Inboxes.TryGetValue(new AccountId(account), out var inbox) ? [.. inbox] : [];

    public Task CreateAsync(AccountId account, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask<IAccountStore> OpenAsync(AccountId account, CancellationToken cancellationToken) => new(new FakeAccount(this, account));

    public Task DeleteAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task CopyToAsync(AccountId account, string folder, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class FakeAccount(FakeMailStore store, AccountId account) : IAccountStore
    {
        public IAccountStore ReadBy(AccountId other) => this;

        private static readonly Mailbox Inbox = new(new MailboxId(1), "INBOX", 1, new Uid(1), new ModSeq(1));

        public AccountId Account => account;

        public ScriptMark Scripts => default;

        public ValueTask<IReadOnlyList<StoredScript>> ScriptsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ChangeScriptsAsync(Func<IReadOnlyList<StoredScript>, IReadOnlyList<StoredScript>> change, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<ScriptMemory?> RecallAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task RememberAsync(IReadOnlyList<ScriptMemory> memories, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<Mailbox?> FindAsync(string name, CancellationToken cancellationToken) => new(name == "INBOX" ? Inbox : null);

        public async Task<AppendOutcome?> DeliverAsync(DeliveryKey key, MailboxId mailbox, NewMessage message, CancellationToken cancellationToken)
        {
            if (store.Fail(key) is { } failure)
            {
                throw failure;
            }

            if (!store.Keys.TryAdd(key, true))
            {
                return null;
            }

            await using var body = message.Content.OpenRead();
            using var text = new MemoryStream();
            text.Write(message.Prefix.Span);
            await body.CopyToAsync(text, cancellationToken);
            store.Inboxes.GetOrAdd(account, _ => new()).Enqueue(new Filed(key, System.Text.Encoding.UTF8.GetString(text.ToArray())));
            await store.Stored(key);
            return new AppendOutcome(mailbox, 1, [new Uid(1)]);
        }

        public Task ForgetDeliveriesAsync(IReadOnlyList<EntryId> entries, CancellationToken cancellationToken)
        {
            foreach (var key in store.Keys.Keys.Where(k => entries.Contains(k.Entry)))
            {
                store.Keys.TryRemove(key, out _);
            }

            return Task.CompletedTask;
        }

        public ValueTask<Usage> UsageAsync(CancellationToken cancellationToken) => new(new Usage(1, store.UsedOctets));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public ValueTask<byte[]?> UrlKeyAsync(MailboxId mailbox, bool make, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ResetUrlKeysAsync(MailboxId? mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<Annotation>> AnnotationsAsync(MailboxId? mailbox, AccountId reader, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task AnnotateAsync(MailboxId? mailbox, AccountId writer, IReadOnlyList<Annotation> changes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<Mailbox>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<string>> SubscriptionsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<Mailbox?> FindAsync(SpecialUse use, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Mailbox> CreateMailboxAsync(string name, SpecialUse use, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task RenameMailboxAsync(MailboxId mailbox, string newName, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DeleteMailboxAsync(MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task SetSubscribedAsync(string name, bool subscribed, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Mailbox> ChangeAclAsync(MailboxId mailbox, AclChange change, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<AppendOutcome> AppendAsync(MailboxId mailbox, IReadOnlyList<NewMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<MailboxState> StateAsync(MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Uid> ClaimRecentAsync(MailboxId mailbox, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<FlagOutcome> StoreFlagsAsync(MailboxId mailbox, FlagChange change, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<CopyOutcome> CopyAsync(MailboxId source, UidSet uids, MailboxId target, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<CopyOutcome> MoveAsync(MailboxId source, UidSet uids, MailboxId target, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<AppendOutcome?> ReplaceAsync(MailboxId source, Uid replaced, MailboxId target, NewMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<(UidSet Expunged, MailboxState State)> ExpungeAsync(MailboxId mailbox, UidSet? uids, bool regardless, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<MessageRow> ReadAsync(MailboxId mailbox, IReadOnlyList<Uid> uids, MessageColumns columns, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<SortColumns> SortColumnsAsync(MailboxState state, SortPart part, bool ordered, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<StoredContent?> OpenAsync(MailboxId mailbox, Uid uid, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<UidSet> VanishedSinceAsync(MailboxId mailbox, ModSeq since, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
