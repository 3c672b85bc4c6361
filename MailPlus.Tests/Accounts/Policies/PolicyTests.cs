using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Accounts.Policies;

/// <summary>Which policy is in force for whom (ACC-40 to ACC-54), and what its settings mean (ACC-60 to ACC-69).</summary>
public sealed class PolicyTests
{
    private static readonly PolicyRules NoImap = new() { Imap = false };
    private static readonly PolicyRules NoPop3 = new() { Pop3 = false };

    // ACC-46, ACC-47, ACC-48
    [Fact]
    public async Task ACC_B8_the_highest_policy_is_in_force_alone_and_nothing_is_merged()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = (await system.AddAsync("kim@example.test")).Id;
        var staff = await system.Groups.AddAsync(Actor.Operator, "staff", "", default);
        var lower = await system.Policies.AddAsync(Actor.Operator, new PolicyDraft("Q") { Rules = NoPop3, Users = [kim] }, default);
        var upper = await system.Policies.AddAsync(Actor.Operator, new PolicyDraft("P") { Rules = NoImap, Groups = [staff.Id] }, default);
        Assert.False(system.PolicyBook.RulesOf(kim).Pop3); // not in the group yet
        await system.Groups.ChangeMembersAsync(Actor.Operator, staff.Id, [kim], [], default);
        Assert.Equal(NoImap, system.PolicyBook.RulesOf(kim));
        var listed = await system.Policies.ListAsync(Actor.Operator, default);
        Assert.Equal(["P", "Q"], listed.Select(policy => policy.Name));
        Assert.Equal(("staff", "kim"), (listed[0].Groups.Single().Name, listed[1].Users.Single().Name));

        await system.Policies.ReorderAsync(Actor.Operator, [lower, upper], default);
        Assert.Equal(NoPop3, system.PolicyBook.RulesOf(kim));
        await system.Policies.DeleteAsync(Actor.Operator, lower, default);
        Assert.Equal(NoImap, system.PolicyBook.RulesOf(kim));
        await system.Groups.DeleteAsync(Actor.Operator, [staff.Id], default);
        Assert.Equal(PolicyRules.Default, system.PolicyBook.RulesOf(kim));

        var again = new PolicyBook(system.AddressBook); // as after a restart
        await again.LoadAsync(system.Database, default);
        Assert.Equal(PolicyRules.Default, again.RulesOf(kim));
    }

    // ACC-49, ACC-50, ACC-52
    [Fact]
    public async Task ACC_B9_wherever_a_policy_is_dropped_the_default_policy_stays_below_it()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = (await system.AddAsync("kim@example.test")).Id;
        var first = await system.Policies.AddAsync(Actor.Operator, new PolicyDraft("first") { Rules = NoImap, Users = [kim] }, default);
        var second = await system.Policies.AddAsync(Actor.Operator, new PolicyDraft("second"), default);
        await system.Policies.ReorderAsync(Actor.Operator, [second, first], default);
        Assert.Equal(NoImap, system.PolicyBook.RulesOf(kim));

        // There is no place below it, and no way to name it.
        foreach (var order in new PolicyId[][] { [first], [first, second, second], [first, new PolicyId(99)], [first, second, new PolicyId(0)] })
        {
            Assert.Equal("PoliciesChanged", (await Refused.ByAsync(RefusalKind.Conflict, () => system.Policies.ReorderAsync(Actor.Operator, order, default))).TextKey);
        }

        await Refused.ByAsync(RefusalKind.NotFound, () => system.Policies.DeleteAsync(Actor.Operator, new PolicyId(0), default));
        await Refused.ByAsync(RefusalKind.NotFound, () => system.Policies.UpdateAsync(Actor.Operator, new PolicyId(0), new PolicyDraft("default"), default));
    }

    // ACC-53, ACC-54, ACC-60, DOM-093: the rule; it bites where mail is forwarded
    [Fact]
    public async Task ACC_B11_off_beats_the_domain_and_by_domain_obeys_it()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = (await system.AddAsync("kim@example.test")).Id;
        var domain = (await system.Domains.ListAsync(Actor.Operator, new DomainQuery(), default)).Rows.Single();
        Assert.True(system.PolicyBook.Of(kim).MayForward);
        await system.Domains.UpdateAsync(Actor.Operator, domain.Id, new DomainChange { Limits = new DomainLimits { ForbidForwarding = true, DailyMessages = 100, DailyMegabytes = 10, AttachmentMegabytes = 5 } }, default);
        Assert.False(system.PolicyBook.Of(kim).MayForward);
        Assert.Equal<(long?, long?)>((100, 10L * 1024 * 1024), (system.PolicyBook.Of(kim).DailyMessages, system.PolicyBook.Of(kim).DailyOctets));
        Assert.Equal<(long?, long?)>((5L * 1024 * 1024, null), (system.PolicyBook.Of(kim).AttachmentOctets(leaves: true), system.PolicyBook.Of(kim).AttachmentOctets(leaves: false)));

        var off = new PolicyLimit(PolicySwitch.Off);
        await system.Policies.AddAsync(Actor.Operator, new PolicyDraft("free") { Users = [kim], Rules = new() { ForbidForwarding = PolicySwitch.Off, DailyMessages = off, DailyMegabytes = off, AttachmentMegabytes = off } }, default);
        var free = system.PolicyBook.Of(kim);
        Assert.Equal<(bool, long?, long?, long?)>((true, null, null, null), (free.MayForward, free.DailyMessages, free.DailyOctets, free.AttachmentOctets(leaves: true)));
        await system.Policies.AddAsync(Actor.Operator, new PolicyDraft("bound") { Users = [kim], Rules = new() { ForbidForwarding = PolicySwitch.On, DailyMessages = new(PolicySwitch.On, 0), AttachmentMegabytes = new(PolicySwitch.On, 2) } }, default);
        var bound = system.PolicyBook.Of(kim);
        Assert.Equal<(bool, long?, long?)>((false, null, 10L * 1024 * 1024), (bound.MayForward, bound.DailyMessages, bound.DailyOctets)); // 0 is no limit
        Assert.Equal(2L * 1024 * 1024, bound.AttachmentOctets(leaves: false));
    }

    // ACC-42, ACC-43, ACC-44, ACC-51
    [Fact]
    public async Task What_makes_no_sense_is_refused_and_what_is_edited_keeps_its_place()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var kim = (await system.AddAsync("kim@example.test")).Id;
        var one = await system.Policies.AddAsync(Actor.Operator, new PolicyDraft("one") { Color = PolicyColor.Violet, Users = [kim] }, default);
        await system.Policies.AddAsync(Actor.Operator, new PolicyDraft("two"), default);
        Assert.Equal("Name", (await Refused.ByAsync(RefusalKind.Invalid, () => system.Policies.AddAsync(Actor.Operator, new PolicyDraft(" "), default))).Field);
        Assert.Equal("Name", (await Refused.ByAsync(RefusalKind.AlreadyExists, () => system.Policies.AddAsync(Actor.Operator, new PolicyDraft("ONE"), default))).Field);
        Assert.Equal("Users", (await Refused.ByAsync(RefusalKind.NotFound, () => system.Policies.UpdateAsync(Actor.Operator, one, new PolicyDraft("one") { Users = [new AccountId(99)] }, default))).Field);
        var negative = new PolicyDraft("three") { Rules = new() { DailyMegabytes = new(PolicySwitch.On, -1) } };
        Assert.Equal("DailyMegabytes", (await Refused.ByAsync(RefusalKind.Invalid, () => system.Policies.AddAsync(Actor.Operator, negative, default))).Field);
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.Policies.ListAsync(Actor.ForAccount(kim, "kim", false), default));

        await system.Policies.UpdateAsync(Actor.Operator, one, new PolicyDraft("uno") { Color = PolicyColor.Red, Rules = NoImap }, default);
        var listed = await system.Policies.ListAsync(Actor.Operator, default);
        Assert.Equal(["two", "uno"], listed.Select(policy => policy.Name));
        Assert.Equal((PolicyColor.Red, NoImap, 0), (listed[1].Color, listed[1].Rules, listed[1].Users.Count));
        Assert.Equal(PolicyRules.Default, system.PolicyBook.RulesOf(kim));
    }
}
