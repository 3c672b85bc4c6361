using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>\Seen and keywords of those who read another's mailbox (mail-rules 11).</summary>
public abstract partial class MailStoreContract
{
    private static readonly AccountId Second = new(9);

    [SkippableFact]
    public async Task Seen_and_keywords_are_each_readers_own_and_other_flags_everybodys()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a", new FlagSet(MessageFlags.Seen | MessageFlags.Flagged, ["Mine"])), StoreMessages.Make("b")], default);
        await using var ann = (await OpenAsync()).ReadBy(Reader);
        await using var bob = (await OpenAsync()).ReadBy(Second);
        Assert.Equal([(MessageFlags.Flagged, ""), (MessageFlags.None, "")], await FlagsAsync(ann, inbox));
        var heard = new List<StoreChange>();
        using (Store.Changes.Subscribe(Account, heard.Add))
        {
            var outcome = await ann.StoreFlagsAsync(inbox, Add([1, 2], MessageFlags.Seen, "Later"), default);
            Assert.Equal((MessageFlags.Flagged | MessageFlags.Seen, 1UL), (outcome.State[0].Flags, outcome.State[0].Keywords));
        }

        Assert.Equal([new(Account, inbox, StoreChangeKind.Flags) { OnlyFor = Reader }], heard);
        await bob.StoreFlagsAsync(inbox, new FlagChange(Uids(2), FlagOperation.Replace, new FlagSet(MessageFlags.Answered, ["Other", "Later"])), default);
        await bob.StoreFlagsAsync(inbox, new FlagChange(Uids(1), FlagOperation.Replace, FlagSet.None), default);
        await ann.StoreFlagsAsync(inbox, new FlagChange(Uids(1), FlagOperation.Remove, new FlagSet(MessageFlags.Seen, [])), default);
        await CheckAsync(mail, ann, bob);
        await ReopenAsync();
        await using var mailAgain = await OpenAsync();
        await using var annAgain = (await OpenAsync()).ReadBy(Reader);
        await using var bobAgain = (await OpenAsync()).ReadBy(Second);
        Assert.Equal((1, 2, 1), (await UnseenAsync(annAgain, inbox), await UnseenAsync(bobAgain, inbox), await UnseenAsync(mailAgain, inbox)));
        await CheckAsync(mailAgain, annAgain, bobAgain);

        async Task CheckAsync(IAccountStore owner, IAccountStore one, IAccountStore other)
        {
            Assert.Equal([(MessageFlags.Seen, "Mine"), (MessageFlags.Answered, "")], await FlagsAsync(owner, inbox));
            Assert.Equal([(MessageFlags.None, "Later"), (MessageFlags.Seen | MessageFlags.Answered, "Later")], await FlagsAsync(one, inbox));
            Assert.Equal([(MessageFlags.None, ""), (MessageFlags.Answered, "Other Later")], await FlagsAsync(other, inbox));
            Assert.Equal((1, 2, 1), (await UnseenAsync(one, inbox), await UnseenAsync(other, inbox), await UnseenAsync(owner, inbox)));
        }
    }

    [SkippableFact]
    public async Task A_readers_change_takes_a_modseq_that_others_do_not_see()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a"), StoreMessages.Make("b")], default);
        await using var ann = (await OpenAsync()).ReadBy(Reader);
        await using var bob = (await OpenAsync()).ReadBy(Second);
        var (owners, bobs, before) = (await mail.StateAsync(inbox, default), await bob.StateAsync(inbox, default), await ann.StateAsync(inbox, default));
        var after = (await ann.StoreFlagsAsync(inbox, Add([2], MessageFlags.Seen), default)).State;
        Assert.Equal([new Uid(2)], after.ChangesSince(before).Changed);
        Assert.Equal(after[1].ModSeq, after.Mailbox.HighestModSeq);
        Assert.True(after[1].ModSeq.Value > before.Mailbox.HighestModSeq.Value && after.Version > before.Version);
        Assert.Same(owners, await mail.StateAsync(inbox, default));
        Assert.Same(bobs, await bob.StateAsync(inbox, default));
        Assert.Same(await ann.StateAsync(inbox, default), await ann.StateAsync(inbox, default));

        // UNCHANGEDSINCE looks at what the reader was told (RFC 7162 3.1.3).
        var refused = await ann.StoreFlagsAsync(inbox, Add([1, 2], MessageFlags.Flagged) with { UnchangedSince = before.Mailbox.HighestModSeq }, default);
        Assert.Equal([new Uid(2)], refused.Modified);
        Assert.Equal((MessageFlags.Flagged, MessageFlags.Seen), (refused.State[0].Flags, refused.State[1].Flags));
        Assert.Empty((await bob.StoreFlagsAsync(inbox, Add([2], MessageFlags.Seen) with { UnchangedSince = bobs.Mailbox.HighestModSeq }, default)).Modified);
        var highest = (await ann.FindAsync("INBOX", default))!.HighestModSeq;
        await CrashAsync();
        await using var again = (await OpenAsync()).ReadBy(Reader);
        Assert.True((await again.StoreFlagsAsync(inbox, Add([1], MessageFlags.Seen), default)).State[0].ModSeq.Value > highest.Value);
    }

    [SkippableFact]
    public async Task What_a_reader_puts_in_has_the_readers_flags()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await using var ann = (await OpenAsync()).ReadBy(Reader);
        await ann.AppendAsync(inbox, [StoreMessages.Make("a", new FlagSet(MessageFlags.Seen | MessageFlags.Draft, ["K"])), StoreMessages.Make("b")], default);
        await ann.ReplaceAsync(inbox, new Uid(2), inbox, StoreMessages.Make("c", new FlagSet(MessageFlags.Seen, ["L"])), default);
        Assert.Equal([(MessageFlags.Seen | MessageFlags.Draft, "K"), (MessageFlags.Seen, "L")], await FlagsAsync(ann, inbox));
        Assert.Equal([(MessageFlags.Draft, ""), (MessageFlags.None, "")], await FlagsAsync(mail, inbox));
        Assert.Empty((await mail.FindAsync("INBOX", default))!.Keywords);
        Assert.Equal((0, 2), (await UnseenAsync(ann, inbox), await UnseenAsync(mail, inbox)));
    }

    [SkippableFact]
    public async Task Copies_and_moves_keep_what_everybody_marked_and_what_is_gone_is_forgotten()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var target = (await mail.CreateMailboxAsync("Team", SpecialUse.None, default)).Id;
        await mail.AppendAsync(inbox, [.. Enumerable.Range(0, 600).Select(i => StoreMessages.Make($"m{i}"))], default);
        await using (var first = (await OpenAsync()).ReadBy(Reader))
        {
            await first.StoreFlagsAsync(target, Add([1], MessageFlags.Seen, "There"), default);
            await first.StoreFlagsAsync(inbox, Add([1, 300, 600], MessageFlags.Seen, "A"), default);
            await first.StoreFlagsAsync(inbox, Add([300], MessageFlags.None, "B"), default);
        }

        await ReopenAsync(); // marks are not in memory now
        await using var again = await OpenAsync();
        await using var ann = (await OpenAsync()).ReadBy(Reader);
        await again.MoveAsync(inbox, Uids(299, 300, 301), target, default);
        await again.CopyAsync(inbox, Uids(1), target, default);
        await again.ExpungeAsync(inbox, Uids(1), regardless: true, default);
        Assert.Equal((596 - 1, 2), (await UnseenAsync(ann, inbox), await UnseenAsync(ann, target)));
        Assert.Equal([(MessageFlags.None, ""), (MessageFlags.Seen, "A B"), (MessageFlags.None, ""), (MessageFlags.Seen, "A")], await FlagsAsync(ann, target));
        var state = await ann.StateAsync(inbox, default);
        Assert.Equal([new Uid(600)], state.Range(0, state.Count).Where(m => m.Flags == MessageFlags.Seen).Select(m => m.Uid));
        Assert.Equal(state.Mailbox.Unseen, state.Range(0, state.Count).Count(m => (m.Flags & MessageFlags.Seen) == 0));

        // A mailbox that goes takes its readers along; one of the same name begins anew.
        await again.DeleteMailboxAsync(target, default);
        Assert.Equal(0, (await again.CreateMailboxAsync("Team", SpecialUse.None, default)).Messages);
        Assert.Empty((await ann.FindAsync("Team", default))!.Keywords);
    }

    [SkippableFact]
    public async Task A_readers_view_agrees_with_a_plain_model()
    {
        var random = new Random(11);
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await using var ann = (await OpenAsync()).ReadBy(Reader);
        var model = new SortedDictionary<uint, (MessageFlags Shared, bool Seen, bool Label)>();
        MailboxState? last = null;
        for (var step = 0; step < 250; step++)
        {
            uint[] some = [.. model.Keys.Where(_ => random.Next(4) == 0)];
            switch (random.Next(5))
            {
                case 0:
                    foreach (var uid in (await mail.AppendAsync(inbox, [.. Enumerable.Range(0, random.Next(1, 40)).Select(i => StoreMessages.Make("x"))], default)).Uids)
                    {
                        model.Add(uid.Value, default);
                    }

                    break;
                case 1:
                    await mail.ExpungeAsync(inbox, Uids(some = [.. some.Take(15)]), regardless: true, default);
                    Array.ForEach(some, uid => model.Remove(uid));
                    break;
                case 2:
                    await mail.StoreFlagsAsync(inbox, Add(some, MessageFlags.Seen | MessageFlags.Flagged, "Owners"), default);
                    Array.ForEach(some, uid => model[uid] = model[uid] with { Shared = model[uid].Shared | MessageFlags.Flagged });
                    break;
                case 3:
                    await ann.StoreFlagsAsync(inbox, Add(some, MessageFlags.Seen, "Label"), default);
                    Array.ForEach(some, uid => model[uid] = model[uid] with { Seen = true, Label = true });
                    break;
                default:
                    await ann.StoreFlagsAsync(inbox, new FlagChange(Uids(some), FlagOperation.Replace, new FlagSet(MessageFlags.Answered, [])), default);
                    Array.ForEach(some, uid => model[uid] = (MessageFlags.Answered, false, false));
                    break;
            }

            var state = await ann.StateAsync(inbox, default);
            Assert.Equal(
                model.Select(m => (m.Key, m.Value.Shared | (m.Value.Seen ? MessageFlags.Seen : MessageFlags.None), m.Value.Label)),
                state.Range(0, state.Count).Select(m => (m.Uid.Value, m.Flags, m.Keywords != 0)));
            Assert.Equal((model.Count(m => !m.Value.Seen), model.Count), (state.Mailbox.Unseen, state.Mailbox.Messages));
            Assert.True(state.Range(0, state.Count).All(m => m.ModSeq.Value <= state.Mailbox.HighestModSeq.Value));
            if (last is not null)
            {
                var changes = state.ChangesSince(last);
                var old = last.Range(0, last.Count).ToDictionary(m => m.Uid);
                Assert.Equal(state.Range(0, state.Count).Where(m => old.TryGetValue(m.Uid, out var was) && was != m).Select(m => m.Uid), changes.Changed);
                Assert.Equal(old.Keys.Where(u => !model.ContainsKey(u.Value)), changes.Expunged);
                Assert.True(state.Version >= last.Version);
            }

            last = state;
        }
    }

    private static UidSet Uids(params uint[] uids) => UidSet.From(uids.Select(u => new Uid(u)));

    private static FlagChange Add(uint[] uids, MessageFlags flags, params string[] keywords) => new(Uids(uids), FlagOperation.Add, new FlagSet(flags, keywords));

    private static async Task<int> UnseenAsync(IAccountStore mail, MailboxId mailbox) => (await mail.ListAsync(default)).Single(m => m.Id == mailbox).Unseen;

    private static async Task<IEnumerable<(MessageFlags Flags, string Keywords)>> FlagsAsync(IAccountStore mail, MailboxId mailbox)
    {
        var state = await mail.StateAsync(mailbox, default);
        return [.. state.Range(0, state.Count).Select(m => (m.Flags, string.Join(' ', state.Keywords.Where((_, bit) => (m.Keywords & (1UL << bit)) != 0))))];
    }
}
