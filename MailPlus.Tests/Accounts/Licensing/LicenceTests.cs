using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Activation;
using MailPlus.Engine.Accounts.Licensing;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace MailPlus.Tests.Accounts.Licensing;

/// <summary>The behaviours of spec 04 (LIC-01 to LIC-04, LIC-06, LIC-09, LIC-13 to LIC-21, LIC-24).</summary>
public sealed class LicenceTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly DateOnly Day = new(2026, 1, 2);

    [Fact]
    public async Task LIC_B1_a_sixth_account_is_refused_naming_the_shortfall_and_nothing_is_stored()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var four = await AddManyAsync(system, 4);
        var idle = await AddIdleAsync(system, "idle");
        var refusal = await Refused.ByAsync(RefusalKind.TooMany, () => system.Activation.ApplyAsync(
            Actor.Operator, new ActivationChange { Users = new Dictionary<AccountId, ActivationChoice> { [four[0]] = ActivationChoice.Activate, [idle] = ActivationChoice.Activate }, ByDefault = true }, None));
        Assert.Equal(("LicencesUsedUp", "1"), (refusal.TextKey, refusal.Arguments[0]));
        Assert.False((await system.Activation.GetAsync(Actor.Operator, None)).ByDefault);
        Assert.Equal(ActivationChoice.Deactivate, (await system.Accounts.GetAsync(Actor.Operator, idle, None)).Activation);

        // The same by every other way: a new account, a bulk action (LIC-03).
        await Refused.ByAsync(RefusalKind.TooMany, () => system.AddAsync("sixth@example.test"));
        await Refused.ByAsync(RefusalKind.TooMany, () => system.Accounts.SetStateAsync(Actor.Operator, [idle], AccountState.Active, None));
        Assert.Equal(AddressKind.Unknown, system.AddressBook.Resolve(EmailAddress.Parse("sixth@example.test")).Kind);
    }

    [Fact]
    public async Task LIC_B2_one_off_and_one_on_in_the_same_Apply_succeeds()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var four = await AddManyAsync(system, 4);
        var idle = await AddIdleAsync(system, "idle");
        await system.Activation.ApplyAsync(
            Actor.Operator, new ActivationChange { Users = new Dictionary<AccountId, ActivationChoice> { [idle] = ActivationChoice.Activate, [four[3]] = ActivationChoice.Deactivate } }, None);
        Assert.Equal(AddressKind.Account, system.AddressBook.Resolve(EmailAddress.Parse("idle@example.test")).Kind);
        Assert.Equal(AddressKind.Deactivated, system.AddressBook.Resolve(EmailAddress.Parse("user3@example.test")).Kind);
    }

    [Fact]
    public async Task LIC_B3_five_free_and_a_pack_of_five_make_ten()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        Assert.Equal(new LicenceSeats(5, 1), (await system.Licences.GetAsync(Actor.Operator, None)).Seats);
        await system.Licences.AddAsync(Actor.Operator, [system.Issuer.Issue(5, Day, null, null)], None);
        await AddManyAsync(system, 6);
        var overview = await system.Licences.GetAsync(Actor.Operator, None);
        Assert.Equal((10, 7, 3), (overview.Seats.Total, overview.Seats.Used, overview.Seats.Unused));
        Assert.Equal((5, LicenceValidity.Valid), (Assert.Single(overview.Keys).Key!.Accounts, overview.Keys[0].Validity));
    }

    [Fact]
    public async Task LIC_B4_an_account_with_three_more_addresses_in_two_domains_uses_one()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var other = await system.Domains.AddAsync(Actor.Operator, new(DomainName.Parse("second.test")), None);
        var first = (await system.Domains.ListAsync(Actor.Operator, new() { Search = "example" }, None)).Rows[0];
        var kim = await system.AddAsync("kim@example.test");
        await system.Domains.AddMembersAsync(Actor.Operator, other.Id, [new(kim.Id), new(kim.Id) { LocalPart = "kim.lee" }], None);
        await system.Domains.AddMembersAsync(Actor.Operator, first.Id, [new(kim.Id) { LocalPart = "sales" }], None);
        Assert.Equal(2, (await system.Licences.GetAsync(Actor.Operator, None)).Seats.Used); // the administrator and kim
    }

    [Fact]
    public async Task LIC_B6_a_group_that_needs_more_than_is_left_is_refused_with_the_number_missing()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await system.Licences.AddAsync(Actor.Operator, [system.Issuer.Issue(4, Day, null, null)], None); // 9 in all, the administrator uses one
        var group = await system.Groups.AddAsync(Actor.Operator, "staff", "", None);
        var members = new List<AccountId>();
        for (var i = 0; i < 12; i++)
        {
            members.Add(await AddUnsetAsync(system, $"member{i}"));
        }

        await system.Groups.ChangeMembersAsync(Actor.Operator, group.Id, members, [], None);
        var refusal = await Refused.ByAsync(RefusalKind.TooMany, () => system.Activation.ApplyAsync(
            Actor.Operator, new ActivationChange { Groups = new Dictionary<GroupId, ActivationChoice> { [group.Id] = ActivationChoice.Activate } }, None));
        Assert.Equal(("LicencesUsedUp", "4"), (refusal.TextKey, refusal.Arguments[0]));
        Assert.Equal(ActivationChoice.None, (await system.Groups.FindAsync(Actor.Operator, "Staff", None))!.Activation);
    }

    [Fact]
    public async Task LIC_B7_by_default_the_one_too_many_waits_with_the_reason_and_gets_the_next_seat()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var four = await AddManyAsync(system, 4);
        await system.Activation.ApplyAsync(Actor.Operator, new ActivationChange { ByDefault = true }, None);
        var late = await AddUnsetAsync(system, "late");
        Assert.Equal((AccountState.Deactivated, ActivationReason.NoLicence), await StateAsync(system, late));
        Assert.All(four, id => Assert.Equal(AccountState.Active, system.AddressBook.Find(id)!.State));

        await system.Accounts.DeleteAsync(Actor.Operator, [four[0]], None);
        Assert.Equal((AccountState.Active, ActivationReason.Activated), await StateAsync(system, late));
    }

    [Fact]
    public async Task LIC_B8_a_key_with_a_changed_number_is_refused_and_the_list_stays()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var (small, big) = (system.Issuer.Issue(5, Day, null, null), system.Issuer.Issue(20, Day, null, null));
        var forged = string.Concat(big.AsSpan(0, big.IndexOf('.', StringComparison.Ordinal)), small.AsSpan(small.IndexOf('.', StringComparison.Ordinal)));
        var refusal = await Refused.ByAsync(RefusalKind.Invalid, () => system.Licences.AddAsync(Actor.Operator, [forged], None));
        Assert.Equal(("LicenceInvalid", "Keys[0]"), (refusal.TextKey, refusal.Field));
        foreach (var nonsense in new[] { "x", "MPL1-.", "MPL1-e30.AAAA", LicenceIssuer.Create().Issue(5, Day, null, null), new string('a', 5000) })
        {
            await Refused.ByAsync(RefusalKind.Invalid, () => system.Licences.AddAsync(Actor.Operator, [nonsense], None));
        }

        Assert.Empty((await system.Licences.GetAsync(Actor.Operator, None)).Keys);
    }

    [Fact]
    public async Task LIC_B9_the_same_key_counts_once_and_is_reported()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var key = system.Issuer.Issue(5, Day, null, null);
        Assert.Equal([false, true], (await system.Licences.AddAsync(Actor.Operator, [key, " " + key + "\r\n"], None)).Select(check => check.IsDuplicate));
        Assert.True(Assert.Single(await system.Licences.AddAsync(Actor.Operator, [key], None)).IsDuplicate);
        Assert.Equal(10, (await system.Licences.GetAsync(Actor.Operator, None)).Seats.Total);
    }

    [Fact]
    public async Task LIC_B10_one_bad_key_among_good_ones_is_marked_and_nothing_is_installed()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var (good, bad) = (system.Issuer.Issue(5, Day, null, null), "MPL1-bad.key");
        Assert.Equal([null, "Keys[2]"], (await system.Licences.CheckAsync(Actor.Operator, [good, "", bad], None)).Select(check => check.Fault?.Field));
        Assert.Equal("Keys[1]", (await Refused.ByAsync(RefusalKind.Invalid, () => system.Licences.AddAsync(Actor.Operator, [good, bad], None))).Field);
        Assert.Equal(5, (await system.Licences.GetAsync(Actor.Operator, None)).Seats.Total);
        await system.Licences.AddAsync(Actor.Operator, [good, ""], None);
        Assert.Equal(10, (await system.Licences.GetAsync(Actor.Operator, None)).Seats.Total);
    }

    [Fact]
    public async Task LIC_B11_when_a_key_ends_everybody_goes_on_and_nobody_is_added()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await system.Licences.AddAsync(Actor.Operator, [system.Issuer.Issue(5, Day, null, Day)], None);
        var users = await AddManyAsync(system, 7);
        system.Clock.Advance(TimeSpan.FromDays(1));
        var overview = await system.Licences.RecheckAsync(Actor.Operator, None);
        Assert.Equal((LicenceValidity.Expired, 5, 3), (overview.Keys[0].Validity, overview.Seats.Total, overview.Seats.Over));
        foreach (var user in users)
        {
            Assert.Equal((AccountState.Active, ActivationReason.Activated), await StateAsync(system, user));
        }

        await system.Authenticator.AuthenticateAsync(new PasswordCredential("user6", SystemUnderTest.Password, "imap", null), None);
        await Refused.ByAsync(RefusalKind.TooMany, () => system.AddAsync("eighth@example.test"));
        await Refused.ByAsync(RefusalKind.Invalid, () => system.Licences.AddAsync(Actor.Operator, [system.Issuer.Issue(5, Day, null, Day)], None));
        await system.Licences.AddAsync(Actor.Operator, [system.Issuer.Issue(20, Day, new DateOnly(2026, 6, 1), null)], None);
        Assert.Equal((LicenceValidity.NotYetValid, 5), ((await system.Licences.GetAsync(Actor.Operator, None)).Keys[1].Validity, (await system.Licences.GetAsync(Actor.Operator, None)).Seats.Total));
        system.Clock.Advance(TimeSpan.FromDays(180));
        await system.AddAsync("eighth@example.test");
    }

    [Fact]
    public async Task LIC_B12_activated_by_group_and_personally_uses_one()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        var group = await system.Groups.AddAsync(Actor.Operator, "staff", "", None);
        await system.Groups.ChangeMembersAsync(Actor.Operator, group.Id, [kim.Id], [], None);
        await system.Activation.ApplyAsync(Actor.Operator, new ActivationChange { Groups = new Dictionary<GroupId, ActivationChoice> { [group.Id] = ActivationChoice.Activate } }, None);
        Assert.Equal(2, (await system.Licences.GetAsync(Actor.Operator, None)).Seats.Used);
    }

    [Fact]
    public async Task LIC_24_and_ACC_B21_only_administrators_see_and_add_licences()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = await system.AddAsync("kim@example.test");
        var delegated = Actor.ForAccount(kim.Id, kim.Name, isAdministrator: false, Enum.GetValues<Permission>().ToHashSet());
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Licences.GetAsync(delegated, None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Licences.RecheckAsync(delegated, None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Licences.CheckAsync(delegated, [], None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Licences.AddAsync(delegated, [], None));
    }

    [Fact]
    public async Task A_laboratory_has_no_limit_and_a_changed_row_of_the_database_gives_nothing()
    {
        await using (var lab = await SystemUnderTest.SetUpAsync(lab: true))
        {
            await AddManyAsync(lab, 7);
            Assert.Null((await lab.Licences.GetAsync(Actor.Operator, None)).Seats.Total);
        }

        await using var system = await SystemUnderTest.SetUpAsync();
        await system.Licences.AddAsync(Actor.Operator, [system.Issuer.Issue(5, Day, null, null)], None);
        await system.Database.WriteAsync(context => context.Licences.ExecuteUpdateAsync(rows => rows.SetProperty(row => row.Token, row => row.Token + "A")), None);
        var overview = await system.Licences.RecheckAsync(Actor.Operator, None);
        Assert.Equal((LicenceValidity.Invalid, 5), (overview.Keys[0].Validity, overview.Seats.Total));
    }

    [Fact]
    public void An_issuer_is_its_private_key_and_the_built_in_one_can_be_read()
    {
        var issuer = LicenceIssuer.Create();
        Assert.Equal(issuer.PublicKey, LicenceIssuer.Open(issuer.PrivateKey + "\n").PublicKey);
        Assert.Throws<RefusedException>(() => LicenceIssuer.Open("no key"));
        Assert.Throws<RefusedException>(() => issuer.Issue(0, Day, null, null));
        Assert.Throws<RefusedException>(() => issuer.Issue(5, Day, null, Day.AddDays(-1)));
        Assert.Equal(20, LicenceAuthority.Open(issuer.PublicKey).Read(issuer.Issue(20, Day, null, null))!.Accounts); // LIC-09
        Assert.Null(LicenceAuthority.Open(null).Read(issuer.Issue(20, Day, null, null)));
    }

    private static async Task<List<AccountId>> AddManyAsync(SystemUnderTest system, int count)
    {
        var made = new List<AccountId>();
        for (var i = 0; i < count; i++)
        {
            made.Add((await system.AddAsync($"user{i}@example.test")).Id);
        }

        return made;
    }

    private static async Task<AccountId> AddIdleAsync(SystemUnderTest system, string name) => (await system.Accounts.CreateAsync(
        Actor.Operator, new NewAccount(EmailAddress.Parse($"{name}@example.test"), SystemUnderTest.Password) { State = AccountState.Deactivated }, None)).Id;

    private static async Task<AccountId> AddUnsetAsync(SystemUnderTest system, string name)
    {
        var id = await AddIdleAsync(system, name);
        await system.Activation.ApplyAsync(Actor.Operator, new ActivationChange { Users = new Dictionary<AccountId, ActivationChoice> { [id] = ActivationChoice.None } }, None);
        return id;
    }

    private static async Task<(AccountState, ActivationReason)> StateAsync(SystemUnderTest system, AccountId id)
    {
        var account = await system.Accounts.GetAsync(Actor.Operator, id, None);
        return (account.State, account.Reason);
    }
}
