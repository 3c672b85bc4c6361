using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Settings;

/// <summary>Settings that go back after five minutes unless somebody keeps them, so that nobody stays locked out.</summary>
public sealed class SettingsTrialTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task What_nobody_keeps_goes_back_after_five_minutes_and_what_others_saved_meanwhile_stays()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await using var watch = new Watch(system);
        var start = Instant.Now(system.Clock);
        var tried = await TryAsync(system, snapshot => Address(snapshot, "127.0.0.1"));
        Assert.Equal((start.Plus(SettingsTrial.Length), 1L, "operator"), (tried.Snapshot.Trial!.Until, tried.Snapshot.Trial.Fallback, tried.Snapshot.Trial.Author));
        Assert.Equal(["Service.ListenAddresses"], tried.Snapshot.Trial.Names);
        await SaveAsync(system, snapshot => snapshot with { Delivery = snapshot.Delivery with { RemotePort = 26 } });

        await AdvanceAsync(system, SettingsTrial.Length - TimeSpan.FromSeconds(1));
        Assert.Equal(["127.0.0.1"], system.Settings.Current.Service.ListenAddresses);
        await Eventually.TrueAsync(
            () =>
            {
                system.Clock.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(system.Settings.Current.Trial is null);
            },
            () => "the trial is over",
            longestPause: 60);
        Assert.Empty(system.Settings.Current.Service.ListenAddresses);
        Assert.Equal(26, system.Settings.Current.Delivery.RemotePort);
        var newest = (await system.SettingsOperations.ListHistoryAsync(Actor.Operator, 0, 1, None)).Rows[0];
        Assert.Equal("system", newest.Author);
        Assert.Equal([new SettingDifference("Service.ListenAddresses", "127.0.0.1", "")], newest.Differences);
    }

    [Fact]
    public async Task What_is_kept_stays_and_a_form_filled_before_may_still_be_applied()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await using var watch = new Watch(system);
        var tried = await TryAsync(system, snapshot => Address(snapshot, "127.0.0.1"));
        await system.SettingsOperations.KeepTrialAsync(Actor.Operator, None);
        await AdvanceAsync(system, SettingsTrial.Length * 2);
        Assert.Equal(["127.0.0.1"], system.Settings.Current.Service.ListenAddresses);
        Assert.Null(system.Settings.Current.Trial);
        await Refused.ByAsync(RefusalKind.NotFound, () => system.SettingsOperations.KeepTrialAsync(Actor.Operator, None));
        await Refused.ByAsync(RefusalKind.NotFound, () => system.SettingsOperations.UndoTrialAsync(Actor.Operator, None));

        var later = await system.SettingsOperations.SaveAsync(Actor.Operator, tried.Snapshot.Version, snapshot => snapshot with { Delivery = snapshot.Delivery with { RemotePort = 27 } }, None);
        Assert.True(later.IsSaved);
        var late = await system.SettingsOperations.SaveAsync(Actor.Operator, tried.Snapshot.Version, snapshot => snapshot with { Delivery = snapshot.Delivery with { RemotePort = 28 } }, None);
        Assert.Equal(RefusalKind.Conflict, Assert.Single(late.Refusals).Kind);
    }

    [Fact]
    public async Task A_second_trial_goes_back_with_the_first_and_what_is_saved_for_good_is_on_trial_no_more()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await TryAsync(system, snapshot => Address(snapshot, "127.0.0.1"));
        await TryAsync(system, snapshot => snapshot with { Service = snapshot.Service with { WebmailEnabled = false, MaximumConnections = 500 } });
        Assert.Equal(["Service.ListenAddresses", "Service.MaximumConnections", "Service.WebmailEnabled"], system.Settings.Current.Trial!.Names.Order());
        await SaveAsync(system, snapshot => snapshot with { Service = snapshot.Service with { MaximumConnections = 600 } });
        await system.SettingsOperations.UndoTrialAsync(Actor.Operator, None);
        var service = system.Settings.Current.Service;
        Assert.Equal((0, true, 600), (service.ListenAddresses.Count, service.WebmailEnabled, service.MaximumConnections));

        // Saved again for good, the only setting on trial ends the trial.
        await TryAsync(system, snapshot => Address(snapshot, "127.0.0.1"));
        await SaveAsync(system, snapshot => Address(snapshot, "127.0.0.2"));
        Assert.Null(system.Settings.Current.Trial);
    }

    [Fact]
    public async Task A_trial_outlives_a_restart_and_is_over_at_once_when_its_time_passed_while_nobody_ran()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await TryAsync(system, snapshot => Address(snapshot, "127.0.0.1"));
        var restarted = new SettingsStore(system.Database, system.Catalog, AdminTrail.ForSettings(system.Clock));
        await restarted.LoadAsync(None);
        Assert.Equal(system.Settings.Current.Trial!.Until, restarted.Current.Trial!.Until);
        Assert.Equal(["Service.ListenAddresses"], restarted.Current.Trial.Names);
        system.Clock.Advance(TimeSpan.FromHours(3));
        await using var watch = new Watch(system);
        await Eventually.TrueAsync(() => Task.FromResult(system.Settings.Current.Trial is null), () => "the trial is over");
        Assert.Empty(system.Settings.Current.Service.ListenAddresses);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_make_a_trial_longer()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        await TryAsync(system, snapshot => Address(snapshot, "127.0.0.1"));
        system.Clock.AdjustTime(system.Clock.GetUtcNow().AddDays(-1));
        await using var watch = new Watch(system);
        await Eventually.TrueAsync(() => Task.FromResult(system.Settings.Current.Trial is null), () => "the trial is over");
        Assert.Empty(system.Settings.Current.Service.ListenAddresses);
    }

    [Fact]
    public async Task Only_who_may_change_settings_ends_a_trial_and_restoring_an_old_version_brings_no_trial_back()
    {
        await using var system = await SystemUnderTest.SetUpAsync();
        var tried = await TryAsync(system, snapshot => Address(snapshot, "127.0.0.1"));
        var kim = Actor.ForAccount(new AccountId(9), "kim", false);
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.SettingsOperations.KeepTrialAsync(kim, None));
        await Refused.ByAsync(RefusalKind.NotAllowed, () => system.SettingsOperations.UndoTrialAsync(kim, None));
        await system.SettingsOperations.UndoTrialAsync(Actor.Operator, None);
        var restored = await system.SettingsOperations.RestoreAsync(Actor.Operator, tried.Snapshot.Version, None);
        Assert.Equal(["127.0.0.1"], restored.Snapshot.Service.ListenAddresses);
        Assert.Null(restored.Snapshot.Trial);
    }

    private static SettingsSnapshot Address(SettingsSnapshot snapshot, string address) => snapshot with { Service = snapshot.Service with { ListenAddresses = [address] } };

    private static async Task<SettingsOutcome> TryAsync(SystemUnderTest system, Func<SettingsSnapshot, SettingsSnapshot> change)
    {
        var outcome = await system.SettingsOperations.SaveAsync(Actor.Operator, null, change, onTrial: true, None);
        Assert.True(outcome.IsSaved);
        return outcome;
    }

    private static async Task SaveAsync(SystemUnderTest system, Func<SettingsSnapshot, SettingsSnapshot> change) =>
        Assert.True((await system.SettingsOperations.SaveAsync(Actor.Operator, null, change, None)).IsSaved);

    /// <summary>Moves the clock in small steps, as the loop looks every few seconds.</summary>
    private static async Task AdvanceAsync(SystemUnderTest system, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(1))
        {
            system.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    /// <summary>The loop that ends trials, running.</summary>
    private sealed class Watch : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly Task _running;

        public Watch(SystemUnderTest system) =>
            _running = Task.Run(() => new TrialWatch(system.SettingsOperations, system.Settings, system.Clock).RunAsync(_stopping.Token));

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
            _stopping.Dispose();
        }
    }
}
