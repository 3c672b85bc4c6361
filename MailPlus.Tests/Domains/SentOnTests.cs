using MailPlus.Engine.Accounts;
using MailPlus.Engine.Delivery.Routing;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Domains;

/// <summary>Mail that aliases send on: rewritten senders (mail-rules 24), full mailboxes (mail-rules 13), aliases made while mail waits, members told apart and found (DOM-081, DOM-083).</summary>
public sealed class SentOnTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    // mail-rules 24
    [Fact]
    public async Task Mail_of_strangers_goes_on_under_a_sender_of_ours_and_reports_find_the_way_back()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, "team", "a", "y@out.test");
        await house.ArriveAsync("x@far.test", ["team@d.test"]);
        Assert.Single(await house.InboxAsync("a"));
        var rewritten = Assert.Single(Senders(house));
        Assert.StartsWith("SRS0=", rewritten, StringComparison.Ordinal);
        Assert.EndsWith("=far.test=x@d.test", rewritten, StringComparison.Ordinal);

        Assert.All(await house.ArriveAsync("", [rewritten], "From: MAILER-DAEMON@out.test\r\nSubject: failed\r\n\r\nbody\r\n"), reply => Assert.StartsWith("250", reply, StringComparison.Ordinal));
        Assert.Equal(["y@out.test", "x@far.test"], await house.LeftToAsync());
        Assert.Equal(["", rewritten], Senders(house).Order(StringComparer.Ordinal));

        Assert.StartsWith("550", (await house.ArriveAsync("spam@far.test", [rewritten]))[^1], StringComparison.Ordinal);
        Assert.StartsWith("550 5.1.1", (await house.ArriveAsync("", [rewritten.Replace("=x@", "=z@", StringComparison.Ordinal)]))[0], StringComparison.Ordinal);
        Assert.Equal(2, (await house.LeftAsync()).Count);
    }

    [Fact]
    public async Task The_null_sender_stays_null_and_who_writes_here_keeps_his_own_address()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, "team", "y@out.test");
        await house.ArriveAsync("", ["team@d.test"], "From: MAILER-DAEMON@far.test\r\nSubject: status\r\n\r\nbody\r\n");
        await house.SendAsync("a", ["team@d.test", "z@out.test"]);
        Assert.Equal(3, (await house.LeftToAsync()).Count);
        Assert.Equal(["", "a@d.test"], Senders(house).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Rewritten_senders_hold_for_21_days_and_only_with_their_hash()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var rewriting = new SenderRewriting(new byte[32], clock);
        var ours = DomainName.Parse("d.test");
        var first = rewriting.Forward(EmailAddress.Parse("X.y@far.test"), ours)!;
        Assert.Equal("X.y@far.test", rewriting.Back(first)?.ToString());
        Assert.Equal("x.y@far.test", rewriting.Back(EmailAddress.Parse(first.ToString().ToLowerInvariant()))?.ToString());
        Assert.Null(new SenderRewriting(new byte[] { 1 }, clock).Back(first));
        Assert.Null(rewriting.Back(EmailAddress.Parse("SRS0=@d.test")));
        Assert.Null(rewriting.Back(EmailAddress.Parse("SRS0=aaaaaaaa=@d.test")));
        Assert.Null(rewriting.Back(EmailAddress.Parse("x@d.test")));

        // What another server rewrote before keeps its way back, however often it goes on.
        var other = new SenderRewriting(new byte[] { 2 }, clock);
        var second = other.Forward(first, DomainName.Parse("e.test"))!;
        Assert.StartsWith("SRS1=", second.LocalPart, StringComparison.Ordinal);
        Assert.Equal(first, other.Back(second));
        var third = rewriting.Forward(second, ours)!;
        Assert.Equal(first, rewriting.Back(third));

        Assert.Null(rewriting.Forward(null, ours));
        Assert.Equal("a@d.test", rewriting.Forward(EmailAddress.Parse("a@d.test"), ours)?.ToString());
        Assert.Null(rewriting.Forward(EmailAddress.Parse($"{new string('x', 60)}@far.test"), ours));

        clock.Advance(TimeSpan.FromDays(21));
        Assert.NotNull(rewriting.Back(first));
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Null(rewriting.Back(first));
    }

    // mail-rules 13
    [Fact]
    public async Task An_alias_is_full_when_everybody_in_it_is()
    {
        await using var house = await MailHouse.OpenAsync("a", "b");
        await CreateAsync(house, "both", "a", "b");
        await CreateAsync(house, "one", "a");
        await FillAsync("a");
        await Eventually.TrueAsync(async () => (await house.ArriveAsync("x@far.test", ["one@d.test"]))[0].StartsWith("452 4.2.2", StringComparison.Ordinal), () => "the alias of a full mailbox is full");
        Assert.StartsWith("250", (await house.ArriveAsync("x@far.test", ["both@d.test"]))[0], StringComparison.Ordinal);
        await FillAsync("b");
        await Eventually.TrueAsync(async () => (await house.ArriveAsync("x@far.test", ["both@d.test"]))[0].StartsWith("452 4.2.2", StringComparison.Ordinal), () => "nobody in the alias has room");

        async Task FillAsync(string user)
        {
            await house.ArriveAsync("x@far.test", [$"{user}@d.test"]);
            await house.SettleAsync();
            await house.Engine.Accounts.SetQuotaAsync(Actor.Operator, house.Engine.AddressBook.FindByLogin(user)!.Id, new QuotaLimits(1, 0), None);
        }
    }

    [Fact]
    public async Task Mail_that_waits_for_an_address_that_becomes_an_alias_reaches_those_in_it()
    {
        await using var house = await MailHouse.OpenAsync("a", "b");
        house.Outside.Answer = line => line.StartsWith("RCPT", StringComparison.OrdinalIgnoreCase) ? "451 4.7.1 later" : null;
        await house.SendAsync("a", ["y@later.test"], message => message.Subject = "waits");
        await Eventually.TrueAsync(async () => (await house.Engine.Queue.ListAsync(Actor.Operator, new Engine.Delivery.QueueQuery(), None)).Rows.Any(row => row.Recipients.Any(recipient => recipient.Attempts > 0)), () => "the first attempt was made");

        var domain = await house.AddDomainAsync("later.test");
        await house.Engine.Aliases.CreateAsync(Actor.Operator, domain, new AliasDraft("y", ["a@d.test", "b@d.test"]), None);
        await house.Engine.Queue.RetryAsync(Actor.Operator, null, None);
        Assert.Equal("waits", Assert.Single(await house.InboxAsync("b")).Subject);
        Assert.Equal("waits", Assert.Single(await house.InboxAsync("a")).Subject); // and no report
    }

    [Fact]
    public async Task DOM_081_Members_are_users_aliases_and_people_elsewhere_and_each_is_told_apart()
    {
        await using var house = await MailHouse.OpenAsync("a");
        await CreateAsync(house, "inner", "a");
        var alias = await CreateAsync(house, "mixed", "a", "inner", "y@out.test");
        Assert.Equal([(AliasMemberKind.User, "a@d.test"), (AliasMemberKind.Alias, "inner@d.test"), (AliasMemberKind.External, "y@out.test")], alias.Members.Select(member => (member.Kind, member.Address.ToString())));
    }

    [Fact]
    public async Task DOM_083_Aliases_are_found_by_name_and_by_member_and_edited_and_deleted()
    {
        await using var house = await MailHouse.OpenAsync("a", "kim");
        await CreateAsync(house, "sales", "a");
        var support = await CreateAsync(house, "support", "kim", "y@out.test");
        Assert.Equal(["sales"], await FindAsync("SAL"));
        Assert.Equal(["support"], await FindAsync("kim"));
        Assert.Equal(["support"], await FindAsync("out.test"));
        Assert.Empty(await FindAsync("nobody"));

        await house.Engine.Aliases.UpdateAsync(Actor.Operator, house.Domain, support.Id, new AliasDraft("help", ["a"]), None);
        Assert.StartsWith("550 5.1.1", (await house.ArriveAsync("x@far.test", ["support@d.test"]))[0], StringComparison.Ordinal);
        await house.ArriveAsync("x@far.test", ["help@d.test"]);
        Assert.Single(await house.InboxAsync("a"));
        Assert.Equal(1, await house.Engine.Aliases.RemoveAsync(Actor.Operator, house.Domain, [support.Id], None));
        Assert.Equal(["sales"], await FindAsync(""));

        async Task<IReadOnlyList<string>> FindAsync(string text) =>
            [.. (await house.Engine.Aliases.ListAsync(Actor.Operator, house.Domain, new AliasQuery { Search = text }, None)).Rows.Select(alias => alias.Address.LocalPart)];
    }

    private static Task<MailAlias> CreateAsync(MailHouse house, string name, params string[] members) =>
        house.Engine.Aliases.CreateAsync(Actor.Operator, house.Domain, new AliasDraft(name, members), None);

    /// <summary>Senders that other servers were told.</summary>
    private static IReadOnlyList<string> Senders(MailHouse house) =>
        [.. house.Outside.Commands.Where(line => line.StartsWith("MAIL FROM:<", StringComparison.OrdinalIgnoreCase)).Select(line => line[11..line.IndexOf('>', StringComparison.Ordinal)])];
}
