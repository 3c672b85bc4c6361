using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;

using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>What every mail store promises; each backend derives a class that makes one.</summary>
public abstract partial class MailStoreContract : IAsyncLifetime
{
    protected static readonly AccountId Account = new(7);

    protected IMailStore Store { get; set; } = null!;

    /// <summary>Opens the store over the same data as before.</summary>
    protected abstract Task<IMailStore> OpenStoreAsync();

    protected abstract Task CleanAsync();

    public async Task InitializeAsync()
    {
        Store = await OpenStoreAsync();
        await Store.CreateAsync(Account, default);
    }

    public async Task DisposeAsync()
    {
        await Store.DisposeAsync();
        await CleanAsync();
    }

    /// <summary>Opens the store over what a killed process would have left.</summary>
    protected virtual Task CrashAsync() => ReopenAsync();

    protected async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await OpenStoreAsync();
    }

    protected ValueTask<IAccountStore> OpenAsync() => Store.OpenAsync(Account, default);

    [SkippableFact]
    public async Task A_new_account_has_the_standard_mailboxes_subscribed()
    {
        await Store.CreateAsync(Account, default);
        await using var mail = await OpenAsync();
        var list = await mail.ListAsync(default);
        Assert.Equal(["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"], list.Select(m => m.Name));
        Assert.All(list, m => Assert.True(m.Subscribed && m.Selectable && m.UidNext == new Uid(1) && m.UidValidity > 1_000_000_000 && m.HighestModSeq.Value > 0));
        Assert.Equal(6, list.Select(m => m.UidValidity).Distinct().Count());
        Assert.Equal("Trash", (await mail.FindAsync(SpecialUse.Trash, default))?.Name);
        Assert.Equal("INBOX", (await mail.FindAsync("inBox", default))?.Name);
        Assert.Null(await mail.FindAsync("nothing", default));
        Assert.Null(await mail.FindAsync(SpecialUse.None, default));
    }

    [SkippableFact]
    public async Task An_account_never_created_is_not_found() =>
        Assert.Equal(RefusalKind.NotFound, (await Assert.ThrowsAsync<RefusedException>(async () => await Store.OpenAsync(new AccountId(99), default))).Refusal.Kind);

    [SkippableFact]
    public async Task A_message_comes_back_as_it_went_in()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var message = StoreMessages.Make("one", new FlagSet(MessageFlags.Flagged, ["$Forwarded"]));
        var outcome = await mail.AppendAsync(inbox, [message], default);
        Assert.Equal((inbox, new Uid(1)), (outcome.Mailbox, Assert.Single(outcome.Uids)));
        await ReopenAsync();
        await using var again = await OpenAsync();
        var state = (await again.StateAsync(inbox, default))[0];
        var expected = await AllAsync(message);
        Assert.Equal((MessageFlags.Flagged, 1_700_000_000L, (uint)expected.Length), (state.Flags, state.InternalDate, state.Size));
        Assert.Equal(["$Forwarded"], (await again.FindAsync("INBOX", default))!.Keywords);
        await using var content = await again.OpenAsync(inbox, new Uid(1), default);
        Assert.Equal(expected, await ReadAllAsync(content!.OpenRead()));
        Assert.Equal((expected.Length, message.Prefix.Length, message.Prefix.Length + message.Summary.HeaderLength), (content.Length, content.PrefixLength, content.HeaderLength));
        var row = Assert.Single(await RowsAsync(again, inbox, [new Uid(1)], (MessageColumns)127));
        Assert.Equal(message.Summary.Envelope.ToArray(), row.Envelope.ToArray());
        Assert.Equal(message.Summary.BodyStructure.ToArray(), row.BodyStructure.ToArray());
        Assert.Equal(message.Summary.Body.ToArray(), row.Body.ToArray());
        Assert.Equal(new MessageListing("one", "Ann ŐŐ", "ann@example.test", "Bob", "한국어 미리보기") { Sent = message.Summary.Sent, HasAttachments = true }, row.Listing);
        Assert.Equal("one@x", row.Threading!.Value.MessageId);
        Assert.Equal(["a@x", "b@x"], row.Threading.Value.References);
        Assert.True(row.SaveDate!.Value.Microseconds > 1_700_000_000_000_000);
        Assert.Equal(expected, row.Content!.InMemory!.Value.ToArray());
        Assert.Null(await again.OpenAsync(inbox, new Uid(2), default));
    }

    // mail-rules 4
    [SkippableFact]
    public async Task A_big_message_is_read_whole_even_after_it_is_expunged()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var message = StoreMessages.Make("big", octets: 3_000_000);
        await mail.AppendAsync(inbox, [message, StoreMessages.Make("small")], default);
        await mail.CopyAsync(inbox, UidSet.Of(new Uid(1)), inbox, default);
        await mail.ExpungeAsync(inbox, UidSet.Of(new Uid(1)), regardless: true, default);
        await using var content = await mail.OpenAsync(inbox, new Uid(3), default);
        await mail.ExpungeAsync(inbox, null, regardless: true, default);
        var expected = await AllAsync(message);
        Assert.Equal(expected, await ReadAllAsync(content!.OpenRead()));
        await using var stream = content.OpenRead();
        stream.Position = 2_000_000;
        Assert.Equal(expected.AsSpan(2_000_000).ToArray(), await ReadAllAsync(stream));
    }

    // mail-rules 1
    [SkippableFact]
    public async Task A_delivery_happens_once_also_after_the_message_is_gone_until_it_is_forgotten()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var key = new DeliveryKey(new EntryId(5), "ann@example.test", "keep");
        Assert.NotNull(await mail.DeliverAsync(key, inbox, StoreMessages.Make("a"), default));
        await mail.ExpungeAsync(inbox, null, regardless: true, default);
        await ReopenAsync();
        await using var again = await OpenAsync();
        Assert.Null(await again.DeliverAsync(key, inbox, StoreMessages.Make("a"), default));
        Assert.NotNull(await again.DeliverAsync(key with { Action = "fileinto" }, inbox, StoreMessages.Make("a"), default));
        Assert.NotNull(await again.DeliverAsync(key with { Recipient = "b@example.test" }, inbox, StoreMessages.Make("a"), default));
        Assert.Equal(2, (await again.StateAsync(inbox, default)).Count);
        await again.ForgetDeliveriesAsync([new EntryId(5)], default);
        Assert.NotNull(await again.DeliverAsync(key, inbox, StoreMessages.Make("a"), default));
    }

    [SkippableFact]
    public async Task Deliveries_at_once_get_each_a_uid_and_each_key_once()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 300).Select(i =>
            mail.DeliverAsync(new DeliveryKey(new EntryId(i / 3 + 1), "a", "keep"), inbox, StoreMessages.Make($"m{i}"), default)));
        Assert.Equal(Enumerable.Range(1, 100), outcomes.Where(o => o is not null).Select(o => (int)o!.Uids[0].Value).Order());
        Assert.Equal(100, (await mail.StateAsync(inbox, default)).Count);
    }

    // mail-rules 6
    [SkippableFact]
    public async Task Uids_and_modseqs_only_rise_across_expunge_and_reopening()
    {
        Uid lastUid = default;
        ModSeq lastModSeq = default;
        for (var round = 0; round < 3; round++)
        {
            await using (var mail = await OpenAsync())
            {
                var inbox = await InboxAsync(mail);
                var uid = (await mail.AppendAsync(inbox, [StoreMessages.Make("a")], default)).Uids[0];
                Assert.True(uid > lastUid);
                var added = (await mail.FindAsync("INBOX", default))!.HighestModSeq;
                var flagged = await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(uid), FlagOperation.Add, new FlagSet(MessageFlags.Seen, [])), default);
                var expunged = await mail.ExpungeAsync(inbox, UidSet.Of(uid), regardless: true, default);
                Assert.True(lastModSeq.Value < added.Value && added.Value < flagged.State.Mailbox.HighestModSeq.Value
                    && flagged.State.Mailbox.HighestModSeq.Value < expunged.State.Mailbox.HighestModSeq.Value);
                (lastUid, lastModSeq) = (uid, expunged.State.Mailbox.HighestModSeq);
            }

            await ReopenAsync();
        }
    }

    [SkippableFact]
    public async Task A_flag_change_that_changes_nothing_takes_no_modseq()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a")], default);
        var before = await mail.StateAsync(inbox, default);
        var outcome = await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(new Uid(1)), FlagOperation.Remove, new FlagSet(MessageFlags.Seen, ["none"])), default);
        Assert.Equal(before.Mailbox, outcome.State.Mailbox);
        Assert.True(outcome.State.ChangesSince(before).IsEmpty);
    }

    [SkippableFact]
    public async Task Unchangedsince_refuses_what_changed_later()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a"), StoreMessages.Make("b"), StoreMessages.Make("c")], default);
        var since = (await mail.StateAsync(inbox, default)).Mailbox.HighestModSeq;
        await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(new Uid(2)), FlagOperation.Add, new FlagSet(MessageFlags.Answered, [])), default);
        var outcome = await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.FromRanges([(1, uint.MaxValue)]), FlagOperation.Replace, new FlagSet(MessageFlags.Seen, ["x"]), since), default);
        Assert.Equal("2", outcome.Modified.ToString());
        Assert.Equal([MessageFlags.Seen, MessageFlags.Answered, MessageFlags.Seen], outcome.State.Range(0, 3).Select(m => m.Flags));
        Assert.Equal([1UL, 0UL, 1UL], outcome.State.Range(0, 3).Select(m => m.Keywords));
        Assert.Equal(1, outcome.State.Mailbox.Unseen);
    }

    [SkippableFact]
    public async Task A_mailbox_has_at_most_64_keywords_and_a_message_is_not_lost_for_one()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a", new FlagSet(default, [.. Enumerable.Range(0, 63).Select(i => $"k{i}")]))], default);
        var all = UidSet.Of(new Uid(1));
        var outcome = await mail.StoreFlagsAsync(inbox, new FlagChange(all, FlagOperation.Add, new FlagSet(default, ["Last", "K5"])), default);
        Assert.Equal(64, outcome.State.Keywords.Count);
        Assert.Equal(ulong.MaxValue, outcome.State[0].Keywords);
        await RefusedAsync(RefusalKind.TooMany, mail.StoreFlagsAsync(inbox, new FlagChange(all, FlagOperation.Add, new FlagSet(default, ["more"])), default));
        await RefusedAsync(RefusalKind.Invalid, mail.StoreFlagsAsync(inbox, new FlagChange(all, FlagOperation.Add, new FlagSet(default, ["a b"])), default));
        await mail.AppendAsync(inbox, [StoreMessages.Make("b", new FlagSet(default, ["more", "k1"]))], default);
        Assert.Equal(2UL, (await mail.StateAsync(inbox, default))[1].Keywords);
    }

    // mail-rules 10
    [SkippableFact]
    public async Task Recent_is_claimed_once()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a"), StoreMessages.Make("b")], default);
        Assert.Equal(new Uid(1), await mail.ClaimRecentAsync(inbox, default));
        Assert.Equal(new Uid(3), await mail.ClaimRecentAsync(inbox, default));
        await ReopenAsync();
        await using var again = await OpenAsync();
        await again.AppendAsync(inbox, [StoreMessages.Make("c")], default);
        Assert.Equal(new Uid(3), (await again.FindAsync("INBOX", default))!.FirstRecent);
        Assert.Equal(new Uid(3), await again.ClaimRecentAsync(inbox, default));
        Assert.Equal(new Uid(4), await again.ClaimRecentAsync(inbox, default));
    }

    [SkippableFact]
    public async Task Names_follow_the_rules()
    {
        await using var mail = await OpenAsync();
        var made = await mail.CreateMailboxAsync("프로젝트/a/b/", SpecialUse.None, default);
        Assert.Equal("프로젝트/a/b", made.Name);
        Assert.NotNull(await mail.FindAsync("프로젝트", default));
        Assert.NotNull(await mail.FindAsync("프로젝트/a".Normalize(NormalizationForm.FormD), default));
        await RefusedAsync(RefusalKind.AlreadyExists, mail.CreateMailboxAsync("프로젝트/a", SpecialUse.None, default));
        await RefusedAsync(RefusalKind.AlreadyExists, mail.CreateMailboxAsync("Inbox", SpecialUse.None, default));
        await RefusedAsync(RefusalKind.AlreadyExists, mail.CreateMailboxAsync("x", SpecialUse.Trash, default));
        Assert.Equal("INBOX/x", (await mail.CreateMailboxAsync("inbox/x", SpecialUse.None, default)).Name);
        foreach (var bad in new[] { "", "/", "a//b", "/a", "a\nb", "a\ud800", new string('x', 256), string.Join('/', Enumerable.Repeat("x", 21)) })
        {
            await RefusedAsync(RefusalKind.Invalid, mail.CreateMailboxAsync(bad, SpecialUse.None, default));
        }

        Assert.Null(await mail.FindAsync("a\ud800", default));
    }

    [SkippableFact]
    public async Task Renaming_takes_inferiors_along_and_keeps_identity()
    {
        await using var mail = await OpenAsync();
        var a = await mail.CreateMailboxAsync("a", SpecialUse.None, default);
        var ab = await mail.CreateMailboxAsync("a/b", SpecialUse.None, default);
        await mail.CreateMailboxAsync("ab", SpecialUse.None, default);
        await mail.AppendAsync(ab.Id, [StoreMessages.Make("m")], default);
        await RefusedAsync(RefusalKind.AlreadyExists, mail.RenameMailboxAsync(a.Id, "ab", default));
        await RefusedAsync(RefusalKind.Invalid, mail.RenameMailboxAsync(a.Id, "a/c", default));
        await RefusedAsync(RefusalKind.NotFound, mail.RenameMailboxAsync(new MailboxId(1000), "z", default));
        await mail.RenameMailboxAsync(a.Id, "x/y", default);
        await ReopenAsync();
        await using var again = await OpenAsync();
        var names = (await again.ListAsync(default)).Select(m => m.Name).Where(n => char.IsLower(n[0]));
        Assert.Equal(["ab", "x", "x/y", "x/y/b"], names);
        var moved = (await again.FindAsync("x/y/b", default))!;
        Assert.Equal((ab.Id, ab.UidValidity, 1), (moved.Id, moved.UidValidity, moved.Messages));
    }

    [SkippableFact]
    public async Task Renaming_inbox_moves_its_messages_and_leaves_it_empty()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.CreateMailboxAsync("INBOX/sub", SpecialUse.None, default);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a", new FlagSet(MessageFlags.Seen, ["k"])), StoreMessages.Make("b")], default);
        await mail.RenameMailboxAsync(inbox, "Old", default);
        var old = (await mail.FindAsync("Old", default))!;
        Assert.Equal((2, 1), (old.Messages, old.Unseen));
        Assert.Equal(["k"], old.Keywords);
        Assert.Equal(0, (await mail.FindAsync("INBOX", default))!.Messages);
        Assert.Equal(new Uid(3), (await mail.FindAsync("INBOX", default))!.UidNext);
        Assert.NotNull(await mail.FindAsync("INBOX/sub", default));
        Assert.Equal("1:2", (await mail.VanishedSinceAsync(inbox, new ModSeq(1), default)).ToString());
    }

    [SkippableFact]
    public async Task Removing_a_mailbox_with_inferiors_leaves_a_name()
    {
        await using var mail = await OpenAsync();
        var a = await mail.CreateMailboxAsync("a", SpecialUse.None, default);
        var ab = await mail.CreateMailboxAsync("a/b", SpecialUse.None, default);
        await mail.AppendAsync(a.Id, [StoreMessages.Make("m")], default);
        await RefusedAsync(RefusalKind.NotAllowed, mail.DeleteMailboxAsync(await InboxAsync(mail), default));
        await mail.DeleteMailboxAsync(a.Id, default);
        var name = (await mail.FindAsync("a", default))!;
        Assert.False(name.Selectable);
        await RefusedAsync(RefusalKind.NotFound, mail.AppendAsync(name.Id, [StoreMessages.Make("m")], default));
        await RefusedAsync(RefusalKind.NotAllowed, mail.DeleteMailboxAsync(name.Id, default));
        await RefusedAsync(RefusalKind.NotFound, mail.DeleteMailboxAsync(a.Id, default));
        var made = await mail.CreateMailboxAsync("a", SpecialUse.None, default);
        Assert.True(made.Selectable && made.UidValidity > a.UidValidity && made.Messages == 0);
        await mail.DeleteMailboxAsync(ab.Id, default);
        await mail.DeleteMailboxAsync(made.Id, default);
        Assert.Null(await mail.FindAsync("a", default));
        Assert.Equal(0, (await mail.UsageAsync(default)).Messages);
    }

    [SkippableFact]
    public async Task Subscriptions_live_on_their_own()
    {
        await using var mail = await OpenAsync();
        await mail.SetSubscribedAsync("gone", true, default);
        await mail.SetSubscribedAsync("inbox", false, default);
        await mail.SetSubscribedAsync("never", false, default);
        await ReopenAsync();
        await using var again = await OpenAsync();
        Assert.Equal(["Archive", "Drafts", "Junk", "Sent", "Trash", "gone"], await again.SubscriptionsAsync(default));
        Assert.False((await again.FindAsync("INBOX", default))!.Subscribed);
        Assert.True((await again.CreateMailboxAsync("gone", SpecialUse.None, default)).Subscribed);
    }

    [SkippableFact]
    public async Task A_replacement_comes_as_the_old_message_goes()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var trash = (await mail.FindAsync("Trash", default))!.Id;
        await mail.AppendAsync(inbox, [StoreMessages.Make("a"), StoreMessages.Make("b")], default);
        var replaced = await mail.ReplaceAsync(inbox, new Uid(1), inbox, StoreMessages.Make("new"), default);
        Assert.Equal([new Uid(3)], replaced!.Uids);
        Assert.NotNull(await mail.ReplaceAsync(inbox, new Uid(2), trash, StoreMessages.Make("elsewhere"), default));
        Assert.Null(await mail.ReplaceAsync(inbox, new Uid(2), trash, StoreMessages.Make("too late"), default));
        await RefusedAsync(RefusalKind.NotFound, mail.ReplaceAsync(inbox, new Uid(3), new MailboxId(999), StoreMessages.Make("nowhere"), default));
        await ReopenAsync();
        await using var again = await OpenAsync();
        Assert.Equal([new Uid(3)], (await again.StateAsync(inbox, default)).Range(0, 9).Select(m => m.Uid));
        Assert.Equal([new Uid(1)], (await again.StateAsync(trash, default)).Range(0, 9).Select(m => m.Uid));
        Assert.Equal(2, (await again.UsageAsync(default)).Messages);
        await using var content = await again.OpenAsync(inbox, new Uid(3), default);
        Assert.NotNull(content);
    }

    [SkippableFact]
    public async Task Copy_and_move_keep_flags_date_and_content()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var trash = (await mail.FindAsync(SpecialUse.Trash, default))!.Id;
        await mail.AppendAsync(trash, [StoreMessages.Make("t", new FlagSet(default, ["other"]))], default);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a"), StoreMessages.Make("b", new FlagSet(MessageFlags.Draft, ["k"])), StoreMessages.Make("c")], default);
        await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(new Uid(3)), FlagOperation.Add, new FlagSet(MessageFlags.Seen, [])), default);
        var copied = await mail.CopyAsync(inbox, UidSet.FromRanges([(2, 100)]), trash, default);
        Assert.Equal([new Uid(2), new Uid(3)], copied.Sources);
        Assert.Equal([new Uid(2), new Uid(3)], copied.Targets);
        var moved = await mail.MoveAsync(inbox, UidSet.FromRanges([(2, 3)]), trash, default);
        Assert.Equal([new Uid(4), new Uid(5)], moved.Targets);
        Assert.Equal((await mail.FindAsync("Trash", default))!.UidValidity, moved.UidValidity);
        var nothing = await mail.CopyAsync(inbox, UidSet.FromRanges([(2, 3)]), trash, default);
        Assert.Empty(nothing.Targets);
        await RefusedAsync(RefusalKind.NotFound, mail.CopyAsync(inbox, UidSet.Of(new Uid(1)), new MailboxId(999), default));
        await ReopenAsync();
        await using var again = await OpenAsync();
        Assert.Equal("1", string.Join(',', (await again.StateAsync(inbox, default)).Range(0, 9).Select(m => m.Uid)));
        var state = await again.StateAsync(trash, default);
        Assert.Equal(["other", "k"], state.Keywords);
        Assert.Equal([(MessageFlags.None, 1UL), (MessageFlags.Draft, 2UL), (MessageFlags.Seen, 0UL), (MessageFlags.Draft, 2UL), (MessageFlags.Seen, 0UL)],
            state.Range(0, 9).Select(m => (m.Flags, m.Keywords)));
        Assert.All(state.Range(0, 9), m => Assert.Equal(1_700_000_000L, m.InternalDate));
        await again.ExpungeAsync(trash, UidSet.FromRanges([(2, 3)]), regardless: true, default);
        await using var content = await again.OpenAsync(trash, new Uid(4), default);
        Assert.Equal(await AllAsync(StoreMessages.Make("b")), await ReadAllAsync(content!.OpenRead()));
        Assert.Equal("2:3", (await again.VanishedSinceAsync(inbox, new ModSeq(1), default)).ToString());
    }

    [SkippableFact]
    public async Task Expunge_takes_what_is_deleted_or_named()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [.. Enumerable.Range(1, 5).Select(i => StoreMessages.Make($"{i}", new FlagSet(i % 2 == 0 ? MessageFlags.Deleted : default, [])))], default);
        var before = (await mail.StateAsync(inbox, default)).Mailbox;
        Assert.Equal(2, before.Deleted);
        Assert.Equal("2", (await mail.ExpungeAsync(inbox, UidSet.FromRanges([(1, 3)]), false, default)).Expunged.ToString());
        var mark = (await mail.StateAsync(inbox, default)).Mailbox.HighestModSeq;
        Assert.Equal("5", (await mail.ExpungeAsync(inbox, UidSet.Of(new Uid(5)), true, default)).Expunged.ToString());
        var (expunged, state) = await mail.ExpungeAsync(inbox, null, false, default);
        Assert.Equal("4", expunged.ToString());
        Assert.Equal((2, 0, 2), (state.Count, state.Mailbox.Deleted, state.Mailbox.Unseen));
        Assert.True((await mail.ExpungeAsync(inbox, null, false, default)).Expunged.IsEmpty);
        Assert.Equal("4:5", (await mail.VanishedSinceAsync(inbox, mark, default)).ToString());
        Assert.Equal("2,4:5", (await mail.VanishedSinceAsync(inbox, before.HighestModSeq, default)).ToString());
    }

    // mail-rules 4
    [SkippableFact]
    public async Task Usage_counts_each_copy()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var message = StoreMessages.Make("a");
        var size = (await AllAsync(message)).Length;
        await mail.AppendAsync(inbox, [message], default);
        await mail.CopyAsync(inbox, UidSet.Of(new Uid(1)), (await mail.FindAsync("Archive", default))!.Id, default);
        Assert.Equal(new Usage(2, 2 * size), await mail.UsageAsync(default));
        await mail.ExpungeAsync(inbox, null, true, default);
        await ReopenAsync();
        await using var again = await OpenAsync();
        Assert.Equal(new Usage(1, size), await again.UsageAsync(default));
    }

    [SkippableFact]
    public async Task An_append_of_many_is_all_or_none()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var broken = StoreMessages.Over(new Broken(), "x");
        await RefusedAsync(RefusalKind.Unavailable, mail.AppendAsync(inbox, [StoreMessages.Make("a"), broken], default));
        Assert.Equal(0, (await mail.StateAsync(inbox, default)).Count);
        Assert.Equal([new Uid(1), new Uid(2)], (await mail.AppendAsync(inbox, [StoreMessages.Make("a"), StoreMessages.Make("b")], default)).Uids);
        Assert.Empty((await mail.AppendAsync(inbox, [], default)).Uids);
    }

    [SkippableFact]
    public async Task Changes_are_announced_after_commit()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var heard = new List<StoreChange>();
        using var subscription = Store.Changes.Subscribe(Account, heard.Add);
        await mail.AppendAsync(inbox, [StoreMessages.Make("a")], default);
        await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(new Uid(1)), FlagOperation.Add, new FlagSet(MessageFlags.Seen, [])), default);
        await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(new Uid(1)), FlagOperation.Add, new FlagSet(MessageFlags.Seen, [])), default);
        await mail.ExpungeAsync(inbox, null, true, default);
        await mail.CreateMailboxAsync("x", SpecialUse.None, default);
        Assert.Equal([new(Account, inbox, StoreChangeKind.Added), new(Account, inbox, StoreChangeKind.Flags), new(Account, inbox, StoreChangeKind.Expunged),
            new StoreChange(Account, null, StoreChangeKind.Mailboxes)], heard);
    }

    [SkippableFact]
    public async Task Rows_come_in_order_for_dense_and_sparse_sets_and_may_be_left_early()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [.. Enumerable.Range(1, 1500).Select(i => StoreMessages.Make($"m{i}", octets: 1000))], default);
        await mail.ExpungeAsync(inbox, UidSet.FromRanges([(100, 200)]), true, default);
        var all = Enumerable.Range(1, 2000).Select(i => new Uid((uint)i)).ToList();
        var rows = await RowsAsync(mail, inbox, all, MessageColumns.Envelope | MessageColumns.Content);
        Assert.Equal(all.Where(u => u.Value is <= 1500 and (< 100 or > 200)), rows.Select(r => r.Uid));
        Assert.All(rows, r => Assert.Equal($"(NIL \"m{r.Uid}\")", Encoding.ASCII.GetString(r.Envelope.Span)));
        var sparse = all.Where(u => u.Value % 97 == 0).ToList();
        Assert.Equal(sparse.Where(u => u.Value is <= 1500 and (< 100 or > 200)), (await RowsAsync(mail, inbox, sparse, MessageColumns.None)).Select(r => r.Uid));
        await foreach (var row in mail.ReadAsync(inbox, all, MessageColumns.Content, default))
        {
            Assert.Equal(new Uid(1), row.Uid);
            break;
        }

        Assert.Empty(await RowsAsync(mail, inbox, [], MessageColumns.Content));
    }

    // mail-rules 7
    [SkippableFact]
    public async Task A_copy_is_whole_and_another_history()
    {
        var folder = Directory.CreateTempSubdirectory("mailplus-copy-").FullName;
        try
        {
            Mailbox before;
            await using (var mail = await OpenAsync())
            {
                var inbox = await InboxAsync(mail);
                await mail.AppendAsync(inbox, [StoreMessages.Make("small"), StoreMessages.Make("big", octets: 2_000_000)], default);
                before = (await mail.FindAsync("INBOX", default))!;
                await Store.CopyToAsync(Account, Path.Combine(folder, "copy"), default);
                await mail.ExpungeAsync(inbox, null, true, default);
            }

            await RestoreAsync(Path.Combine(folder, "copy"), new AccountId(8));
            await using var copy = await Store.OpenAsync(new AccountId(8), default);
            var after = (await copy.FindAsync("INBOX", default))!;
            Assert.Equal((before.Id, before.UidNext, 2), (after.Id, after.UidNext, after.Messages));
            Assert.True(after.UidValidity > before.UidValidity && after.HighestModSeq.Value >= before.HighestModSeq.Value);
            await using var content = await copy.OpenAsync(after.Id, new Uid(2), default);
            Assert.Equal(await AllAsync(StoreMessages.Make("big", octets: 2_000_000)), await ReadAllAsync(content!.OpenRead()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SkippableFact]
    public async Task A_deleted_account_is_gone_for_all()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await Store.DeleteAsync(Account, default);
        await RefusedAsync(RefusalKind.NotFound, Store.OpenAsync(Account, default).AsTask());
        await RefusedAsync(RefusalKind.Unavailable, mail.AppendAsync(inbox, [StoreMessages.Make("a")], default));
        await Store.DeleteAsync(Account, default);
    }

    /// <summary>Puts a copy in place as an account.</summary>
    protected abstract Task RestoreAsync(string folder, AccountId account);

    protected static async Task<MailboxId> InboxAsync(IAccountStore mail) => (await mail.FindAsync("INBOX", default))!.Id;

    protected static async Task RefusedAsync(RefusalKind kind, Task task) => Assert.Equal(kind, (await Assert.ThrowsAsync<RefusedException>(() => task)).Refusal.Kind);

    protected static async Task<byte[]> ReadAllAsync(Stream stream)
    {
        await using var source = stream;
        using var all = new MemoryStream();
        await source.CopyToAsync(all);
        return all.ToArray();
    }

    protected static async Task<byte[]> AllAsync(NewMessage message) => [.. message.Prefix.ToArray(), .. await ReadAllAsync(message.Content.OpenRead())];

    protected static async Task<List<MessageRow>> RowsAsync(IAccountStore mail, MailboxId mailbox, IReadOnlyList<Uid> uids, MessageColumns columns)
    {
        var rows = new List<MessageRow>();
        await foreach (var row in mail.ReadAsync(mailbox, uids, columns, default))
        {
            rows.Add(row);
        }

        return rows;
    }

    private sealed class Broken : MailPlus.Engine.Mime.MessageContent
    {
        public override long Length => 1000;

        public override Stream OpenRead() => new MemoryStream(new byte[10]);
    }
}
