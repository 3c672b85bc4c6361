using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Web.Admin.Service;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace MailPlus.Web.Layout;

/// <summary>On every page of the console while settings are on trial: what happens when nobody does anything, and the two ways to end it. Whoever may not change settings sees nothing.</summary>
public sealed partial class TrialBanner
{
    private const int NamedSettings = 3;
    private SettingsTrial? _trial;
    private IDisposable? _listening;
    private bool _busy;

    [Inject]
    private SettingsOperations Settings { get; set; } = default!;

    [Inject]
    private ISettingsSource InForce { get; set; } = default!;

    [Inject]
    private TimeProvider Clock { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private IStringLocalizer<SettingLabels> S { get; set; } = default!;

    private string Left => _trial!.Left(Instant.Now(Clock)).ToString(@"m\:ss", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        if (!(await SignedIn.GetAsync(Gone)).Has(Permission.ManageSettings))
        {
            return;
        }

        _listening = InForce.OnChange((_, _) => _ = RefreshAsync(ReadAsync));
        await ReadAsync();
        _ = RepeatAsync(TimeSpan.FromSeconds(1), ReadAsync);
    }

    /// <inheritdoc/>
    protected override bool ShouldRender() => !_rendered || _trial is not null || _shown;

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender) => (_rendered, _shown) = (true, _trial is not null);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _listening?.Dispose();
        return base.DisposeAsync();
    }

    private bool _rendered;
    private bool _shown;

    private Task ReadAsync()
    {
        _trial = InForce.Current.Trial;
        return Task.CompletedTask;
    }

    private Task KeepAsync() => EndAsync(actor => Settings.KeepTrialAsync(actor, Gone));

    private async Task UndoAsync()
    {
        if (await EndAsync(actor => Settings.UndoTrialAsync(actor, Gone)))
        {
            Navigation.Refresh(forceReload: true); // a form on the page shows what is no longer in force
        }
    }

    private async Task<bool> EndAsync(Func<Actor, Task> end)
    {
        _busy = true;
        var ended = await TryAsync(end);
        _busy = false;
        await ReadAsync();
        return ended;
    }
}
