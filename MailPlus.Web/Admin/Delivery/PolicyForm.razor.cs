using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Web.Admin.Service;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Delivery;

/// <summary>A form over settings of the catalog: each by its type, with its default and a reset; nothing changes before Apply.</summary>
public sealed partial class PolicyForm
{
    private const double Megabyte = 1024 * 1024;

    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);
    private Dictionary<string, string> _saved = new(StringComparer.Ordinal);
    private Dictionary<string, string> _defaults = new(StringComparer.Ordinal);
    private Dictionary<string, string>? _draft;
    private long _version;
    private string _conflict = "";
    private bool _busy;
    private bool _applied;
    private bool _reviewing;

    /// <summary>What is shown.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<PolicyGroup> Groups { get; set; } = [];

    [Inject]
    private SettingsOperations Settings { get; set; } = default!;

    [Inject]
    private SettingsCatalog Catalog { get; set; } = default!;

    private IReadOnlyList<string> Names => [.. Groups.SelectMany(group => group.Settings).Select(name => name.TrimStart('>'))];

    private IReadOnlyList<string> Changed => [.. Names.Where(name => _draft![name] != _saved[name])];

    private string BarProblem => Problem.Length > 0 ? Problem : _conflict.Length > 0 ? _conflict : _refused.Count > 0 ? L["FieldsWrong", _refused.Count] : "";

    /// <inheritdoc/>
    protected override Task LoadAsync() => FillAsync();

    private Task<bool> FillAsync() => TryAsync(actor =>
    {
        var snapshot = Settings.Get(actor);
        _version = snapshot.Version;
        _saved = Names.ToDictionary(name => name, name => Show(name, snapshot));
        _defaults = Names.ToDictionary(name => name, name => Show(name, new SettingsSnapshot()));
        (_draft, _conflict) = (new Dictionary<string, string>(_saved), "");
        _refused.Clear();
        return Task.CompletedTask;
    });

    private string KindOf(string name)
    {
        var setting = Catalog.Find(name)!;
        return setting.Type == typeof(bool) ? "switch"
            : setting.Type.IsEnum ? "choice"
            : setting.Type == typeof(IReadOnlyList<string>) ? "lines"
            : setting.Attribute.Secret ? "secret"
            : setting.Type == typeof(string) ? "text" : "number";
    }

    /// <summary>A secret is not shown while it is typed.</summary>
    private string InputType(string name) => KindOf(name) == "secret" ? "password" : "text";

    private string[] Choices(string name) => Enum.GetNames(Catalog.Find(name)!.Type);

    /// <summary>As people write it: lists one a line, sizes in MB.</summary>
    private string Show(string name, SettingsSnapshot snapshot)
    {
        var text = Catalog.Read(snapshot, name) ?? "";
        return KindOf(name) == "lines" ? text.Replace(",", "\n", StringComparison.Ordinal)
            : IsSize(name) ? (long.Parse(text, CultureInfo.InvariantCulture) / Megabyte).ToString("0.###", CultureInfo.InvariantCulture) : text;
    }

    /// <summary>As the catalog reads it.</summary>
    private string Write(string name)
    {
        var text = _draft![name];
        return KindOf(name) == "lines" ? text.Replace('\n', ',')
            : IsSize(name) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var size) && Math.Abs(size) < 1e9 ? ((long)(size * Megabyte)).ToString(CultureInfo.InvariantCulture) : text;
    }

    private bool IsSize(string name) => Catalog.Find(name)!.Attribute.Unit == "octets";

    private static string Lines(string? text) => (text ?? "").Contains("-----BEGIN", StringComparison.Ordinal) ? string.Join('\n', SignInForm.Read(text!)) : string.Join('\n', (text ?? "").Split(['\n', '\r', ',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private string Describe(string name, string text) => KindOf(name) switch
    {
        "switch" => L[text == "true" ? "On" : "Off"],
        "choice" => L[$"{name}.{text}"],
        "lines" => text.Length > 0 ? text.Replace("\n", ", ", StringComparison.Ordinal) : W["None"],
        _ => text.Length > 0 ? text : W["None"],
    };

    private async Task DiscardAsync()
    {
        _applied = false;
        await FillAsync();
    }

    private async Task ApplyAsync(bool onTrial)
    {
        (_applied, _busy, _conflict) = (false, true, "");
        _refused.Clear();
        IReadOnlyList<Refusal> refusals = [];
        var changed = Changed;
        var done = await TryAsync(async actor =>
        {
            try
            {
                refusals = (await Settings.SaveAsync(actor, _version, snapshot => changed.Aggregate(snapshot, (next, name) => Catalog.Write(next, name, Write(name))), onTrial, Gone)).Refusals;
            }
            catch (RefusedException refused) when (refused.Refusal.Field is { } field && changed.Contains(field))
            {
                refusals = [refused.Refusal]; // it cannot even be read
            }
        });
        if (done && refusals.Count == 0)
        {
            _applied = await FillAsync();
        }

        foreach (var refusal in refusals)
        {
            if (refusal.Field is { } field && _draft!.ContainsKey(field))
            {
                _refused[field] = Refusals.Of(refusal);
            }
            else
            {
                _conflict = Refusals.Of(refusal);
            }
        }

        _busy = false;
    }
}
