using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// Messages on their way from the selected mailbox to another. Within one account the store does it in one commit; between two they are read from one and appended
/// to the other, and what was moved is expunged only after that is durable. Flags the target's rights do not allow are left behind (RFC 4314 4).
/// </summary>
internal sealed class Transfer(SelectedMailbox from, Place target, MessageScanner scanner)
{
    private const int MessagesAtOnce = 50;
    private const long OctetsAtOnce = 16 * 1024 * 1024;

    public Task<CopyOutcome> CopyAsync(UidSet uids, CancellationToken cancellationToken) =>
        IsWithin ? from.Store.CopyAsync(from.Id, uids, target.Id, cancellationToken) : AcrossAsync(uids, cancellationToken);

    public async Task<CopyOutcome> MoveAsync(UidSet uids, CancellationToken cancellationToken)
    {
        if (IsWithin)
        {
            return await from.Store.MoveAsync(from.Id, uids, target.Id, cancellationToken);
        }

        var outcome = await AcrossAsync(uids, cancellationToken);
        if (outcome.Sources.Count > 0)
        {
            // They are there; a client that goes away now must not leave them in both.
            await from.Store.ExpungeAsync(from.Id, UidSet.From(outcome.Sources), regardless: true, CancellationToken.None);
        }

        return outcome;
    }

    /// <summary>Appends a message and removes another; null when that is gone.</summary>
    public static async Task<AppendOutcome?> ReplaceAsync(SelectedMailbox from, Uid old, Place target, NewMessage message, CancellationToken cancellationToken)
    {
        if (from.Store.Account == target.Store.Account)
        {
            return await from.Store.ReplaceAsync(from.Id, old, target.Id, message, cancellationToken);
        }

        if ((await from.Store.StateAsync(from.Id, cancellationToken)).IndexOf(old) < 0)
        {
            return null;
        }

        var outcome = await target.Store.AppendAsync(target.Id, [message], cancellationToken);
        await from.Store.ExpungeAsync(from.Id, UidSet.Of(old), regardless: true, CancellationToken.None);
        return outcome;
    }

    /// <summary>The store copies flags whole, so it may only where all may be set.</summary>
    private bool IsWithin => from.Store.Account == target.Store.Account && target.Has(Rights.Seen | Rights.Write | Rights.Delete);

    private async Task<CopyOutcome> AcrossAsync(UidSet uids, CancellationToken cancellationToken)
    {
        var state = await from.Store.StateAsync(from.Id, cancellationToken);
        var there = uids.Select(state.IndexOf).Where(index => index >= 0).Select(index => state[index]).ToList();
        var (sources, targets, validity) = (new List<Uid>(there.Count), new List<Uid>(there.Count), target.Mailbox.UidValidity);
        try
        {
            for (var start = 0; start < there.Count;)
            {
                var count = CountAtOnce(there, start);
                validity = await AppendAsync(there.GetRange(start, count), state.Keywords, (sources, targets), cancellationToken) ?? validity;
                start += count;
            }
        }
        catch when (targets.Count > 0)
        {
            // All or nothing (RFC 3501 6.4.7): what is there already goes again.
            try
            {
                await target.Store.ExpungeAsync(target.Id, UidSet.From(targets), regardless: true, CancellationToken.None);
            }
            catch (RefusedException refused) when (refused.Refusal.Temporary)
            {
                // A full disk may have no room for that either. Copies stay then; what is said is why there are no more of them, and the sources are all there.
            }

            throw;
        }

        return new CopyOutcome(validity, sources, targets);
    }

    private static int CountAtOnce(List<MessageState> messages, int start)
    {
        var (count, octets) = (0, 0L);
        while (count < MessagesAtOnce && start + count < messages.Count && (count == 0 || octets + messages[start + count].Size <= OctetsAtOnce))
        {
            octets += messages[start + count].Size;
            count++;
        }

        return count;
    }

    private async Task<uint?> AppendAsync(List<MessageState> batch, IReadOnlyList<string> keywords, (List<Uid> Sources, List<Uid> Targets) moved, CancellationToken cancellationToken)
    {
        var messages = new List<NewMessage>(batch.Count);
        var sources = new List<Uid>(batch.Count);
        var opened = new List<StoredContent>(batch.Count);
        try
        {
            foreach (var message in batch)
            {
                if (await from.Store.OpenAsync(from.Id, message.Uid, cancellationToken) is not { } content)
                {
                    continue;
                }

                opened.Add(content);
                sources.Add(message.Uid);
                var flags = new FlagSet(message.Flags, [.. keywords.Where((_, bit) => (message.Keywords & (1UL << bit)) != 0)]);
                messages.Add(new NewMessage(content, scanner.Scan(content), new Instant(message.InternalDate * 1_000_000)) { Flags = FlagNames.Allowed(flags, target.Rights) });
            }

            if (messages.Count == 0)
            {
                return null;
            }

            var outcome = await target.Store.AppendAsync(target.Id, messages, cancellationToken);
            moved.Sources.AddRange(sources);
            moved.Targets.AddRange(outcome.Uids);
            return outcome.UidValidity;
        }
        finally
        {
            foreach (var content in opened)
            {
                await content.DisposeAsync();
            }
        }
    }
}
