using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Tests.Support;
using MailPlus.Web.Mail;
using MailPlus.Web.Mail.MessageList;
using Xunit;

namespace MailPlus.Tests.Web.Mail;

/// <summary>Folders, list, selection and actions of the webmail over a real store.</summary>
public sealed class MailDeskTests : IAsyncLifetime
{
    private readonly MailFixture _mail = new();

    public Task InitializeAsync() => _mail.InitializeAsync();

    public Task DisposeAsync() => _mail.DisposeAsync();

    [Fact]
    public async Task Standard_folders_come_first_and_own_ones_as_a_tree()
    {
        await using (var store = await _mail.OpenAsync())
        {
            foreach (var name in new[] { "Work", "Work/2026", "Work plans", "가족" })
            {
                await store.CreateMailboxAsync(name, SpecialUse.None, default);
            }
        }

        var desk = await DeskAsync();
        Assert.Equal(["Inbox", "Drafts", "Sent", "Archive", "Junk", "Trash"], desk.Folders.Where(f => f.IsStandard).Select(f => f.NameKey));
        var own = desk.Folders.Where(f => !f.IsStandard).Select(f => f.Mailbox.Name).ToList();
        Assert.Equal(own.IndexOf("Work") + 1, own.IndexOf("Work/2026"));
        Assert.Equal(1, desk.Folders.Single(f => f.Mailbox.Name == "Work/2026").Depth);
    }

    [Fact]
    public async Task The_newest_received_is_first_whatever_its_uid()
    {
        var b = await _mail.ReceiveAsync(MailFixture.Message("b"), 20);
        var a = await _mail.ReceiveAsync(MailFixture.Message("a"), 10);
        var c = await _mail.ReceiveAsync(MailFixture.Message("c"), 30);
        var desk = await DeskAsync();
        Assert.Equal([c, b, a], desk.View.Rows());
        Assert.True(await desk.ReadRowsAsync(0, 10, default));
        Assert.Equal("c", desk.Row(c)!.Subject);
        Assert.False(await desk.ReadRowsAsync(0, 10, default));
    }

    [Fact]
    public async Task Undo_puts_messages_back_where_they_were()
    {
        var first = await _mail.ReceiveAsync(MailFixture.Message("first"), 1);
        await _mail.ReceiveAsync(MailFixture.Message("second"), 2);
        var desk = await DeskAsync();
        var done = await new MailActions(desk).DeleteAsync(UidSet.Of(first), default);
        await desk.RefreshAsync(default);
        Assert.Equal(1, desk.View.Count);
        Assert.Equal(1, desk.Find(SpecialUse.Trash)!.Mailbox.Messages);

        await done!.UndoAsync!(default);
        await desk.RefreshAsync(default);
        await desk.ReadRowsAsync(0, 10, default);
        Assert.Equal(["second", "first"], desk.View.Rows().Select(uid => desk.Row(uid)!.Subject));
    }

    [Fact]
    public async Task What_was_just_read_stays_in_the_unread_list_until_it_is_chosen_again()
    {
        var uid = await _mail.ReceiveAsync(MailFixture.Message("new"), 1);
        await _mail.ReceiveAsync(MailFixture.Message("seen"), 2, MessageFlags.Seen);
        var desk = await DeskAsync();
        desk.Show(ListFilter.Unread);
        Assert.Equal([uid], desk.View.Rows());
        await new MailActions(desk).FlagAsync(UidSet.Of(uid), MessageFlags.Seen, set: true, default);
        Assert.Equal([uid], desk.View.Rows());
        desk.Show(ListFilter.Unread);
        Assert.Equal(0, desk.View.Count);
    }

    [Fact]
    public async Task New_mail_is_reported_and_shown()
    {
        var desk = await DeskAsync();
        var uid = await _mail.ReceiveAsync(MailFixture.Message("새 메일"), 1);
        Assert.Equal([uid], await desk.RefreshAsync(default));
        Assert.Equal(1, desk.Inbox!.Mailbox.Unseen);
        Assert.Empty(await desk.RefreshAsync(default));
    }

    [Fact]
    public async Task Search_finds_words_in_any_order_without_case()
    {
        await _mail.ReceiveAsync(MailFixture.Message("Invoice for March", "please pay"), 1);
        var wanted = await _mail.ReceiveAsync(MailFixture.Message("견적서 Invoice", "안녕하세요 확인 부탁드립니다"), 2);
        var desk = await DeskAsync();
        await desk.SearchAsync("확인 invoice", default);
        Assert.Equal([wanted], desk.View.Rows());
        await desk.SearchAsync("", default);
        Assert.Equal(2, desk.View.Count);
    }

    [Fact]
    public async Task Shift_reaches_from_the_last_choice_and_all_means_all()
    {
        for (var minute = 0; minute < 10; minute++)
        {
            await _mail.ReceiveAsync(MailFixture.Message($"m{minute}"), minute);
        }

        var desk = await DeskAsync();
        desk.Selection.Toggle(desk.View[2]);
        desk.Selection.ReachTo(desk.View[5], desk.View);
        Assert.Equal(4, desk.Selection.Count);
        desk.Selection.All(desk.View);
        await new MailActions(desk).ArchiveAsync(desk.Selection.ToSet(), default);
        await desk.RefreshAsync(default);
        Assert.Equal(0, desk.View.Count);
        Assert.Equal(0, desk.Selection.Count);
    }

    [Fact]
    public async Task Spam_goes_to_spam_and_not_spam_comes_back()
    {
        var uid = await _mail.ReceiveAsync(MailFixture.Message("win"), 1);
        var desk = await DeskAsync();
        var actions = new MailActions(desk);
        Assert.Equal("MarkedAsSpam", (await actions.SpamAsync(UidSet.Of(uid), default))!.TextKey);
        await desk.GoToAsync(desk.Find(SpecialUse.Junk)!.Mailbox.Id, default);
        Assert.Equal("NotSpam", (await actions.SpamAsync(UidSet.Of(desk.View[0]), default))!.TextKey);
        await desk.GoToAsync(null, default);
        Assert.Equal(1, desk.View.Count);
    }

    [Fact]
    public async Task Folders_are_made_renamed_and_removed_but_not_the_standard_ones()
    {
        var desk = await DeskAsync();
        var actions = new MailActions(desk);
        var made = await actions.CreateFolderAsync(" 영수증 ", null, default);
        await desk.RefreshAsync(default);
        await actions.RenameFolderAsync(desk.Find(made.Id)!, "Receipts", default);
        await desk.RefreshAsync(default);
        Assert.Equal("Receipts", desk.Find(made.Id)!.Name);
        await actions.DeleteFolderAsync(desk.Find(made.Id)!, default);
        await desk.RefreshAsync(default);
        Assert.Null(desk.Find(made.Id));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => actions.DeleteFolderAsync(desk.Find(SpecialUse.Trash)!, default));
        await Refused.ByAsync(RefusalKind.Invalid, () => actions.CreateFolderAsync("a/b", null, default));
    }

    [Fact]
    public async Task Nobody_else_opens_the_mailbox_not_even_an_administrator()
    {
        var administrator = Actor.ForAccount(new AccountId(2), "admin", isAdministrator: true);
        await Refused.ByAsync(RefusalKind.NotAllowed, async () => await _mail.Access.OpenAsync(administrator, _mail.Owner.Id, default));
        await Refused.ByAsync(RefusalKind.NotAllowed, async () => await _mail.Access.OpenAsync(administrator with { }, new AccountId(1), default));
    }

    private async Task<MailDesk> DeskAsync()
    {
        var desk = new MailDesk(_mail.Access, _mail.Actor);
        await desk.GoToAsync(null, default);
        return desk;
    }
}
