using MailPlus.Engine.Delivery;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Domains.AutoBcc;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Domains;

/// <summary>Blind copies by rules of a domain, over the real engine (DOM-024, DOM-087 to DOM-090, mail-rules 25).</summary>
public sealed class BccTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task DOM_B20_A_rule_by_sender_sends_one_copy_of_a_mail_to_three_and_no_header_shows_it()
    {
        await using var house = await MailHouse.OpenAsync("bob", "a", "b", "c", "audit");
        await CreateAsync(house, BccCriterion.From, "bob@d.test", "audit");
        await house.SendAsync("bob", ["a@d.test", "b@d.test", "y@out.test"]);
        Assert.Single(await house.InboxAsync("audit"));
        Assert.DoesNotContain("audit", Assert.Single(await house.LeftAsync()), StringComparison.OrdinalIgnoreCase);
        foreach (var user in new[] { "a", "b" })
        {
            Assert.DoesNotContain("audit", Assert.Single(await house.InboxAsync(user)).ToString(), StringComparison.OrdinalIgnoreCase);
        }

        await house.SendAsync("a", ["b@d.test"]);
        await house.SendAsync("bob", ["audit@d.test"]); // who gets it anyway gets no second one
        Assert.Equal(2, (await house.InboxAsync("audit")).Count);
    }

    [Fact]
    public async Task DOM_B21_A_rule_by_recipient_looks_at_the_envelope_not_at_the_header()
    {
        await using var house = await MailHouse.OpenAsync("a", "hr", "audit");
        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { Additional = [DomainName.Parse("d.example")] }, None);
        await CreateAsync(house, BccCriterion.To, "hr@d.test", "audit@d.test");
        await house.ArriveAsync("x@far.test", ["hr@d.test"], "From: x@far.test\r\nTo: undisclosed:;\r\nSubject: blind\r\n\r\nbody\r\n");
        await house.ArriveAsync("x@far.test", ["a@d.test"], "From: x@far.test\r\nTo: hr@d.test\r\nSubject: header only\r\n\r\nbody\r\n");
        await house.ArriveAsync("x@far.test", ["hr@d.example"], "From: x@far.test\r\nSubject: additional domain\r\n\r\nbody\r\n");
        Assert.Equal(["additional domain", "blind"], (await house.InboxAsync("audit")).Select(message => message.Subject).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task DOM_B22_A_rule_for_all_messages_copies_what_comes_and_goes_but_nothing_of_the_system()
    {
        await using var house = await MailHouse.OpenAsync("a", "audit");
        var other = await house.AddDomainAsync("other.test");
        await house.AddAsync("x@other.test");
        await CreateAsync(house, BccCriterion.All, "", "audit");
        await house.SendAsync("a", ["y@out.test"], message => message.Subject = "out");
        await house.ArriveAsync("x@far.test", ["a@d.test"], "From: x@far.test\r\nSubject: in\r\n\r\nbody\r\n");
        await house.ArriveAsync("x@far.test", ["x@other.test"], "From: x@far.test\r\nSubject: of another domain\r\n\r\nbody\r\n");
        await house.ArriveAsync("", ["a@d.test"], "From: MAILER-DAEMON@far.test\r\nSubject: status\r\n\r\nbody\r\n");
        Refuse(house, "gone@out.test");
        await house.SendAsync("a", ["gone@out.test"], message => message.Subject = "fails");
        await Eventually.TrueAsync(async () => (await house.InboxAsync("a")).Count == 3, () => "the report is there");
        Assert.Equal(["fails", "in", "out"], (await house.InboxAsync("audit")).Select(message => message.Subject).Order(StringComparer.Ordinal));
        Assert.Equal(0, (await house.Engine.Bcc.ListAsync(Actor.Operator, other, new BccQuery(), None)).Total);
    }

    [Fact]
    public async Task DOM_B23_A_copy_triggers_no_further_copy()
    {
        await using var house = await MailHouse.OpenAsync("a", "b", "audit", "second");
        await CreateAsync(house, BccCriterion.To, "b@d.test", "audit");
        await CreateAsync(house, BccCriterion.To, "audit@d.test", "second");
        await CreateAsync(house, BccCriterion.To, "second@d.test", "b");
        await house.SendAsync("a", ["b@d.test"]);
        Assert.Single(await house.InboxAsync("audit"));
        Assert.Empty(await house.InboxAsync("second"));
        Assert.Single(await house.InboxAsync("b"));
    }

    [Fact]
    public async Task DOM_B24_Sender_rules_alone_are_in_the_file_of_sender_rules_and_import_keeps_what_is_there()
    {
        await using var house = await MailHouse.OpenAsync("bob", "audit");
        await CreateAsync(house, BccCriterion.From, "bob", "audit");
        await CreateAsync(house, BccCriterion.To, "@d.test", "y@out.test");
        await CreateAsync(house, BccCriterion.All, "", "audit");
        var senders = await house.Engine.Bcc.ExportAsync(Actor.Operator, house.Domain, BccCriterion.From, None);
        Assert.Equal("bob@d.test audit@d.test\n", senders);
        Assert.Equal("@d.test y@out.test\n", await house.Engine.Bcc.ExportAsync(Actor.Operator, house.Domain, BccCriterion.To, None));
        await Refused.ByAsync(RefusalKind.Invalid, () => house.Engine.Bcc.ExportAsync(Actor.Operator, house.Domain, BccCriterion.All, None));
        await Refused.ByAsync(RefusalKind.Invalid, () => house.Engine.Bcc.ImportAsync(Actor.Operator, house.Domain, BccCriterion.All, "", None));

        var outcome = await house.Engine.Bcc.ImportAsync(Actor.Operator, house.Domain, BccCriterion.From, senders + "# comment\n@far.test\taudit\nbad line of words\nnobody-here audit\n", None);
        Assert.Equal(["From @far.test → audit@d.test"], outcome.Created);
        Assert.Equal(["From bob@d.test → audit@d.test"], outcome.Skipped);
        Assert.Equal([4, 5], outcome.Faults.Select(fault => fault.Line));
        await Refused.ByAsync(RefusalKind.AlreadyExists, () => CreateAsync(house, BccCriterion.From, "bob@d.test", "audit@d.test"));
        await Refused.ByAsync(RefusalKind.Invalid, () => CreateAsync(house, BccCriterion.From, "not an address", "audit@d.test"));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => house.Engine.Bcc.ListAsync(Actor.ForAccount(new AccountId(1), "x", false), house.Domain, new BccQuery(), None));
    }

    [Fact]
    public async Task DOM_089_A_copy_to_an_alias_reaches_everybody_in_it()
    {
        await using var house = await MailHouse.OpenAsync("a", "b", "one", "two");
        await house.Engine.Aliases.CreateAsync(Actor.Operator, house.Domain, new AliasDraft("auditors", ["one", "two", "y@out.test"]), None);
        var rule = await CreateAsync(house, BccCriterion.From, "a", "auditors");
        await house.SendAsync("a", ["b@d.test"]);
        Assert.Single(await house.InboxAsync("one"));
        Assert.Single(await house.InboxAsync("two"));
        Assert.Equal(["y@out.test"], await house.LeftToAsync());

        await house.Engine.Bcc.UpdateAsync(Actor.Operator, house.Domain, rule.Id, new BccDraft(BccCriterion.To, "b", "one"), None);
        await house.ArriveAsync("x@far.test", ["b@d.test"]);
        Assert.Equal((2, 1), ((await house.InboxAsync("one")).Count, (await house.InboxAsync("two")).Count));
        Assert.Equal(1, await house.Engine.Bcc.RemoveAsync(Actor.Operator, house.Domain, [rule.Id], None));
        await house.ArriveAsync("x@far.test", ["b@d.test"]);
        Assert.Equal(2, (await house.InboxAsync("one")).Count);
    }

    // mail-rules 25
    [Fact]
    public async Task Copies_carry_NOTIFY_NEVER_and_the_postmaster_learns_of_one_that_fails()
    {
        await using var house = await MailHouse.OpenAsync("a", "b");
        await CreateAsync(house, BccCriterion.From, "a", "gone@out.test");
        Refuse(house, "gone@out.test");
        await house.SendAsync("a", ["b@d.test"]);
        await Eventually.TrueAsync(async () => (await house.InboxAsync("root")).Count == 1, () => "the postmaster was told");
        Assert.Empty(await house.InboxAsync("a"));
        Assert.Contains("gone@out.test", (await house.InboxAsync("root"))[0].ToString(), StringComparison.Ordinal);
        Assert.Contains(house.Outside.Commands, line => line.StartsWith("RCPT TO:<gone@out.test>", StringComparison.OrdinalIgnoreCase) && line.Contains("NOTIFY=NEVER", StringComparison.OrdinalIgnoreCase));
    }

    private static void Refuse(MailHouse house, string address) =>
        house.Outside.Answer = line => line.StartsWith($"RCPT TO:<{address}>", StringComparison.OrdinalIgnoreCase) ? "550 5.1.1 nobody of that name" : null;

    private static Task<BccRule> CreateAsync(MailHouse house, BccCriterion criterion, string pattern, string target) =>
        house.Engine.Bcc.CreateAsync(Actor.Operator, house.Domain, new BccDraft(criterion, pattern, target), None);
}
