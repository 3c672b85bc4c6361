using System.Text;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store;
using MailPlus.Engine.Store.Contract;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>Annotations (RFC 5464).</summary>
public abstract partial class MailStoreContract
{
    [SkippableFact]
    public async Task Annotations_are_kept_by_mailbox_and_reader()
    {
        var other = new AccountId(8);
        await using (var mail = await OpenAsync())
        {
            var inbox = await InboxAsync(mail);
            await mail.AnnotateAsync(inbox, Account, [Note("/private/comment", "mine"), Note("/shared/comment", "ours")], default);
            await mail.AnnotateAsync(inbox, other, [Note("/PRIVATE/comment", "theirs"), Note("/private/x", ""), Note("/Shared/Comment", "changed")], default);
            await mail.AnnotateAsync(null, Account, [Note("/private/comment", "account")], default);
        }

        await ReopenAsync();
        await using var again = await OpenAsync();
        var box = await InboxAsync(again);
        Assert.Equal(["/private/comment=mine", "/shared/comment=changed"], await NotesAsync(again, box, Account));
        Assert.Equal(["/PRIVATE/comment=theirs", "/private/x=", "/shared/comment=changed"], await NotesAsync(again, box, other));
        Assert.Equal(["/private/comment=account"], await NotesAsync(again, null, Account));
        Assert.Empty(await NotesAsync(again, null, other));
        await again.AnnotateAsync(box, other, [Note("/private/comment", null), Note("/private/x", null)], default);
        Assert.Equal(["/private/comment=mine", "/shared/comment=changed"], await NotesAsync(again, box, Account));
        Assert.Equal(["/shared/comment=changed"], await NotesAsync(again, box, other));
        await RefusedAsync(RefusalKind.NotFound, again.AnnotateAsync(new MailboxId(999), Account, [Note("/shared/x", "y")], default));
        await RefusedAsync(RefusalKind.NotFound, again.AnnotationsAsync(new MailboxId(999), Account, default).AsTask());
    }

    [SkippableFact]
    public async Task Annotations_follow_a_mailbox_and_go_with_it()
    {
        await using var mail = await OpenAsync();
        var made = await mail.CreateMailboxAsync("old", SpecialUse.None, default);
        await mail.AnnotateAsync(made.Id, Account, [Note("/shared/comment", "x")], default);
        await mail.RenameMailboxAsync(made.Id, "new", default);
        Assert.Equal(["/shared/comment=x"], await NotesAsync(mail, made.Id, Account));
        await mail.DeleteMailboxAsync(made.Id, default);
        var next = await mail.CreateMailboxAsync("new", SpecialUse.None, default);
        Assert.Empty(await NotesAsync(mail, next.Id, Account));
        var inbox = await InboxAsync(mail);
        await mail.AnnotateAsync(inbox, Account, [Note("/private/comment", "in")], default);
        await mail.RenameMailboxAsync(inbox, "was", default);
        Assert.Equal(["/private/comment=in"], await NotesAsync(mail, inbox, Account));
        Assert.Equal(["/private/comment=in"], await NotesAsync(mail, (await mail.FindAsync("was", default))!.Id, Account));
    }

    [SkippableFact]
    public async Task Annotations_that_are_too_large_or_many_are_refused_whole_and_changes_are_announced()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var heard = new List<StoreChange>();
        using var subscription = Store.Changes.Subscribe(Account, heard.Add);
        await RefusedAsync(RefusalKind.TooLarge, mail.AnnotateAsync(inbox, Account, [Note("/shared/a", "x"), new("/shared/b", new byte[65_537])], default));
        await RefusedAsync(RefusalKind.TooMany, mail.AnnotateAsync(inbox, Account, [.. Enumerable.Range(0, 101).Select(n => Note($"/shared/{n}", "x"))], default));
        Assert.Empty(await NotesAsync(mail, inbox, Account));
        Assert.Empty(heard);
        await mail.AnnotateAsync(inbox, new AccountId(8), [Note("/private/a", "x"), Note("/shared/a", null)], default);
        Assert.Equal([new(Account, inbox, StoreChangeKind.Annotations) { Entry = "/private/a", OnlyFor = new AccountId(8) },
            new StoreChange(Account, inbox, StoreChangeKind.Annotations) { Entry = "/shared/a" }], heard);
    }

    [SkippableFact]
    public async Task Keys_of_urls_stay_until_they_are_reset_or_their_mailbox_goes()
    {
        await using var mail = await OpenAsync();
        var inbox = await InboxAsync(mail);
        var made = await mail.CreateMailboxAsync("made", SpecialUse.None, default);
        Assert.Null(await mail.UrlKeyAsync(inbox, make: false, default));
        var key = await mail.UrlKeyAsync(inbox, make: true, default);
        var other = await mail.UrlKeyAsync(made.Id, make: true, default);
        Assert.Equal((32, 32), (key!.Length, other!.Length));
        Assert.NotEqual(key, other);
        Assert.Equal(key, await mail.UrlKeyAsync(inbox, make: true, default));
        await mail.ResetUrlKeysAsync(inbox, default);
        Assert.Null(await mail.UrlKeyAsync(inbox, make: false, default));
        Assert.Equal(other, await mail.UrlKeyAsync(made.Id, make: false, default));
        Assert.NotEqual(key, await mail.UrlKeyAsync(inbox, make: true, default));
        await mail.ResetUrlKeysAsync(null, default);
        Assert.Null(await mail.UrlKeyAsync(inbox, make: false, default));
        Assert.Null(await mail.UrlKeyAsync(made.Id, make: false, default));
        await mail.DeleteMailboxAsync(made.Id, default);
        await RefusedAsync(RefusalKind.NotFound, mail.UrlKeyAsync(made.Id, make: true, default).AsTask());
        await RefusedAsync(RefusalKind.NotFound, mail.ResetUrlKeysAsync(made.Id, default));
    }

    private static Annotation Note(string entry, string? value) => new(entry, value is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(value));

    private static async Task<IEnumerable<string>> NotesAsync(IAccountStore mail, MailboxId? mailbox, AccountId reader) =>
        (await mail.AnnotationsAsync(mailbox, reader, default)).Select(a => $"{a.Entry}={Encoding.UTF8.GetString(a.Value!.Value.Span)}");
}
