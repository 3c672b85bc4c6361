using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>What SORT and THREAD compare.</summary>
public abstract partial class MailStoreContract
{
    [SkippableFact]
    public async Task Sort_columns_follow_what_comes_in()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("beta"), StoreMessages.Make("Re: alpha"), StoreMessages.Make("Beta")], default);
        var columns = await ColumnsAsync(mail, inbox, SortPart.Subject);
        Assert.Equal([1u, 2u, 3u], columns.Uids.ToArray());
        Assert.Equal([1_600_000_000L, 1_600_000_000L, 1_600_000_000L], columns.Sent.ToArray());
        var subjects = columns.Subjects.ToArray();
        Assert.Equal((subjects[0], 1), (subjects[2], subjects[1] & 1));
        Assert.Equal([2u, 1u, 3u], Ordered(columns));

        // What was given out stays as it is, and what comes in takes its place among the rest.
        await mail.AppendAsync(inbox, [StoreMessages.Make("aardvark"), StoreMessages.Make(""), StoreMessages.Make("alpha")], default);
        await mail.ExpungeAsync(inbox, UidSet.Of(new Uid(1)), regardless: true, default);
        var more = await ColumnsAsync(mail, inbox, SortPart.Subject);
        Assert.Equal([2u, 1u, 3u], Ordered(columns));
        Assert.Equal([5u, 4u, 2u, 6u, 3u], Ordered(more).Where(uid => uid != 1));
        Assert.Equal((-1, 5), (more.IndexOf(new Uid(9), 0), more.IndexOf(new Uid(6), 2)));
    }

    [SkippableFact]
    public async Task Thread_columns_name_a_message_as_those_that_refer_to_it_do()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        await mail.AppendAsync(inbox, [StoreMessages.Make("b"), StoreMessages.Make("c")], default);
        var columns = await ColumnsAsync(mail, inbox, SortPart.Thread);
        var ids = columns.MessageIds.ToArray();
        Assert.True(ids[0] > 0 && ids[1] > 0 && ids[0] != ids[1]);
        Assert.Equal(ids[0], columns.ReferencesAt(1).ToArray()[1]); // each refers to a@x and b@x
        Assert.Equal(columns.ReferencesAt(0).ToArray(), columns.ReferencesAt(1).ToArray());
        var addresses = await ColumnsAsync(mail, inbox, SortPart.Address);
        Assert.Equal([0, 0], addresses.Addresses[(int)AddressColumn.DisplayTo].ToArray());
    }

    private static async Task<SortColumns> ColumnsAsync(IAccountStore mail, MailboxId mailbox, SortPart part) =>
        await mail.SortColumnsAsync(await mail.StateAsync(mailbox, default), part, ordered: true, default);

    private static List<uint> Ordered(SortColumns columns) =>
        [.. Enumerable.Range(0, columns.Uids.Length).OrderBy(i => columns.Ranks.Span[columns.Subjects.Span[i] >> 1]).Select(i => columns.Uids.Span[i])];
}
