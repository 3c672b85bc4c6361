using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Primitives;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Delivery;

/// <summary>What counts against the limits of a day (ACC-61, ACC-62, ACC-70, ACC-71), over the real acceptance and queue.</summary>
public sealed class DailyUsageTests
{
    private const string Text = "From: ann@here.test\r\nSubject: hello\r\n\r\nbody\r\n";
    private static readonly AccountId Ann = new(1);

    [Fact]
    public async Task ACC_B12_what_is_refused_counts_nothing_and_what_bounces_later_has_counted()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Addresses.Limits = new DomainLimits { DailyMessages = 5 };
        rig.Settings.Set(rig.Settings.Current with { Smtp = rig.Settings.Current.Smtp with { MaximumMessageSize = 65536 } });
        Assert.NotNull(await rig.Acceptance.CheckRecipientAsync(new Recipient(EmailAddress.Parse("nobody@here.test")), DeliveryRig.Submission(1), default));
        await Refused.ByAsync(RefusalKind.TooLarge, () => rig.SendAsync("ann@here.test", Text + new string('x', 70_000), DeliveryRig.Submission(1), "out@far.test"));
        Assert.Empty((await UsageAsync(rig)).Rows);

        rig.Resolver.With("gone.test", (0, ".")); // takes no mail (RFC 7505)
        await rig.SendAsync("ann@here.test", Text, DeliveryRig.Submission(1), "out@gone.test");
        await rig.SettleAsync(); // and the report of its failure is delivered
        Assert.Equal(1, (await UsageAsync(rig)).Rows.Single().Sent.Messages);

        await rig.SendAsync("ann@here.test", Text, DeliveryRig.Submission(1), "bob@here.test"); // stays here: no outbound mail
        await rig.SendAsync(null, Text, DeliveryRig.Inbound, "ann@here.test");
        Assert.Equal(1, (await UsageAsync(rig)).Rows.Single().Sent.Messages);
    }

    // ACC-73, DOM-094, DOM-099: next day, or Clear; side by side nobody gets past it; a restart forgets nothing
    [Fact]
    public async Task At_the_limit_it_is_refused_until_midnight_or_Clear()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        rig.Addresses.Limits = new DomainLimits { DailyMessages = 5 };
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => TryAsync(rig)));
        Assert.Equal((5, 7), (outcomes.Count(sent => sent), outcomes.Count(sent => !sent)));
        await rig.ReopenAsync(start: false);
        Assert.False(await TryAsync(rig));
        Assert.Equal(1, await rig.Usage.ClearAsync(Actor.System, [Ann], default));
        Assert.True(await TryAsync(rig));
        rig.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Empty((await UsageAsync(rig)).Rows);
        Assert.Equal(5, (await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TryAsync(rig)))).Count(sent => sent));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => rig.Usage.ClearAsync(Actor.ForAccount(Ann, "ann", false), [Ann], default));
    }

    // DOM-095
    [Fact]
    public async Task The_size_of_a_day_is_limited_too()
    {
        await using var rig = await DeliveryRig.OpenAsync(start: false);
        rig.Addresses.Limits = new DomainLimits { DailyMegabytes = 1 };
        var large = Text + string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 4_500));
        await rig.SendAsync("ann@here.test", large, DeliveryRig.Submission(1), "out@far.test");
        await rig.SendAsync("ann@here.test", large, DeliveryRig.Submission(1), "out@far.test");
        Assert.Equal("DailyTrafficUsedUp", (await Refused.ByAsync(RefusalKind.NotAllowed, () => rig.SendAsync("ann@here.test", large, DeliveryRig.Submission(1), "out@far.test"))).TextKey);
        Assert.True(await TryAsync(rig)); // a small one still fits
    }

    private static async Task<bool> TryAsync(DeliveryRig rig)
    {
        try
        {
            await rig.SendAsync("ann@here.test", Text, DeliveryRig.Submission(1), "out@far.test");
            return true;
        }
        catch (RefusedException refused) when (refused.Refusal is { TextKey: "DailyMessagesUsedUp", Temporary: true })
        {
            return false;
        }
    }

    private static Task<Page<AccountUsage>> UsageAsync(DeliveryRig rig) => rig.Usage.ListAsync(Actor.System, null, "", default);
}
