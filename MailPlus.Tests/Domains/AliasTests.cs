using MailPlus.Engine.Accounts;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Domains;

/// <summary>Aliases, additional domains and catch-all as mail meets them (DOM-030 to DOM-032, DOM-050, DOM-051, DOM-080 to DOM-086).</summary>
public sealed class AliasTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task DOM_B6_What_goes_to_an_additional_domain_reaches_users_aliases_and_the_catch_all_of_the_main_one()
    {
        await using var house = await MailHouse.OpenAsync("a", "b", "c");
        var catcher = house.Engine.AddressBook.FindByLogin("c")!.Id;
        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { Additional = [DomainName.Parse("d.example")], CatchAll = new ChosenAccount(catcher) }, None);
        await CreateAsync(house, "team", "b");
        var replies = await house.ArriveAsync("x@far.test", ["a@d.example", "team@d.example", "nobody@d.example"]);
        Assert.All(replies, reply => Assert.StartsWith("250", reply, StringComparison.Ordinal));
        Assert.Single(await house.InboxAsync("a"));
        Assert.Single(await house.InboxAsync("b"));
        Assert.Single(await house.InboxAsync("c"));

        await Refused.ByAsync(RefusalKind.AlreadyExists, () => house.Engine.Domains.AddAsync(Actor.Operator, new NewDomain(DomainName.Parse("d.example")), None));
        await Refused.ByAsync(RefusalKind.AlreadyExists, () => house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { Additional = [DomainName.Parse("d.test")] }, None));
        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { Additional = [] }, None);
        Assert.StartsWith("554", (await house.ArriveAsync("x@far.test", ["a@d.example"]))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task DOM_B10_Mail_to_any_address_of_a_user_reaches_the_user()
    {
        await using var house = await MailHouse.OpenAsync("a");
        var user = house.Engine.AddressBook.FindByLogin("a")!.Id;
        await house.Engine.Domains.AddMembersAsync(Actor.Operator, house.Domain, [new NewMember(user, "sales")], None);
        await house.ArriveAsync("x@far.test", ["sales@d.test"]);
        Assert.Single(await house.InboxAsync("a"));
    }

    [Fact]
    public async Task DOM_B14_The_catch_all_gets_what_nobody_has_and_an_alias_wins_over_it()
    {
        await using var house = await MailHouse.OpenAsync("a", "b", "c");
        Assert.StartsWith("550 5.1.1", (await house.ArriveAsync("x@far.test", ["nobody@d.test"]))[0], StringComparison.Ordinal);

        var catcher = house.Engine.AddressBook.FindByLogin("c")!.Id;
        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { CatchAll = new ChosenAccount(catcher) }, None);
        await house.Engine.Accounts.SetStateAsync(Actor.Operator, [house.Engine.AddressBook.FindByLogin("b")!.Id], AccountState.Deactivated, None);
        await CreateAsync(house, "known", "a");
        await house.ArriveAsync("x@far.test", ["nobody@d.test"]);
        await house.ArriveAsync("x@far.test", ["b@d.test"]);
        await house.ArriveAsync("x@far.test", ["known@d.test"]);
        Assert.Equal(2, (await house.InboxAsync("c")).Count);
        Assert.Single(await house.InboxAsync("a"));

        // The catch-all reads what nobody has; it may not write under it.
        await Assert.ThrowsAsync<MailKit.Net.Smtp.SmtpCommandException>(() => house.SendAsync("c", ["a@d.test"], from: "nobody@d.test"));

        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { CatchAll = ChosenAccount.Nobody }, None);
        Assert.StartsWith("550 5.1.1", (await house.ArriveAsync("x@far.test", ["nobody@d.test"]))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task DOM_B15_A_catch_all_serves_its_own_domain_alone()
    {
        await using var house = await MailHouse.OpenAsync("c");
        await house.AddDomainAsync("d2.test");
        await house.Engine.Domains.UpdateAsync(Actor.Operator, house.Domain, new DomainChange { CatchAll = new ChosenAccount(house.Engine.AddressBook.FindByLogin("c")!.Id) }, None);
        Assert.StartsWith("550 5.1.1", (await house.ArriveAsync("x@far.test", ["nobody@d2.test"]))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task DOM_B16_Everybody_in_an_alias_gets_one_copy_however_often_they_stand_in_it()
    {
        await using var house = await MailHouse.OpenAsync("a", "b", "c");
        await CreateAsync(house, "ops", "b", "c", "a");
        await CreateAsync(house, "group", "a", "c");
        await CreateAsync(house, "team", "a", "group", "ops@d.test", "x@out.test", "X@OUT.test");
        await house.ArriveAsync("x@far.test", ["team@d.test", "a@d.test", "ops+tag@d.test"]);
        foreach (var user in new[] { "a", "b", "c" })
        {
            Assert.Single(await house.InboxAsync(user));
        }

        Assert.Equal(["x@out.test"], await house.LeftToAsync());
    }

    [Fact]
    public async Task DOM_B17_Aliases_that_contain_each_other_are_refused()
    {
        await using var house = await MailHouse.OpenAsync("a");
        var p = await CreateAsync(house, "p", "a");
        await CreateAsync(house, "q", "p");
        await CreateAsync(house, "r", "q");
        await Refused.ByAsync(RefusalKind.Conflict, () => house.Engine.Aliases.UpdateAsync(Actor.Operator, house.Domain, p.Id, new AliasDraft("p", ["a", "r"]), None));
        await Refused.ByAsync(RefusalKind.Conflict, () => house.Engine.Aliases.UpdateAsync(Actor.Operator, house.Domain, p.Id, new AliasDraft("p", ["p"]), None));
        await house.ArriveAsync("x@far.test", ["r@d.test"]);
        Assert.Single(await house.InboxAsync("a"));
        Assert.Equal(["a@d.test"], (await house.Engine.Aliases.ListAsync(Actor.Operator, house.Domain, new AliasQuery { Search = "p@" }, None)).Rows[0].Members.Select(member => member.Address.ToString()));
    }

    [Fact]
    public async Task DOM_B18_An_import_makes_what_is_new_and_leaves_alone_what_is_there()
    {
        await using var house = await MailHouse.OpenAsync("a", "b");
        await CreateAsync(house, "sales", "b");
        const string file = """
            # exported elsewhere
            sales: a
            new: b,
              later
            later: x@out.test, "odd name"@out.test
            virtual@d.test a, b
            other@far.test a
            a: b
            broken: unknown
            needs: broken
            ring1: ring2
            ring2: ring1
            nothing here
            """;
        var outcome = await house.Engine.Aliases.ImportAsync(Actor.Operator, house.Domain, file, None);
        Assert.Equal(["new", "later", "virtual"], outcome.Created);
        Assert.Equal(["sales"], outcome.Skipped);
        Assert.Equal(["other@far.test", "a", "broken", "needs", "ring2", "ring1", ""], outcome.Faults.OrderBy(fault => fault.Line == 12 ? 99 : fault.Line == 11 ? 100 : fault.Line == 13 ? 101 : fault.Line).Select(fault => fault.Name));
        var aliases = (await house.Engine.Aliases.ListAsync(Actor.Operator, house.Domain, new AliasQuery(), None)).Rows;
        Assert.Equal(["later", "new", "sales", "virtual"], aliases.Select(alias => alias.Address.LocalPart));
        Assert.Equal("b@d.test", Assert.Single(aliases[2].Members).Address.ToString());
        await house.ArriveAsync("x@far.test", ["new@d.test"]);
        Assert.Single(await house.InboxAsync("b"));
        Assert.Equal(["\"odd name\"@out.test", "x@out.test"], (await house.LeftToAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task DOM_B19_What_was_exported_gives_the_same_aliases_on_an_empty_domain()
    {
        await using var house = await MailHouse.OpenAsync("a", "b");
        await CreateAsync(house, "one", "a", "x@out.test");
        await CreateAsync(house, "two", "one", "b");
        await CreateAsync(house, "\"with space\"", "a");
        await CreateAsync(house, "한글", "b");
        var file = await house.Engine.Aliases.ExportAsync(Actor.Operator, house.Domain, None);
        Assert.Contains("one: a, x@out.test\n", file, StringComparison.Ordinal);
        var before = Shown(await house.Engine.Aliases.ListAsync(Actor.Operator, house.Domain, new AliasQuery(), None));
        Assert.Equal(4, await house.Engine.Aliases.RemoveAsync(Actor.Operator, house.Domain, [.. (await house.Engine.Aliases.ListAsync(Actor.Operator, house.Domain, new AliasQuery(), None)).Rows.Select(alias => alias.Id)], None));
        Assert.StartsWith("550 5.1.1", (await house.ArriveAsync("x@far.test", ["one@d.test"]))[0], StringComparison.Ordinal);

        var outcome = await house.Engine.Aliases.ImportAsync(Actor.Operator, house.Domain, file, None);
        Assert.Equal((4, 0, 0), (outcome.Created.Count, outcome.Skipped.Count, outcome.Faults.Count));
        Assert.Equal(before, Shown(await house.Engine.Aliases.ListAsync(Actor.Operator, house.Domain, new AliasQuery(), None)));
    }

    [Fact]
    public async Task Aliases_are_known_again_after_a_restart_and_go_with_their_users()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        var lee = await system.AddAsync("lee@example.test");
        var domain = (await system.Domains.ListAsync(Actor.Operator, new DomainQuery(), None)).Rows[0].Id;
        await system.Aliases.CreateAsync(Actor.Operator, domain, new AliasDraft("team", ["kim", "lee"]), None);
        await Refused.ByAsync(RefusalKind.AlreadyExists, () => system.AddAsync("team@example.test"));
        await Refused.ByAsync(RefusalKind.AlreadyExists, () => system.Domains.AddMembersAsync(Actor.Operator, domain, [new NewMember(kim.Id, "team")], None));
        await Refused.ByAsync(RefusalKind.AlreadyExists, () => system.Aliases.CreateAsync(Actor.Operator, domain, new AliasDraft("kim", ["lee"]), None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Aliases.ListAsync(Actor.ForAccount(kim.Id, "kim", false), domain, new AliasQuery(), None));
        await system.Accounts.DeleteAsync(Actor.Operator, [lee.Id], None);

        var restarted = new AddressBook();
        await restarted.LoadAsync(system.Database, None);
        foreach (var book in new[] { restarted, system.AddressBook })
        {
            Assert.Equal(AddressKind.Alias, book.Resolve(EmailAddress.Parse("TEAM@example.test")).Kind);
            Assert.Equal(["kim@example.test"], book.Expand(EmailAddress.Parse("team@example.test")).Select(address => address.ToString()));
        }
    }

    private static Task<MailAlias> CreateAsync(MailHouse house, string name, params string[] members) =>
        house.Engine.Aliases.CreateAsync(Actor.Operator, house.Domain, new AliasDraft(name, members), None);

    private static List<string> Shown(Page<MailAlias> page) =>
        [.. page.Rows.Select(alias => $"{alias.Address}: {string.Join(", ", alias.Members.Select(member => $"{member.Kind} {member.Address}"))}")];
}
