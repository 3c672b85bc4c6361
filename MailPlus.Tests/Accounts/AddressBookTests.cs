using MailPlus.Engine.Accounts;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts;

public sealed class AddressBookTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    // mail-rules 15
    [Fact]
    public async Task Details_reach_the_user_and_postmaster_is_always_there()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var admin = system.AddressBook.FindByLogin("admin")!.Id;
        var kim = (await system.AddAsync("kim@example.test")).Id;

        Assert.Equal(new AddressResolution(AddressKind.Account, kim, "news+more"), Resolve(system, "kim+news+more@example.test"));
        Assert.Equal(AddressKind.Unknown, Resolve(system, "lee@example.test").Kind);
        Assert.Equal(AddressKind.NotLocal, Resolve(system, "kim@elsewhere.test").Kind);

        // mail-rules 15
        Assert.Equal(admin, Resolve(system, "Postmaster@example.test").Account);
        Assert.Equal(admin, Resolve(system, "abuse@example.test").Account);
        Assert.Equal(admin, system.AddressBook.ResolvePostmaster().Account);

        var domain = (await system.Domains.ListAsync(Actor.Operator, new DomainQuery(), None)).Rows[0];
        await system.Domains.UpdateAsync(Actor.Operator, domain.Id, new DomainChange { Postmaster = new ChosenAccount(kim) }, None);
        Assert.Equal(kim, Resolve(system, "postmaster@example.test").Account);
        await system.Accounts.SetStateAsync(Actor.Operator, [kim], AccountState.Deactivated, None);
        Assert.Equal(admin, Resolve(system, "postmaster@example.test").Account);
        Assert.Equal(AddressKind.Deactivated, Resolve(system, "kim@example.test").Kind);
    }

    [Fact]
    public async Task Both_forms_of_an_international_domain_are_one()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await system.Domains.AddAsync(Actor.Operator, new NewDomain(DomainName.Parse("메일.테스트")), None);
        var kim = (await system.AddAsync("kim@메일.테스트")).Id;
        Assert.Equal(kim, Resolve(system, $"kim@{DomainName.Parse("메일.테스트").Ascii}").Account);
        await Refused.ByAsync(RefusalKind.AlreadyExists, () => system.Domains.AddAsync(Actor.Operator, new NewDomain(DomainName.Parse(DomainName.Parse("메일.테스트").Ascii)), None));
    }

    private static AddressResolution Resolve(SystemUnderTest system, string address) => system.AddressBook.Resolve(EmailAddress.Parse(address));
}
