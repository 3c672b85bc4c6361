using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts.Activation;

/// <summary>Activation by user, group and default (ACC-20, ACC-21, ACC-23, ACC-24, ACC-29 to ACC-33).</summary>
public sealed class ActivationTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [InlineData(ActivationChoice.Deactivate, ActivationChoice.Activate, true, ActivationReason.Deactivated)]
    [InlineData(ActivationChoice.None, ActivationChoice.Deactivate, true, ActivationReason.DeactivatedByGroup)]
    [InlineData(ActivationChoice.None, ActivationChoice.None, true, ActivationReason.Activated)]
    [InlineData(ActivationChoice.None, ActivationChoice.None, false, ActivationReason.NotActivated)]
    [InlineData(ActivationChoice.None, ActivationChoice.Activate, false, ActivationReason.Activated)]
    [InlineData(ActivationChoice.Activate, ActivationChoice.Deactivate, false, ActivationReason.Activated)]
    public async Task ACC_B1_user_then_group_then_default(ActivationChoice user, ActivationChoice group, bool byDefault, ActivationReason expected)
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var (kim, staff) = await KimInStaffAsync(system);
        await system.Activation.ApplyAsync(Actor.Operator, Choose(kim, user) with { Groups = new Dictionary<GroupId, ActivationChoice> { [staff.Id] = group }, ByDefault = byDefault }, None);
        var account = await system.Accounts.GetAsync(Actor.Operator, kim, None);
        Assert.Equal((expected, user), (account.Reason, account.Activation));
        Assert.Equal(expected == ActivationReason.Activated ? AddressKind.Account : AddressKind.Deactivated, system.AddressBook.Resolve(EmailAddress.Parse("kim@example.test")).Kind);
    }

    [Fact]
    public async Task ACC_B2_a_user_who_is_activated_in_a_deactivated_group_is_active_and_uses_one_licence()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var (kim, staff) = await KimInStaffAsync(system);
        var before = (await system.Activation.GetAsync(Actor.Operator, None)).Seats.Used;
        await system.Activation.ApplyAsync(Actor.Operator, Choose(kim, ActivationChoice.Activate) with { Groups = new Dictionary<GroupId, ActivationChoice> { [staff.Id] = ActivationChoice.Deactivate } }, None);
        Assert.Equal(before + 1, (await system.Activation.GetAsync(Actor.Operator, None)).Seats.Used);
    }

    // ACC-31
    [Fact]
    public async Task Of_two_groups_that_disagree_the_one_that_deactivates_wins()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var (kim, staff) = await KimInStaffAsync(system);
        var former = await system.Groups.AddAsync(Actor.Operator, "former", "", None);
        await system.Groups.ChangeMembersAsync(Actor.Operator, former.Id, [kim], [], None);
        await system.Activation.ApplyAsync(
            Actor.Operator, new ActivationChange { Groups = new Dictionary<GroupId, ActivationChoice> { [staff.Id] = ActivationChoice.Activate, [former.Id] = ActivationChoice.Deactivate } }, None);
        Assert.Equal(ActivationReason.DeactivatedByGroup, (await system.Accounts.GetAsync(Actor.Operator, kim, None)).Reason);

        // Leaving it, or its end, lets the other one decide.
        await system.Groups.ChangeMembersAsync(Actor.Operator, former.Id, [], [kim], None);
        Assert.Equal(ActivationReason.Activated, (await system.Accounts.GetAsync(Actor.Operator, kim, None)).Reason);
        await system.Groups.DeleteAsync(Actor.Operator, [staff.Id], None);
        Assert.Equal(ActivationReason.NotActivated, (await system.Accounts.GetAsync(Actor.Operator, kim, None)).Reason);
    }

    [Fact]
    public async Task ACC_B3_a_disabled_account_that_is_activated_can_neither_sign_in_nor_receive_and_says_why()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        await system.Accounts.UpdateAsync(Actor.Operator, kim.Id, new AccountChange { IsDisabled = true }, None);
        var account = await system.Accounts.GetAsync(Actor.Operator, kim.Id, None);
        Assert.Equal((ActivationChoice.Activate, ActivationReason.Disabled, AccountStatus.Disabled), (account.Activation, account.Reason, account.Status));
        Assert.Equal(AddressKind.Deactivated, system.AddressBook.Resolve(EmailAddress.Parse("kim@example.test")).Kind);
        await Refused.ByAsync(RefusalKind.AuthenticationFailed, async () => await system.Authenticator.AuthenticateAsync(new PasswordCredential("kim", SystemUnderTest.Password, "imap", null), None));

        await system.Accounts.UpdateAsync(Actor.Operator, kim.Id, new AccountChange { IsDisabled = false }, None);
        await system.Authenticator.AuthenticateAsync(new PasswordCredential("kim", SystemUnderTest.Password, "imap", null), None);
        Assert.Equal(AccountStatus.NameNotSupported, ActivationInputs.StatusOf("two words", isDisabled: false));
        Assert.Equal(AccountStatus.Normal, ActivationInputs.StatusOf("kim@example.test", isDisabled: false));
        Assert.Equal(ActivationReason.NameNotSupported, new ActivationInputs(ActivationChoice.Activate, true, false, AccountStatus.NameNotSupported).Decide(byDefault: true));
    }

    [Fact]
    public async Task ACC_B4_by_default_a_disabled_account_uses_no_licence()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        await system.Accounts.UpdateAsync(Actor.Operator, kim.Id, new AccountChange { IsDisabled = true }, None);
        await system.Activation.ApplyAsync(Actor.Operator, Choose(kim.Id, ActivationChoice.None) with { ByDefault = true }, None);
        Assert.Equal(1, (await system.Activation.GetAsync(Actor.Operator, None)).Seats.Used); // the administrator
    }

    // ACC-27, ACC-96
    [Fact]
    public async Task A_choice_that_would_leave_no_administrator_is_refused_and_a_manager_of_accounts_never_touches_one()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var admin = system.AddressBook.FindByLogin("admin")!.Id;
        var (kim, staff) = await KimInStaffAsync(system);
        await system.Groups.ChangeMembersAsync(Actor.Operator, staff.Id, [admin], [], None);
        Assert.Equal("LastAdministrator", (await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Activation.ApplyAsync(Actor.Operator, Choose(admin, ActivationChoice.None) with { Groups = new Dictionary<GroupId, ActivationChoice> { [staff.Id] = ActivationChoice.Deactivate } }, None))).TextKey);
        Assert.Equal(ActivationChoice.Activate, (await system.Accounts.GetAsync(Actor.Operator, admin, None)).Activation);

        await system.AddAsync("second@example.test", isAdministrator: true);
        var manager = Actor.ForAccount(kim, "kim", isAdministrator: false, new HashSet<Permission> { Permission.ManageAccounts });
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Activation.ApplyAsync(manager, Choose(admin, ActivationChoice.Deactivate), None));
        var nobody = Actor.ForAccount(kim, "kim", isAdministrator: false);
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Activation.ApplyAsync(nobody, Choose(kim, ActivationChoice.Activate), None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Groups.ListAsync(nobody, new GroupQuery(), None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Groups.ChangeMembersAsync(nobody, staff.Id, [kim], [], None));
    }

    // ACC-01, ACC-35
    [Fact]
    public async Task Groups_are_found_sorted_renamed_and_listed_with_their_members()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var (kim, staff) = await KimInStaffAsync(system);
        await system.Groups.AddAsync(Actor.Operator, "영업팀", "sells", None);
        Assert.Equal("Name", (await Refused.ByAsync(RefusalKind.AlreadyExists, () => system.Groups.AddAsync(Actor.Operator, "STAFF", "", None))).Field);
        Assert.Equal("Name", (await Refused.ByAsync(RefusalKind.Invalid, () => system.Groups.AddAsync(Actor.Operator, " ", "", None))).Field);
        var byMembers = await system.Groups.ListAsync(Actor.Operator, new GroupQuery { ByMembers = true, Descending = true }, None);
        Assert.Equal([("staff", 1), ("영업팀", 0)], byMembers.Rows.Select(row => (row.Name, row.Members)));
        Assert.Equal("영업팀", Assert.Single((await system.Groups.ListAsync(Actor.Operator, new GroupQuery { Search = "sell" }, None)).Rows).Name);
        await system.Groups.UpdateAsync(Actor.Operator, staff.Id, "Everybody", "all of us", None);
        Assert.Equal("all of us", (await system.Groups.FindAsync(Actor.Operator, "everybody", None))!.Description);
        var members = await system.Accounts.ListAsync(Actor.Operator, new AccountQuery { Group = staff.Id, Reason = ActivationReason.NotActivated }, None);
        Assert.Equal(kim, Assert.Single(members.Rows).Id);
    }

    private static async Task<(AccountId Kim, AccountGroup Staff)> KimInStaffAsync(SystemUnderTest system)
    {
        var kim = await system.AddAsync("kim@example.test");
        var staff = await system.Groups.AddAsync(Actor.Operator, "staff", "", None);
        await system.Groups.ChangeMembersAsync(Actor.Operator, staff.Id, [kim.Id], [], None);
        await system.Activation.ApplyAsync(Actor.Operator, Choose(kim.Id, ActivationChoice.None), None);
        return (kim.Id, staff);
    }

    private static ActivationChange Choose(AccountId account, ActivationChoice choice) => new() { Users = new Dictionary<AccountId, ActivationChoice> { [account] = choice } };
}
