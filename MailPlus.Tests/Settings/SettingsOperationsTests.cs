using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Settings;

public sealed class SettingsOperationsTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_save_is_a_version_with_author_time_and_diff_and_survives_a_restart()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var swaps = new List<(long, long)>();
        using var subscription = system.Settings.OnChange((old, now) => swaps.Add((old.Version, now.Version)));
        var saved = await SaveAsync(system, snapshot => snapshot with { Delivery = snapshot.Delivery with { RemotePort = 2525, RetrySeconds = [1, 2] } });

        Assert.True(saved.IsSaved);
        Assert.Equal([(1L, 2L)], swaps);
        var history = await system.SettingsOperations.ListHistoryAsync(Actor.Operator, 0, 1, None);
        Assert.Equal(2, history.Total);
        Assert.Equal(
            [new SettingDifference("Delivery.RemotePort", "25", "2525"), new SettingDifference("Delivery.RetrySeconds", "300,600,1200,1800,3600,7200,14400", "1,2")],
            history.Rows[0].Differences);
        Assert.Equal(("operator", Instant.Now(system.Clock)), (history.Rows[0].Author, history.Rows[0].Time));

        var restarted = new SettingsStore(system.Database, system.Catalog, AdminTrail.ForSettings(system.Clock));
        await restarted.LoadAsync(None);
        Assert.Equal(system.Catalog.Compare(system.Settings.Current, restarted.Current), []);
        Assert.Equal(2, restarted.Current.Version);

        var restored = await system.SettingsOperations.RestoreAsync(Actor.Operator, 1, None);
        Assert.Equal((3, 25), (restored.Snapshot.Version, restored.Snapshot.Delivery.RemotePort));
    }

    [Fact]
    public async Task Nothing_is_saved_when_a_field_is_at_fault_or_somebody_was_faster()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var refused = await SaveAsync(system, snapshot => snapshot with
        {
            Delivery = snapshot.Delivery with { RemotePort = 0 },
            Service = snapshot.Service with { Imap = new ListenerSetting(true, 25), ListenAddresses = ["nowhere"] },
        });
        Assert.Equal(["Delivery.RemotePort", "Service.Imap", "Service.ListenAddresses"], refused.Refusals.Select(refusal => refusal.Field!).Order());
        Assert.Equal(1, system.Settings.Current.Version);

        await SaveAsync(system, snapshot => snapshot with { Delivery = snapshot.Delivery with { RemotePort = 26 } });
        var late = await system.SettingsOperations.SaveAsync(Actor.Operator, 1, snapshot => snapshot, None);
        Assert.Equal(RefusalKind.Conflict, Assert.Single(late.Refusals).Kind);
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.SettingsOperations.SaveAsync(Actor.ForAccount(new AccountId(9), "kim", false), null, s => s, None));
    }

    /// <summary>PRO-050: validate, then start, then stop; what cannot be bound is told beside its field and nothing is saved.</summary>
    [Fact]
    public async Task Listeners_that_cannot_be_bound_are_not_saved()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var asked = new List<int>();
        var operations = new SettingsOperations(system.Database, system.Settings, system.Catalog)
        {
            ListenerProbe = (_, wanted, _) =>
            {
                asked.Add(wanted.Smtp.Port);
                return Task.FromResult<IReadOnlyList<Refusal>>(wanted.Smtp.Port == 26 ? [new Refusal(RefusalKind.Unavailable, "PortInUse") { Field = "Service.Smtp" }] : []);
            },
        };
        var refused = await operations.SaveAsync(Actor.Operator, null, snapshot => snapshot with { Service = snapshot.Service with { Smtp = new ListenerSetting(true, 26) } }, None);
        Assert.Equal("Service.Smtp", Assert.Single(refused.Refusals).Field);
        Assert.Equal(1, system.Settings.Current.Version);
        Assert.True((await operations.SaveAsync(Actor.Operator, null, snapshot => snapshot with { Service = snapshot.Service with { Smtp = new ListenerSetting(true, 27) } }, None)).IsSaved);
        await operations.SaveAsync(Actor.Operator, null, snapshot => snapshot with { Delivery = snapshot.Delivery with { RemotePort = 26 } }, None);
        Assert.Equal([26, 27], asked); // other settings ask nobody
    }

    [Fact]
    public async Task Secrets_never_show_and_the_mask_keeps_them()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await SaveAsync(system, snapshot => snapshot with { Delivery = snapshot.Delivery with { RelayHost = "relay.test", RelayUser = "u", RelayPassword = "hunter2!" } });
        var form = system.SettingsOperations.Get(Actor.Operator);
        Assert.Equal(SettingsCatalog.SecretMask, form.Delivery.RelayPassword);
        await SaveAsync(system, _ => form with { Delivery = form.Delivery with { RelayUser = "v" } });

        Assert.Equal("hunter2!", system.Settings.Current.Delivery.RelayPassword);
        var shown = (await system.SettingsOperations.ListHistoryAsync(Actor.Operator, 0, 10, None)).Rows.SelectMany(row => row.Differences).ToList();
        Assert.Contains(new SettingDifference("Delivery.RelayPassword", "", SettingsCatalog.SecretMask), shown);
        Assert.DoesNotContain(await system.OutboxAsync(), happened => EventJson.Write(happened).Contains("hunter2", StringComparison.Ordinal));

        // mail-rules 20
        var plain = await SaveAsync(system, snapshot => snapshot with { Delivery = snapshot.Delivery with { RelaySecurity = RelaySecurity.None } });
        Assert.Equal("RelayPasswordNeedsTls", Assert.Single(plain.Refusals).TextKey);
    }

    [Theory]
    [InlineData("Delivery.RemotePort", "2525", "2525")]
    [InlineData("delivery.remoteport", " 26 ", "26")]
    [InlineData("Delivery.GiveUpAfterDays", "0.5", "0.5")]
    [InlineData("Delivery.RetrySeconds", "1, 2,3", "1,2,3")]
    [InlineData("Delivery.RelaySecurity", "implicittls", "ImplicitTls")]
    [InlineData("Service.Imap", "off", "off:143")]
    [InlineData("Service.Imap", "on:1143", "on:1143")]
    [InlineData("Service.Imap", "1143", "on:1143")]
    [InlineData("Service.WebmailEnabled", "off", "false")]
    [InlineData("Resolver.Servers", "127.0.0.1:5353", "127.0.0.1:5353")]
    [InlineData("Resolver.Servers", "[\"127.0.0.1:5353\",\"[::1]:53\"]", "127.0.0.1:5353,[::1]:53")]
    [InlineData("Quota.DefaultOctets", "1000000", "1000000")]
    public void Settings_are_read_and_written_by_text(string name, string text, string shown)
    {
        var catalog = new SettingsCatalog();
        Assert.Equal(shown, catalog.Read(catalog.Write(new SettingsSnapshot(), name, text), name));
    }

    [Theory]
    [InlineData("Delivery.RemotePort", "x")]
    [InlineData("Delivery.RelaySecurity", "2")]
    [InlineData("Service.Imap", "maybe")]
    [InlineData("Nothing.AtAll", "1")]
    public void Malformed_texts_are_refused(string name, string text) =>
        Assert.Throws<RefusedException>(() => new SettingsCatalog().Write(new SettingsSnapshot(), name, text));

    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(new SettingsCatalog().Validate(new SettingsSnapshot()));

    private static Task<SettingsOutcome> SaveAsync(SystemUnderTest system, Func<SettingsSnapshot, SettingsSnapshot> change) =>
        system.SettingsOperations.SaveAsync(Actor.Operator, null, change, None);
}
