using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Store.Mailboxes;

/// <summary>One lease of an open account, for its owner or for a reader who is not (mail-rules 11).</summary>
internal sealed class AccountStore(OpenAccount account, Action giveBack, AccountId? reader = null) : IAccountStore
{
    private const int MostTries = 5;

    private Action? _giveBack = giveBack;

    public AccountId Account => account.Account;

    public IAccountStore ReadBy(AccountId other)
    {
        var lease = Interlocked.Exchange(ref _giveBack, null) ?? throw new ObjectDisposedException(nameof(AccountStore));
        return new AccountStore(account, lease, other == Account ? null : other);
    }

    /// <summary>The account itself.</summary>
    public OpenAccount Source => account;

    public async ValueTask<IReadOnlyList<Mailbox>> ListAsync(CancellationToken cancellationToken)
    {
        var image = await account.PresentAsync(cancellationToken);
        return reader is null ? image.List() : [.. image.Names.Values.Select(id => image.Mailboxes[id].RowFor(reader))];
    }

    public async ValueTask<IReadOnlyList<string>> SubscriptionsAsync(CancellationToken cancellationToken) => (await account.PresentAsync(cancellationToken)).Subscriptions;

    public async ValueTask<Mailbox?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var image = await account.PresentAsync(cancellationToken);
        return image.Names.TryGetValue(MailboxName.Normalise(name), out var id) ? image.Mailboxes[id].RowFor(reader) : null;
    }

    public async ValueTask<Mailbox?> FindAsync(SpecialUse use, CancellationToken cancellationToken) =>
        use == SpecialUse.None ? null : (await account.PresentAsync(cancellationToken)).Mailboxes.Values.FirstOrDefault(m => m.Row.SpecialUse == use)?.RowFor(reader);

    public Task<Mailbox> CreateMailboxAsync(string name, SpecialUse use, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => MailboxChanges.Create(edit, name, use, account.Options.MaxMailboxes), Durability.Full, cancellationToken);

    public Task RenameMailboxAsync(MailboxId mailbox, string newName, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => MailboxChanges.Rename(edit, mailbox, newName, account.Options.MaxMailboxes), Durability.Full, cancellationToken);

    public async Task DeleteMailboxAsync(MailboxId mailbox, CancellationToken cancellationToken)
    {
        await account.WriteAsync(edit => MailboxChanges.Delete(edit, mailbox), Durability.Full, cancellationToken);
        account.ClearDoomed();
    }

    public Task SetSubscribedAsync(string name, bool subscribed, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => MailboxChanges.SetSubscribed(edit, name, subscribed, account.Options.MaxMailboxes), Durability.Full, cancellationToken);

    public async ValueTask<IReadOnlyList<Annotation>> AnnotationsAsync(MailboxId? mailbox, AccountId reader, CancellationToken cancellationToken)
    {
        if (mailbox is { } id)
        {
            await RequireAsync(id, cancellationToken);
        }

        return await account.ReadAsync(session => Annotations.Read(session, Account, mailbox, reader), cancellationToken);
    }

    public Task AnnotateAsync(MailboxId? mailbox, AccountId writer, IReadOnlyList<Annotation> changes, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => Annotations.Set(edit, Account, mailbox, writer, changes, account.Options), Durability.Full, cancellationToken);

    public Task<Mailbox> ChangeAclAsync(MailboxId mailbox, AclChange change, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => AccessLists.Change(edit, mailbox, account.Account, change), Durability.Full, cancellationToken);

    public async ValueTask<byte[]?> UrlKeyAsync(MailboxId mailbox, bool make, CancellationToken cancellationToken)
    {
        await RequireAsync(mailbox, cancellationToken);
        return await account.ReadAsync(session => UrlKeys.Find(session, mailbox), cancellationToken)
            ?? (make ? await account.WriteAsync(edit => UrlKeys.Make(edit, mailbox), Durability.Full, cancellationToken) : null);
    }

    public Task ResetUrlKeysAsync(MailboxId? mailbox, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => UrlKeys.Reset(edit, mailbox), Durability.Full, cancellationToken);

    public ScriptMark Scripts => account.Published.Scripts;

    public async ValueTask<IReadOnlyList<StoredScript>> ScriptsAsync(CancellationToken cancellationToken) => await account.ReadAsync(ScriptRows.Read, cancellationToken);

    public Task ChangeScriptsAsync(Func<IReadOnlyList<StoredScript>, IReadOnlyList<StoredScript>> change, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => ScriptRows.Change(edit, change), Durability.Full, cancellationToken);

    public async ValueTask<ScriptMemory?> RecallAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken) =>
        await account.ReadAsync(session => ScriptRows.Recall(session, key.Span, Instant.Now(account.Clock)), cancellationToken);

    public Task RememberAsync(IReadOnlyList<ScriptMemory> memories, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => ScriptRows.Remember(edit, memories), Durability.Full, cancellationToken);

    public async Task<AppendOutcome> AppendAsync(MailboxId mailbox, IReadOnlyList<NewMessage> messages, CancellationToken cancellationToken)
    {
        var ready = await Appending.PrepareAsync(account, messages, cancellationToken);
        var committed = false;
        try
        {
            var outcome = await account.WriteAsync(edit => Appending.Append(edit, mailbox, ready, reader), Durability.Full, cancellationToken);
            committed = true;
            return outcome;
        }
        finally
        {
            Appending.Release(account, ready, committed);
        }
    }

    public async Task<AppendOutcome?> DeliverAsync(DeliveryKey key, MailboxId mailbox, NewMessage message, CancellationToken cancellationToken)
    {
        var ready = await Appending.PrepareAsync(account, [message], cancellationToken);
        var committed = false;
        try
        {
            var outcome = await account.WriteAsync(
                edit => Appending.TryNote(edit, key) ? Appending.Append(edit, mailbox, ready) : null, Durability.Full, cancellationToken);
            committed = outcome is not null;
            return outcome;
        }
        finally
        {
            Appending.Release(account, ready, committed);
        }
    }

    public async Task<AppendOutcome?> ReplaceAsync(MailboxId source, Uid replaced, MailboxId target, NewMessage message, CancellationToken cancellationToken)
    {
        var ready = await Appending.PrepareAsync(account, [message], cancellationToken);
        var committed = false;
        try
        {
            var outcome = await account.WriteAsync(edit => Replace(edit), Durability.Full, cancellationToken);
            committed = outcome is not null;
            return outcome;
        }
        finally
        {
            Appending.Release(account, ready, committed);
        }

        AppendOutcome? Replace(AccountEdit edit)
        {
            if (edit.Loaded(source).State!.IndexOf(replaced) < 0)
            {
                return null;
            }

            var outcome = Appending.Append(edit, target, ready, reader);
            Expunging.Expunge(edit, source, UidSet.Of(replaced), regardless: true);
            return outcome;
        }
    }

    public Task ForgetDeliveriesAsync(IReadOnlyList<EntryId> entries, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => Appending.Forget(edit, entries), Durability.Process, cancellationToken);

    public async ValueTask<MailboxState> StateAsync(MailboxId mailbox, CancellationToken cancellationToken) =>
        (await account.PresentAsync(cancellationToken)).Mailboxes.TryGetValue(mailbox.Value, out var image) && image.StateFor(reader) is { } state
            ? state
            : await LoadAsync(mailbox, cancellationToken);

    public async Task<Uid> ClaimRecentAsync(MailboxId mailbox, CancellationToken cancellationToken)
    {
        // Most SELECTs find nothing new: no commit for them.
        if ((await account.PresentAsync(cancellationToken)).Mailboxes.TryGetValue(mailbox.Value, out var image) && image.Row.FirstRecent == image.Row.UidNext)
        {
            return image.Row.FirstRecent;
        }

        try
        {
            return await account.WriteAsync(edit => FlagChanges.ClaimRecent(edit, mailbox), Durability.Full, cancellationToken);
        }
        catch (RefusedException full) when (full.Refusal.IsStorageFull)
        {
            // Reading goes on. Whoever cannot be made the first to be told of a message may be told that it is recent (RFC 3501 2.3.2), as others will be.
            return (await RequireAsync(mailbox, cancellationToken)).Row.FirstRecent;
        }
    }

    public async Task<FlagOutcome> StoreFlagsAsync(MailboxId mailbox, FlagChange change, CancellationToken cancellationToken)
    {
        await account.ReserveModSeqsAsync(cancellationToken);
        if (reader is { } other)
        {
            var (image, marked, modified) = await account.WriteAsync(edit => Readers.Store(edit, mailbox, other, change), Durability.Process, cancellationToken);
            return new FlagOutcome(marked.View.Of(image.State!, marked), modified);
        }

        return account.Published.Mailboxes.TryGetValue(mailbox.Value, out var known) && known.State is not null
            ? await account.WriteSmallAsync(edit => FlagChanges.Store(edit, mailbox, change), cancellationToken)
            : await account.WriteAsync(edit => FlagChanges.Store(edit, mailbox, change), Durability.Process, cancellationToken);
    }

    public Task<CopyOutcome> CopyAsync(MailboxId source, UidSet uids, MailboxId target, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => Copying.Copy(edit, source, uids, target), Durability.Full, cancellationToken);

    public Task<CopyOutcome> MoveAsync(MailboxId source, UidSet uids, MailboxId target, CancellationToken cancellationToken) =>
        account.WriteAsync(edit => Copying.Move(edit, source, uids, target), Durability.Full, cancellationToken);

    public async Task<(UidSet Expunged, MailboxState State)> ExpungeAsync(MailboxId mailbox, UidSet? uids, bool regardless, CancellationToken cancellationToken)
    {
        var (expunged, state) = await account.WriteAsync(edit => Expunging.Expunge(edit, mailbox, uids, regardless), Durability.Full, cancellationToken);
        return (expunged, reader is null ? state : await StateAsync(mailbox, CancellationToken.None));
    }

    public IAsyncEnumerable<MessageRow> ReadAsync(MailboxId mailbox, IReadOnlyList<Uid> uids, MessageColumns columns, CancellationToken cancellationToken)
    {
        Required(account.Published, mailbox);
        return RowReader.ReadAsync(account, mailbox, uids, columns, cancellationToken);
    }

    public ValueTask<SortColumns> SortColumnsAsync(MailboxState state, SortPart part, bool ordered, CancellationToken cancellationToken) =>
        account.Sorting.GetAsync(account, state, (part, ordered), cancellationToken);

    public async ValueTask<StoredContent?> OpenAsync(MailboxId mailbox, Uid uid, CancellationToken cancellationToken)
    {
        await RequireAsync(mailbox, cancellationToken);
        return await account.ReadAsync(session => RowReader.Open(account, session, mailbox, uid), cancellationToken);
    }

    public async ValueTask<UidSet> VanishedSinceAsync(MailboxId mailbox, ModSeq since, CancellationToken cancellationToken)
    {
        var image = await RequireAsync(mailbox, cancellationToken);
        return since.Value >= image.Purged
            ? await account.ReadAsync(session => StateStorage.Tombstones(session, mailbox, since.Value), cancellationToken)
            : Absent(await StateAsync(mailbox, cancellationToken));
    }

    public async ValueTask<Usage> UsageAsync(CancellationToken cancellationToken) => (await account.PresentAsync(cancellationToken)).Usage();

    public ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _giveBack, null)?.Invoke();
        return ValueTask.CompletedTask;
    }

    private async Task<MailboxState> LoadAsync(MailboxId mailbox, CancellationToken cancellationToken)
    {
        if (reader is not { } other)
        {
            return await ReadAnywayAsync((edit, settles) => edit.Loaded(mailbox, settles).State!, cancellationToken);
        }

        var (image, marked) = await ReadAnywayAsync((edit, settles) => Readers.Loaded(edit, mailbox, other, settles), cancellationToken);
        return marked.View.Of(image.State!, marked);
    }

    /// <summary>Loads in a commit, which a full disk does not keep from reading: it writes nothing then. Others in the same commit may still make it fail, so there is more than one try.</summary>
    private async Task<T> ReadAnywayAsync<T>(Func<AccountEdit, bool, T> load, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await account.WriteAsync(edit => load(edit, tries == 1), Durability.Process, cancellationToken);
            }
            catch (RefusedException full) when (full.Refusal.IsStorageFull && tries < MostTries)
            {
                // Without what would have been written besides.
            }
        }
    }

    /// <summary>Every UID given out that is not there any more.</summary>
    private static UidSet Absent(MailboxState state)
    {
        var ranges = new List<(uint First, uint Last)>();
        uint next = 1;
        foreach (var message in state.Range(0, state.Count))
        {
            if (message.Uid.Value > next)
            {
                ranges.Add((next, message.Uid.Value - 1));
            }

            next = message.Uid.Value + 1;
        }

        if (state.Mailbox.UidNext.Value > next)
        {
            ranges.Add((next, state.Mailbox.UidNext.Value - 1));
        }

        return UidSet.FromRanges(ranges);
    }

    private static MailboxImage Required(AccountImage image, MailboxId mailbox) =>
        image.Mailboxes.TryGetValue(mailbox.Value, out var found) ? found : throw AccountEdit.Refused(RefusalKind.NotFound, "MailboxNotFound");

    private async ValueTask<MailboxImage> RequireAsync(MailboxId mailbox, CancellationToken cancellationToken) =>
        Required(await account.PresentAsync(cancellationToken), mailbox);
}
