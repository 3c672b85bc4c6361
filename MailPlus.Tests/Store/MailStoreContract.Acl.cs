using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using Xunit;

namespace MailPlus.Tests.Store;

/// <summary>Access control lists (RFC 4314).</summary>
public abstract partial class MailStoreContract
{
    protected static readonly AccountId Reader = new(8);

    [SkippableFact]
    public async Task An_access_control_list_is_kept_and_goes_with_its_mailbox()
    {
        await using (var mail = await OpenAsync())
        {
            var work = await mail.CreateMailboxAsync("Work", SpecialUse.None, default);
            Assert.Equal(Rights.All, Acl.RightsOf(work, Account, Account));
            Assert.Equal(Rights.None, Acl.RightsOf(work, Account, Reader));
            work = await mail.ChangeAclAsync(work.Id, new AclChange(new AclSubject(Reader), RightsOperation.Replace, Rights.Lookup | Rights.Read), default);
            work = await mail.ChangeAclAsync(work.Id, new AclChange(new AclSubject(Reader), RightsOperation.Add, Rights.Seen), default);
            await mail.ChangeAclAsync(work.Id, new AclChange(new AclSubject(null), RightsOperation.Add, Rights.Post), default);
            await mail.ChangeAclAsync(work.Id, new AclChange(new AclSubject(null, IsNegative: true), RightsOperation.Add, Rights.Read), default);
        }

        await ReopenAsync();
        await using var again = await OpenAsync();
        var kept = (await again.FindAsync("Work", default))!;
        Assert.Equal(
            [new(new(null), Rights.Post), new(new(null, IsNegative: true), Rights.Read), new(new(Reader), Rights.Lookup | Rights.Read | Rights.Seen)],
            kept.Acl);
        Assert.Equal(kept.Acl, (await again.StateAsync(kept.Id, default)).Mailbox.Acl);
        Assert.Equal(Rights.Lookup | Rights.Seen | Rights.Post, Acl.RightsOf(kept, Account, Reader));
        Assert.Equal(Rights.Post, Acl.RightsOf(kept, Account, new AccountId(99)));
        Assert.Equal(Rights.All, Acl.RightsOf(kept, Account, Account));
        await again.RenameMailboxAsync(kept.Id, "Job", default);
        Assert.Equal(3, (await again.FindAsync("Job", default))!.Acl.Count);
        await again.ChangeAclAsync(kept.Id, new AclChange(new AclSubject(Reader), RightsOperation.Remove, Rights.All), default);
        Assert.Equal(2, (await again.FindAsync("Job", default))!.Acl.Count);
        await again.DeleteMailboxAsync(kept.Id, default);
        Assert.Empty((await again.CreateMailboxAsync("Job", SpecialUse.None, default)).Acl);
    }

    [SkippableFact]
    public async Task A_new_mailbox_begins_with_the_list_of_its_superior()
    {
        await using var mail = await OpenAsync();
        var work = await mail.CreateMailboxAsync("Work", SpecialUse.None, default);
        await mail.ChangeAclAsync(work.Id, new AclChange(new AclSubject(Reader), RightsOperation.Replace, Rights.Lookup), default);
        await mail.CreateMailboxAsync("Work/A/B", SpecialUse.None, default);
        await ReopenAsync();
        await using var again = await OpenAsync();
        Assert.Equal(Rights.Lookup, Acl.RightsOf((await again.FindAsync("Work/A", default))!, Account, Reader));
        Assert.Equal(Rights.Lookup, Acl.RightsOf((await again.FindAsync("Work/A/B", default))!, Account, Reader));
    }

    [SkippableFact]
    public async Task An_owner_is_never_locked_out()
    {
        await using var mail = await OpenAsync();
        var inbox = (await mail.FindAsync("INBOX", default))!;
        var own = new AclSubject(Account);
        var limited = await mail.ChangeAclAsync(inbox.Id, new AclChange(own, RightsOperation.Replace, Rights.Read), default);
        Assert.Equal(Rights.Read | Acl.OwnersAlways, Acl.RightsOf(limited, Account, Account));
        limited = await mail.ChangeAclAsync(inbox.Id, new AclChange(new AclSubject(Account, IsNegative: true), RightsOperation.Replace, Rights.All), default);
        Assert.Equal(Rights.Read | Acl.OwnersAlways, Acl.RightsOf(limited, Account, Account));
        Assert.Equal(Rights.All, Acl.RightsOf(await mail.ChangeAclAsync(inbox.Id, new AclChange(own, RightsOperation.Add, Rights.All), default), Account, Account));
    }

    [SkippableFact]
    public async Task An_access_control_list_has_an_end()
    {
        await using var mail = await OpenAsync();
        var inbox = (await mail.FindAsync("INBOX", default))!.Id;
        var changes = Enumerable.Range(100, 500).Select(n => mail.ChangeAclAsync(inbox, new AclChange(new AclSubject(new AccountId(n)), RightsOperation.Add, Rights.Read), default));
        await Task.WhenAll(changes);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => mail.ChangeAclAsync(inbox, new AclChange(new AclSubject(null), RightsOperation.Add, Rights.Read), default));
        Assert.Equal(RefusalKind.TooMany, refused.Refusal.Kind);
        Assert.Equal(500, (await mail.FindAsync("INBOX", default))!.Acl.Count);
    }

    [SkippableFact]
    public async Task Names_of_others_mailboxes_are_not_ones_own()
    {
        await using var mail = await OpenAsync();
        Assert.Equal(RefusalKind.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => mail.CreateMailboxAsync("Other Users/ann", SpecialUse.None, default))).Refusal.Kind);
        var sent = (await mail.FindAsync("Sent", default))!;
        Assert.Equal(RefusalKind.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => mail.RenameMailboxAsync(sent.Id, "Other Users", default))).Refusal.Kind);
    }
}
