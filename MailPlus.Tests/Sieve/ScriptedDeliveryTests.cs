using System.Text;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Sieve.Scripts;
using MailPlus.Tests.Domains;
using MailPlus.Tests.Support;
using MimeKit;
using Xunit;

namespace MailPlus.Tests.Sieve;

/// <summary>Scripts at work on mail that comes by SMTP to the whole engine; what goes out is seen where it arrives.</summary>
public sealed class ScriptedDeliveryTests : IAsyncLifetime
{
    private MailHouse _house = null!;

    public async Task InitializeAsync() => _house = await MailHouse.OpenAsync("a", "b");

    public Task DisposeAsync() => _house.DisposeAsync().AsTask();

    [Fact]
    public async Task Mail_is_filed_flagged_copied_and_made_mailboxes_for()
    {
        await ScriptAsync("a", """
            require ["fileinto", "mailbox", "imap4flags", "copy", "variables", "special-use", "duplicate"];
            if duplicate { discard; stop; }
            if header :matches "subject" "[*] *" { addflag "\\Flagged"; addflag "project"; fileinto :create "Lists/${1}"; stop; }
            if header :contains "subject" "junk" { fileinto :specialuse "\\Junk" "Nowhere"; stop; }
            if header :contains "subject" "both" { fileinto :copy "Archive"; }
            """);
        await ArriveAsync("a", "[한글] news", "1");
        await ArriveAsync("a", "[한글] news", "1");
        await ArriveAsync("a", "junk", "2");
        await ArriveAsync("a", "both", "3");
        await ArriveAsync("a", "plain", "4");
        Assert.Equal(["both", "plain"], await SubjectsAsync("a", "INBOX"));
        Assert.Equal(["[한글] news"], await SubjectsAsync("a", "Lists/한글"));
        Assert.Equal(["junk"], await SubjectsAsync("a", "Junk"));
        Assert.Equal(["both"], await SubjectsAsync("a", "Archive"));
        var flags = await FlagsAsync("a", "Lists/한글");
        Assert.True(flags.Flags!.Value.HasFlag(MessageFlags.Flagged) && flags.Keywords.Contains("project"));
        Assert.Null(await _house.Engine.Scripts.ProblemAsync(await ActorAsync("a"), await IdAsync("a"), default));
    }

    [Fact]
    public async Task A_mistake_keeps_the_mail_and_is_shown_until_the_script_changes()
    {
        await ScriptAsync("a", "require \"fileinto\"; fileinto \"Missing\";");
        await ArriveAsync("a", "one");
        await ScriptAsync("b", "require [\"ihave\", \"fileinto\"]; fileinto \"Archive\"; error \"no more\";");
        await ArriveAsync("b", "two");
        Assert.Equal(["one"], await SubjectsAsync("a", "INBOX"));
        Assert.Equal(["two"], await SubjectsAsync("b", "INBOX"));
        Assert.Empty(await SubjectsAsync("b", "Archive"));
        var problem = await _house.Engine.Scripts.ProblemAsync(await ActorAsync("a"), await IdAsync("a"), default);
        Assert.Contains("failed to store into mailbox 'Missing'", Assert.Single(problem!.Lines), StringComparison.Ordinal);
        Assert.Contains("no more", Assert.Single((await _house.Engine.Scripts.ProblemAsync(await ActorAsync("b"), await IdAsync("b"), default))!.Lines), StringComparison.Ordinal);
        await ScriptAsync("a", "keep;");
        Assert.Null(await _house.Engine.Scripts.ProblemAsync(await ActorAsync("a"), await IdAsync("a"), default));
    }

    [Fact]
    public async Task Redirected_mail_goes_on_once_and_loops_end()
    {
        await ScriptAsync("a", "redirect \"y@out.test\"; redirect \"b@d.test\";");
        await ScriptAsync("b", "require \"copy\"; redirect :copy \"a@d.test\";");
        await ArriveAsync("a", "on");
        Assert.Empty(await SubjectsAsync("a", "INBOX"));
        Assert.Equal(["on"], (await _house.InboxAsync("b")).Select(message => message.Subject));

        // The way back to a is a loop: the sender is told, nobody gets it twice.
        Assert.Equal(["x@far.test", "y@out.test"], (await _house.LeftToAsync()).Order(StringComparer.Ordinal));
        Assert.Contains(Senders(), sender => sender.StartsWith("SRS0=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_sent_on_where_the_settings_forbid_it()
    {
        await ScriptAsync("a", "keep; redirect \"y@out.test\";");
        await _house.SetAsync(settings => settings with { Sieve = settings.Sieve with { MaximumRedirects = 0 } });
        await ArriveAsync("a", "stays");
        Assert.Equal(["stays"], await SubjectsAsync("a", "INBOX"));
        Assert.Empty(await _house.LeftToAsync());
        var refused = await Assert.ThrowsAsync<RefusedException>(async () => await _house.Engine.Scripts.SetPersonalAsync(
            await ActorAsync("a"), await IdAsync("a"), new PersonalRules { Forwards = true, Targets = ["y@out.test"] }, default));
        Assert.Equal(RefusalKind.NotAllowed, refused.Refusal.Kind);
    }

    // mail-rules 23, ACC-60, ACC-64
    [Fact]
    public async Task Nothing_is_sent_on_where_a_user_policy_forbids_it_and_to_nobody_outside_where_mail_stays_inside()
    {
        await ScriptAsync("a", "redirect \"y@out.test\";");
        var policy = await _house.Engine.UserPolicies.AddAsync(
            Actor.Operator, new PolicyDraft("stays") { Users = [await IdAsync("a")], Rules = new() { ForbidForwarding = PolicySwitch.On } }, default);
        await ArriveAsync("a", "one");
        Assert.Equal(["one"], await SubjectsAsync("a", "INBOX"));
        Assert.NotNull(await _house.Engine.Scripts.ProblemAsync(await ActorAsync("a"), await IdAsync("a"), default));
        var refused = await Assert.ThrowsAsync<RefusedException>(async () => await _house.Engine.Scripts.SetPersonalAsync(
            await ActorAsync("a"), await IdAsync("a"), new PersonalRules { Forwards = true, Targets = ["y@out.test"] }, default));
        Assert.Equal(("ForwardingForbidden", "targets"), (refused.Refusal.TextKey, refused.Refusal.Field));

        await _house.Engine.UserPolicies.DeleteAsync(Actor.Operator, policy, default);
        policy = await _house.Engine.UserPolicies.AddAsync(Actor.Operator, new PolicyDraft("inside") { Users = [await IdAsync("a")], Rules = new() { InternalOnly = true } }, default);
        await ArriveAsync("a", "two");
        Assert.Equal(["one", "two"], await SubjectsAsync("a", "INBOX"));
        Assert.Empty(await _house.LeftToAsync());
        await ScriptAsync("a", "redirect \"b@d.test\";");
        await ArriveAsync("a", "three");
        Assert.Equal(["three"], (await _house.InboxAsync("b")).Select(message => message.Subject));

        await _house.Engine.UserPolicies.DeleteAsync(Actor.Operator, policy, default);
        await ScriptAsync("a", "redirect \"y@out.test\";");
        await ArriveAsync("a", "four");
        Assert.Contains("y@out.test", await _house.LeftToAsync());
    }

    // mail-rules 28
    [Fact]
    public async Task A_rejection_is_told_to_who_has_signed_in_and_files_a_stranger_as_spam()
    {
        await ScriptAsync("a", "require \"reject\"; reject \"not wanted\";");
        await ArriveAsync("a", "stranger");
        await _house.SendAsync("b", ["a@d.test"]);
        Assert.Empty(await SubjectsAsync("a", "INBOX"));
        Assert.Equal(["stranger"], await SubjectsAsync("a", "Junk"));
        var report = Assert.Single(await _house.InboxAsync("b"));
        Assert.Contains("not wanted", report.BodyParts.OfType<TextPart>().First().Text, StringComparison.Ordinal);
        Assert.Empty(await _house.LeftToAsync());
    }

    // mail-rules 26, WEB-119
    [Fact]
    public async Task Answer_and_forward_run_beside_the_users_own_script()
    {
        await ScriptAsync("a", "require [\"fileinto\", \"imap4flags\"]; if header :contains \"subject\" \"file\" { fileinto \"Archive\"; } if header :contains \"subject\" \"drop\" { discard; }");
        await PersonalAsync("a", new PersonalRules { Answers = true, Subject = "Away: \"a\"", Text = "I am \\away.\r\n한글", Forwards = true, Targets = ["y@out.test", "z@out.test"] });
        await ArriveAsync("a", "file one");
        await ArriveAsync("a", "two");
        await ArriveAsync("a", "drop");
        await ArriveAsync("a", "list", extra: "List-Id: <l.far.test>\r\n");
        await ArriveAsync("a", "blind", to: "undisclosed:;");
        Assert.Equal(["two", "list", "blind"], await SubjectsAsync("a", "INBOX"));
        Assert.Equal(["file one"], await SubjectsAsync("a", "Archive"));
        var left = await _house.LeftToAsync();
        Assert.Equal(1, left.Count(to => to == "x@far.test"));
        Assert.Equal(4, left.Count(to => to == "y@out.test"));
        Assert.Equal(4, left.Count(to => to == "z@out.test"));
        Assert.Contains("", Senders());
        using var octets = new MemoryStream(Encoding.Latin1.GetBytes(Assert.Single(_house.Outside.Messages, message => message.Contains("auto-replied", StringComparison.Ordinal))));
        var mail = await MimeMessage.LoadAsync(octets);
        Assert.Equal("Away: \"a\"", mail.Subject);
        Assert.Contains("I am \\away.", mail.TextBody, StringComparison.Ordinal);
        Assert.StartsWith("auto-replied", mail.Headers["Auto-Submitted"], StringComparison.Ordinal);
        Assert.Equal("a@d.test", mail.From.Mailboxes.Single().Address);

        // WEB-122: without a copy nothing stays; what is forwarded by the user's scripts goes no further when both are off.
        await PersonalAsync("a", new PersonalRules { Forwards = true, Targets = ["y@out.test"], KeepsCopy = false });
        await ArriveAsync("a", "gone");
        Assert.DoesNotContain("gone", await SubjectsAsync("a", "INBOX"));
        await PersonalAsync("a", new PersonalRules { Answers = true, Text = "later", FirstDay = new DateOnly(2999, 1, 1) });
        await ArriveAsync("a", "early", from: "w@far.test");
        Assert.Contains("early", await SubjectsAsync("a", "INBOX"));
        Assert.DoesNotContain("w@far.test", await _house.LeftToAsync());
        Assert.Contains("discard", Encoding.UTF8.GetString((await _house.Engine.Scripts.GetAsync(await ActorAsync("a"), await IdAsync("a"), "main", default)).Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Notifications_and_edited_messages_go_as_the_script_says()
    {
        await ScriptAsync("a", """
            require ["enotify", "editheader", "fileinto"];
            notify :message "mail for you" "mailto:n@out.test";
            addheader "X-Seen" "by a script";
            deleteheader "Subject";
            fileinto "Archive";
            """);
        await ArriveAsync("a", "secret");
        Assert.Equal(["n@out.test"], await _house.LeftToAsync());
        Assert.Equal(["a@d.test"], Senders());
        var kept = Assert.Single(await MessagesAsync("a", "Archive"));
        Assert.Null(kept.Subject);
        Assert.Equal("by a script", kept.Headers["X-Seen"]);
        Assert.Equal("<x@far.test>", kept.Headers["Return-Path"]);
    }

    [Fact]
    public async Task Scripts_have_names_numbers_and_sizes_and_the_active_one_stays()
    {
        var (actor, id, scripts) = (await ActorAsync("a"), await IdAsync("a"), _house.Engine.Scripts);
        await _house.SetAsync(settings => settings with { Sieve = settings.Sieve with { MaximumScripts = 2, MaximumScriptSize = 1024 } });
        await scripts.PutAsync(actor, id, "one", "keep;"u8.ToArray(), default);
        await scripts.PutAsync(actor, id, "둘", "stop;"u8.ToArray(), default);
        await RefusedAsync(RefusalKind.TooMany, () => scripts.PutAsync(actor, id, "three", "keep;"u8.ToArray(), default));
        await RefusedAsync(RefusalKind.TooLarge, () => scripts.PutAsync(actor, id, "one", new byte[2000], default));
        await RefusedAsync(RefusalKind.Invalid, () => scripts.PutAsync(actor, id, "one", "frop;"u8.ToArray(), default));
        await RefusedAsync(RefusalKind.Invalid, () => scripts.PutAsync(actor, id, "", "keep;"u8.ToArray(), default));
        await RefusedAsync(RefusalKind.NotFound, () => scripts.ActivateAsync(actor, id, "three", default));
        await RefusedAsync(RefusalKind.AlreadyExists, () => scripts.RenameAsync(actor, id, "one", "둘", default));
        await scripts.ActivateAsync(actor, id, "one", default);
        await scripts.RenameAsync(actor, id, "one", "uno", default);
        await RefusedAsync(RefusalKind.Conflict, () => scripts.DeleteAsync(actor, id, "uno", default));
        Assert.Equal([("uno", 5, true), ("둘", 5, false)], (await scripts.ListAsync(actor, id, default)).Select(script => (script.Name, script.Octets, script.IsActive)));
        await scripts.ActivateAsync(actor, id, null, default);
        await scripts.DeleteAsync(actor, id, "uno", default);
        await RefusedAsync(RefusalKind.NotAllowed, async () => await scripts.ListAsync(await ActorAsync("b"), id, default));
        await RefusedAsync(RefusalKind.Invalid, () => scripts.SetPersonalAsync(actor, id, new PersonalRules { Answers = true }, default));
    }

    private IReadOnlyList<string> Senders() =>
        [.. _house.Outside.Commands.Where(line => line.StartsWith("MAIL FROM:<", StringComparison.OrdinalIgnoreCase)).Select(line => line[11..line.IndexOf('>', StringComparison.Ordinal)])];

    private static async Task RefusedAsync(RefusalKind kind, Func<Task> act) => Assert.Equal(kind, (await Assert.ThrowsAsync<RefusedException>(act)).Refusal.Kind);

    private Task<AccountId> IdAsync(string user) => Task.FromResult(_house.Engine.AddressBook.FindByLogin($"{user}@d.test")!.Id);

    private async Task<Actor> ActorAsync(string user) => Actor.ForAccount(await IdAsync(user), user, isAdministrator: false);

    private async Task ScriptAsync(string user, string script)
    {
        var (actor, id) = (await ActorAsync(user), await IdAsync(user));
        await _house.Engine.Scripts.PutAsync(actor, id, "main", Encoding.UTF8.GetBytes(script), default);
        await _house.Engine.Scripts.ActivateAsync(actor, id, "main", default);
    }

    private async Task PersonalAsync(string user, PersonalRules rules) => await _house.Engine.Scripts.SetPersonalAsync(await ActorAsync(user), await IdAsync(user), rules, default);

    private async Task ArriveAsync(string user, string subject, string? id = null, string? extra = null, string? to = null, string from = "x@far.test")
    {
        var encoded = subject.All(char.IsAscii) ? subject : $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(subject))}?=";
        var replies = await _house.ArriveAsync(
            from, [$"{user}@d.test"], $"From: {from}\r\nTo: {to ?? $"{user}@d.test"}\r\nSubject: {encoded}\r\nMessage-ID: <{id ?? Guid.NewGuid().ToString("N")}@far.test>\r\n{extra}Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nbody\r\n");
        Assert.All(replies, reply => Assert.StartsWith("250", reply, StringComparison.Ordinal));
        await _house.SettleAsync();
    }

    private async Task<IReadOnlyList<string?>> SubjectsAsync(string user, string mailbox) => [.. (await MessagesAsync(user, mailbox)).Select(message => message.Subject)];

    private async Task<IReadOnlyList<MimeMessage>> MessagesAsync(string user, string mailbox)
    {
        using var imap = await ImapAsync(user);
        var folder = await imap.GetFolderAsync(mailbox);
        await folder.OpenAsync(FolderAccess.ReadOnly);
        List<MimeMessage> found = [];
        for (var i = 0; i < folder.Count; i++)
        {
            found.Add(await folder.GetMessageAsync(i));
        }

        return found;
    }

    private async Task<IMessageSummary> FlagsAsync(string user, string mailbox)
    {
        using var imap = await ImapAsync(user);
        var folder = await imap.GetFolderAsync(mailbox);
        await folder.OpenAsync(FolderAccess.ReadOnly);
        return Assert.Single(await folder.FetchAsync(0, -1, MessageSummaryItems.Flags));
    }

    private async Task<ImapClient> ImapAsync(string user)
    {
        await _house.SettleAsync();
        var imap = new ImapClient();
        await imap.ConnectAsync("127.0.0.1", _house.Port("imap"), SecureSocketOptions.None);
        await imap.AuthenticateAsync(user, MailHouse.Password);
        return imap;
    }
}
