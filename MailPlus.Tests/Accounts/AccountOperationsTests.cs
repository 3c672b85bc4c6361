using MailPlus.Engine.Accounts;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts;

public sealed class AccountOperationsTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task The_shortest_password_is_what_the_setting_says()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        Task<Account> Add(string name, string password) => system.Accounts.CreateAsync(Actor.Operator, new NewAccount(EmailAddress.Parse($"{name}@example.test"), password), None);
        await Add("short", "Aq-93!xw");
        await system.SettingsOperations.SaveAsync(Actor.Operator, null, snapshot => snapshot with { Security = snapshot.Security with { MinimumPasswordLength = 12 } }, None);
        Assert.Equal("Password", (await Refused.ByAsync(RefusalKind.Invalid, () => Add("kim", "Aq-93!xwpor"))).Field);
        await Add("lee", "Aq-93!xwporz");
    }

    [Fact]
    public async Task A_new_account_has_mail_an_address_and_a_row_in_the_outbox_and_outlives_a_restart()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var made = await system.AddAsync("Kim.Lee@Example.test");

        Assert.Equal("kim.lee", made.Name);
        Assert.Contains(made.Id, system.MailMade);
        Assert.Contains(await system.OutboxAsync(), happened => happened is AdminActed { Action: "AccountCreated", Target: "Kim.Lee@example.test" });
        var restarted = new AddressBook();
        await restarted.LoadAsync(system.Database, None);
        Assert.Equal(made.Id, restarted.Resolve(EmailAddress.Parse("kim.lee@EXAMPLE.test")).Account);
        Assert.Equal(made.Id, restarted.FindByLogin("KIM.LEE")?.Id);
        Assert.Equal(made.Id, restarted.FindByLogin("kim.lee@example.test")?.Id);
    }

    [Fact]
    public async Task Names_and_addresses_are_taken_once()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await system.Domains.AddAsync(Actor.Operator, new(DomainName.Parse("second.test")), None);
        await system.AddAsync("kim@example.test");

        Assert.Equal("Address", (await Refused.ByAsync(RefusalKind.AlreadyExists, () => system.AddAsync("KIM@example.test"))).Field);
        Assert.Equal("kim@second.test", (await system.AddAsync("kim@second.test")).Name);
        await Refused.ByAsync(RefusalKind.NotFound, () => system.AddAsync("kim@elsewhere.test"));
        await Refused.ByAsync(RefusalKind.Invalid, () => system.Accounts.CreateAsync(Actor.Operator, new NewAccount(EmailAddress.Parse("a@example.test"), "short"), None));
        await Refused.ByAsync(
            RefusalKind.Invalid,
            () => system.Accounts.CreateAsync(Actor.Operator, new NewAccount(EmailAddress.Parse("a@example.test"), SystemUnderTest.Password) { Name = "kim@example.test" }, None));
    }

    [Fact]
    public async Task The_list_finds_sorts_and_pages()
    {
        await using var system = await SystemUnderTest.SetUpAsync(lab: true);
        foreach (var name in new[] { "cho", "bob", "ann" })
        {
            var made = await system.AddAsync($"{name}@example.test");
            await system.Accounts.UpdateAsync(Actor.Operator, made.Id, new AccountChange { DisplayName = $"김{name}" }, None);
        }

        var names = await NamesAsync(system, new AccountQuery { Offset = 1, Limit = 2 });
        Assert.Equal(["ann", "bob"], names.Rows);
        Assert.Equal(4, names.Total);
        Assert.Equal(["cho"], (await NamesAsync(system, new AccountQuery { Search = "김CHO" })).Rows);
        Assert.Equal(["cho", "bob", "ann", "admin"], (await NamesAsync(system, new AccountQuery { Sort = AccountSort.Address, Descending = true })).Rows);
        Assert.Equal(["admin"], (await NamesAsync(system, new AccountQuery { AdministratorsOnly = true })).Rows);
        foreach (var sort in Enum.GetValues<AccountSort>())
        {
            Assert.Equal(4, (await NamesAsync(system, new AccountQuery { Sort = sort })).Rows.Count);
        }
    }

    [Fact]
    public async Task The_last_administrator_stays()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var admin = system.AddressBook.FindByLogin("admin")!.Id;
        foreach (var attempt in new Func<Task>[]
        {
            () => system.Accounts.SetStateAsync(Actor.Operator, [admin], AccountState.Deactivated, None),
            () => system.Accounts.UpdateAsync(Actor.Operator, admin, new AccountChange { IsAdministrator = false }, None),
            () => system.Accounts.DeleteAsync(Actor.Operator, [admin], None),
        })
        {
            Assert.Equal("LastAdministrator", (await Refused.ByAsync(RefusalKind.NotAllowed, attempt)).TextKey);
        }

        var second = await system.AddAsync("second@example.test", isAdministrator: true);
        await system.Accounts.SetStateAsync(Actor.Operator, [admin], AccountState.Deactivated, None);
        Assert.Equal(AddressKind.Deactivated, system.AddressBook.Resolve(EmailAddress.Parse("admin@example.test")).Kind);
        Assert.Equal(second.Id, system.AddressBook.ResolvePostmaster().Account);
    }

    [Fact]
    public async Task Ordinary_accounts_change_only_themselves()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        var actor = Actor.ForAccount(kim.Id, kim.Name, isAdministrator: false);
        var admin = system.AddressBook.FindByLogin("admin")!.Id;

        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Accounts.ListAsync(actor, new AccountQuery(), None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Accounts.SetPasswordAsync(actor, admin, SystemUnderTest.Password, None));
        Assert.Equal("ko", (await system.Accounts.UpdateOwnAsync(actor, "Kim", "ko", None)).Language);
        Assert.Equal("OldPassword", (await Refused.ByAsync(RefusalKind.AuthenticationFailed, () => system.Accounts.ChangeOwnPasswordAsync(actor, "wrong", "Another-Good-1", None))).Field);
        await system.Accounts.ChangeOwnPasswordAsync(actor, SystemUnderTest.Password, "Another-Good-1", None);
        await system.Authenticator.AuthenticateAsync(new PasswordCredential("kim", "Another-Good-1", "imap", null), None);
        await Refused.ByAsync(
            RefusalKind.AuthenticationFailed, () => system.Authenticator.AuthenticateAsync(new PasswordCredential("kim", SystemUnderTest.Password, "imap", null), None).AsTask());

        // ACC-B22: who manages accounts by delegation neither makes nor touches administrators.
        var manager = Actor.ForAccount(kim.Id, kim.Name, isAdministrator: false, new HashSet<Permission> { Permission.ManageAccounts });
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Accounts.SetPasswordAsync(manager, admin, SystemUnderTest.Password, None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Accounts.UpdateAsync(manager, kim.Id, new AccountChange { IsAdministrator = true }, None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Accounts.SetQuotaAsync(Actor.ForAccount(kim.Id, "kim", isAdministrator: false), kim.Id, new QuotaLimits(0, 0), None));
        await system.Accounts.SetQuotaAsync(manager, kim.Id, new QuotaLimits(2048, 9), None);
        Assert.Equal((2048L, 9L), (system.AddressBook.Find(kim.Id)!.QuotaOctets, system.AddressBook.Find(kim.Id)!.QuotaMessages));
    }

    [Fact]
    public async Task Deleting_removes_row_address_and_mail_and_the_number_never_comes_back()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        Assert.Equal(1, await system.Accounts.DeleteAsync(Actor.Operator, [kim.Id], None));
        Assert.DoesNotContain(kim.Id, system.MailMade);
        Assert.Equal(AddressKind.Unknown, system.AddressBook.Resolve(EmailAddress.Parse("kim@example.test")).Kind);
        Assert.NotEqual(kim.Id, (await system.AddAsync("kim@example.test")).Id);
    }

    private static async Task<Page<string>> NamesAsync(SystemUnderTest system, AccountQuery query)
    {
        var page = await system.Accounts.ListAsync(Actor.Operator, query, None);
        return new Page<string>([.. page.Rows.Select(account => account.Name)], page.Total);
    }
}
