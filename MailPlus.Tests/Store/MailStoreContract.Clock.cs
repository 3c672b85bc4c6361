using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>A clock that is set while the store runs.</summary>
public abstract partial class MailStoreContract
{
    protected JumpingClock Clock { get; } = new();

    // mail-rules 6, 7
    [SkippableFact]
    public async Task A_clock_that_jumps_a_day_either_way_takes_no_number_back()
    {
        var (uid, modSeq, validity, inboxValidity) = (0u, 0L, 0u, 0u);
        var saved = new List<Instant>();
        foreach (var hours in new[] { 0, 24, 0, -24, 24, -24 })
        {
            Clock.Offset = TimeSpan.FromHours(hours);
            await ReopenAsync(); // each time also as a process that finds the clock so
            for (var round = 0; round < 2; round++)
            {
                await using var mail = await OpenAsync();
                var inbox = await InboxAsync(mail);
                var before = Instant.Now(Clock);
                var given = (await mail.AppendAsync(inbox, [StoreMessages.Make($"{hours}")], default)).Uids[0];
                saved.Add((await RowsAsync(mail, inbox, [given], MessageColumns.SaveDate))[0].SaveDate!.Value);
                Assert.True(saved[^1].CompareTo(before) >= 0 && saved[^1].CompareTo(Instant.Now(Clock)) <= 0);
                Assert.True(given.Value > uid);
                uid = given.Value;
                var state = (await mail.StoreFlagsAsync(inbox, new FlagChange(UidSet.Of(given), FlagOperation.Add, new FlagSet(MessageFlags.Seen, [])), default)).State;
                Assert.True(state.Mailbox.HighestModSeq.Value > modSeq);
                modSeq = state.Mailbox.HighestModSeq.Value;
                Assert.True(inboxValidity == 0 || inboxValidity == state.Mailbox.UidValidity);
                inboxValidity = state.Mailbox.UidValidity;

                // A mailbox of a name that was there before has a new UIDVALIDITY, whatever the clock says.
                var made = await mail.CreateMailboxAsync("again", SpecialUse.None, default);
                Assert.True(made.UidValidity > validity);
                validity = made.UidValidity;
                await mail.DeleteMailboxAsync(made.Id, default);
            }
        }

        await using var last = await OpenAsync();
        var all = (await last.StateAsync(await InboxAsync(last), default)).Range(0, int.MaxValue).Select(m => m.Uid).ToList();
        Assert.Equal(saved, (await RowsAsync(last, await InboxAsync(last), all, MessageColumns.SaveDate)).Select(row => row.SaveDate!.Value));
    }
}
