using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Search;

/// <summary>
/// Brings the index of one account up to its mail: new messages are added, expunged ones removed, mailboxes with another UIDVALIDITY (restored, made anew)
/// indexed again. A copy or move is an expunge and a new message.
/// </summary>
internal sealed class Indexer(IMailStore store, SearchOptions options)
{
    private const int MessagesAtOnce = 50;

    /// <summary>Indexes some of what is missing.</summary>
    /// <returns>True when nothing is missing any more.</returns>
    /// <exception cref="RefusedException">The account cannot be read.</exception>
    public async Task<bool> CatchUpAsync(ShardSet shards, AccountId account, CancellationToken cancellationToken)
    {
        var number = shards.NumberOf(account);
        IAccountStore mail;
        try
        {
            mail = await store.OpenAsync(account, cancellationToken);
        }
        catch (RefusedException gone) when (gone.Refusal.Kind == RefusalKind.NotFound)
        {
            return shards.Write(number, shard => shard.RemoveAccount(account));
        }

        await using (mail)
        {
            if (shards.Read(number, shard => shard.MarksOf(account)) is not { } marks)
            {
                return false;
            }

            var mailboxes = (await mail.ListAsync(cancellationToken)).Where(mailbox => mailbox.Selectable).ToList();
            var known = mailboxes.ToDictionary(mailbox => mailbox.Id.Value, mailbox => mailbox.UidValidity);
            foreach (var (id, mark) in marks.Mailboxes)
            {
                if ((!known.TryGetValue(id, out var validity) || validity != mark.UidValidity) && !shards.Write(number, shard => shard.RemoveMailbox(account, id)))
                {
                    return false;
                }
            }

            var left = options.MessagesPerTurn;
            foreach (var mailbox in mailboxes)
            {
                var mark = marks.Of(mailbox.Id, mailbox.UidValidity);
                if (mark is { } same && same.Uid + 1 == mailbox.UidNext.Value && same.ModSeq == mailbox.HighestModSeq.Value)
                {
                    continue;
                }

                try
                {
                    left = await new MailboxTurn(shards, mail, (account, mailbox.Id)).RunAsync(mark, left, cancellationToken);
                }
                catch (RefusedException gone) when (gone.Refusal.Kind == RefusalKind.NotFound)
                {
                    // Removed meanwhile; its removal brings the account here again.
                }

                if (left <= 0)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>One mailbox's share of a turn.</summary>
    private sealed class MailboxTurn(ShardSet shards, IAccountStore mail, (AccountId Account, MailboxId Mailbox) place)
    {
        private readonly int _number = shards.NumberOf(place.Account);

        /// <returns>How many messages may still be indexed in this turn; 0 to come again.</returns>
        public async Task<int> RunAsync(MailboxMark? mark, int left, CancellationToken cancellationToken)
        {
            var state = await mail.StateAsync(place.Mailbox, cancellationToken);
            var now = state.Mailbox;
            if (mark is { } before && before.ModSeq < now.HighestModSeq.Value)
            {
                var gone = (await mail.VanishedSinceAsync(place.Mailbox, new ModSeq(before.ModSeq), cancellationToken)).Intersect(UidSet.FromRanges([(1, before.Uid)]));
                var after = before with { ModSeq = now.HighestModSeq.Value };
                var isRemoved = false;
                if (!shards.Write(_number, shard => isRemoved = shard.TryRemove(place, gone, before, after)) || !isRemoved)
                {
                    return 0;
                }

                mark = after;
            }

            var at = state.IndexOfFirstAtLeast(new Uid((mark?.Uid ?? 0) + 1));
            do
            {
                var uids = state.Range(at, Math.Min(MessagesAtOnce, state.Count - at)).Select(message => message.Uid).ToList();
                at += uids.Count;
                var through = at < state.Count ? uids[^1].Value : now.UidNext.Value - 1;
                var messages = await ReadAsync(uids, cancellationToken);
                var next = new MailboxMark(now.UidValidity, through, mark?.ModSeq ?? now.HighestModSeq.Value);
                var isAdded = false;
                if (!shards.Write(_number, shard => isAdded = shard.TryAdd(place, messages, mark, next)) || !isAdded)
                {
                    return 0;
                }

                mark = next;
                left -= uids.Count;
            }
            while (at < state.Count && left > 0);
            return at < state.Count ? 0 : Math.Max(1, left);
        }

        private async Task<List<IndexedMessage>> ReadAsync(List<Uid> uids, CancellationToken cancellationToken)
        {
            var messages = new List<IndexedMessage>(uids.Count);
            if (uids.Count == 0)
            {
                return messages;
            }

            await foreach (var row in mail.ReadAsync(place.Mailbox, uids, MessageColumns.Content, cancellationToken))
            {
                if (row.Content is { } content)
                {
                    await using (content)
                    {
                        messages.Add(await IndexedMessage.ReadAsync(row.Uid, content, shards.ByCharacter, cancellationToken));
                    }
                }
            }

            return messages;
        }
    }
}
