using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using Microsoft.JSInterop;

namespace MailPlus.Web.Admin.Service;

/// <summary>Every version of the settings with author, time and difference, and the way back to any of them (design 1).</summary>
public sealed partial class SettingsHistory
{
    private const int NamedChanges = 2;
    private IReadOnlyList<ListColumn<SettingsVersion>> _columns = [];
    private IReadOnlyList<SettingDifference> _restoring = [];
    private DataList<SettingsVersion>? _list;
    private SettingsVersion? _open;
    private SettingsVersion? _shownVersion;
    private bool _asking;

    [Inject]
    private SettingsOperations Settings { get; set; } = default!;

    [Inject]
    private ISettingsSource InForce { get; set; } = default!;

    [Inject]
    private IJSRuntime Script { get; set; } = default!;

    private long Current => InForce.Current.Version;

    /// <inheritdoc/>
    protected override void OnInitialized() => _columns = Columns();

    private LocalizedString NameOf(SettingsVersion version) => L["VersionName", version.Version];

    private string Said(string value) => value.Length > 0 ? value : L["Default"];

    private string ChangesOf(SettingsVersion version)
    {
        if (version.Differences.Count == 0)
        {
            return L["Kept"]; // only the end of a trial makes a version that changes nothing
        }

        var names = string.Join(", ", version.Differences.Take(NamedChanges).Select(difference => S[difference.Name].Value));
        return version.Differences.Count <= NamedChanges ? names : L["MoreChanges", names, version.Differences.Count - NamedChanges];
    }

    private Task<Page<SettingsVersion>> ListAsync(Actor actor, ListRequest request, CancellationToken cancellationToken) =>
        Settings.ListHistoryAsync(actor, request.Offset, request.Limit, cancellationToken);

    private Task OpenAsync(SettingsVersion version) => TryAsync(async actor =>
    {
        _restoring = await Settings.DiffAsync(actor, Current, version.Version, Gone);
        (_open, _shownVersion) = (version, version);
    });

    private void Ask() => (_open, _asking, Problem) = (null, true, "");

    private async Task RestoreAsync()
    {
        SettingsOutcome? outcome = null;
        var version = _shownVersion!.Version;
        if (!await TryAsync(async actor => outcome = await Settings.RestoreAsync(actor, version, Gone)))
        {
            return;
        }

        if (!outcome!.IsSaved)
        {
            // A port of that time may be taken by now: nothing was changed, and each reason names its setting.
            Problem = string.Join(' ', outcome.Refusals.Select(refusal =>
                refusal.Field is { } field ? L["Refused", S[field], Refusals.Of(refusal)].Value : Refusals.Of(refusal)));
            return;
        }

        _asking = false;
        await _list!.ReloadAsync(fromStart: true);
        await Script.InvokeVoidAsync("mp.toast", Gone, L["Restored", version].Value);
    }
}
