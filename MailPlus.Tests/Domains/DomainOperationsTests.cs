using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Domains;

public sealed class DomainOperationsTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Members_join_by_an_address_and_leave_without_it()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        var second = await system.Domains.AddAsync(Actor.Operator, new NewDomain(DomainName.Parse("second.test"), "The other one"), None);

        Assert.Equal(1, await system.Domains.AddMembersAsync(Actor.Operator, second.Id, [new NewMember(kim.Id)], None));
        Assert.Equal(0, await system.Domains.AddMembersAsync(Actor.Operator, second.Id, [new NewMember(kim.Id)], None));
        Assert.Equal(1, await system.Domains.AddMembersAsync(Actor.Operator, second.Id, [new NewMember(kim.Id, "info")], None));
        Assert.Equal(kim.Id, system.AddressBook.Resolve(EmailAddress.Parse("info@second.test")).Account);
        var members = await system.Domains.ListMembersAsync(Actor.Operator, second.Id, new MemberQuery { Search = "INFO" }, None);
        Assert.Equal("info@second.test", Assert.Single(members.Rows).Address.ToString());
        var admin = system.AddressBook.FindByLogin("admin")!.Id;
        await Refused.ByAsync(RefusalKind.AlreadyExists, () => system.Domains.AddMembersAsync(Actor.Operator, second.Id, [new NewMember(admin, "info")], None));

        var listed = await system.Domains.ListAsync(Actor.Operator, new DomainQuery { Search = "other" }, None);
        Assert.Equal((1, "second.test", 1), (listed.Total, listed.Rows[0].Name.Ascii, listed.Rows[0].Members));

        Assert.Equal(2, await system.Domains.RemoveMembersAsync(Actor.Operator, second.Id, [EmailAddress.Parse("info@second.test"), EmailAddress.Parse("kim@second.test")], None));
        Assert.Null(system.AddressBook.FindByLogin("info@second.test"));
        Assert.Equal(kim.Id, system.AddressBook.FindByLogin("kim@example.test")?.Id);
    }

    [Fact]
    public async Task A_domain_leaves_only_when_nobody_depends_on_it()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var first = (await system.Domains.ListAsync(Actor.Operator, new DomainQuery(), None)).Rows[0];
        await Refused.ByAsync(RefusalKind.Conflict, () => system.Domains.RemoveAsync(Actor.Operator, first.Id, None));
        var second = await system.Domains.AddAsync(Actor.Operator, new NewDomain(DomainName.Parse("second.test")), None);
        await Refused.ByAsync(RefusalKind.Conflict, () => system.Domains.RemoveAsync(Actor.Operator, first.Id, None));
        await system.Domains.RemoveAsync(Actor.Operator, second.Id, None);
        Assert.False(system.AddressBook.IsLocal(DomainName.Parse("second.test")));
        await Refused.ByAsync(RefusalKind.NotFound, () => system.Domains.GetAsync(Actor.Operator, second.Id, None));
    }
}
