using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Service;

/// <summary>Service &gt; Sign-in: the ways to sign in to SMTP, IMAP and POP3 that are off until configured (RFC 4422 EXTERNAL, RFC 7628). Nothing changes before Apply.</summary>
public sealed partial class SignInSettings
{
    private readonly Dictionary<string, string> _refused = new(StringComparer.Ordinal);
    private SignInForm? _form;
    private long _version;
    private string _conflict = "";
    private bool _busy;
    private bool _applied;
    private bool _reviewing;

    [Inject]
    private SettingsOperations Settings { get; set; } = default!;

    private string BarProblem => Problem.Length > 0 ? Problem : _conflict.Length > 0 ? _conflict : _refused.Count > 0 ? L["FieldsWrong", _refused.Count] : "";

    /// <inheritdoc/>
    protected override Task LoadAsync() => FillAsync();

    private Task<bool> FillAsync() => TryAsync(actor =>
    {
        var snapshot = Settings.Get(actor);
        (_version, _form, _conflict) = (snapshot.Version, new SignInForm(snapshot.Security), "");
        _refused.Clear();
        return Task.CompletedTask;
    });

    private bool IsChanged(string name) => SignInForm.Value(name, _form!.Saved) != SignInForm.Value(name, _form.Draft);

    private string? ErrorOf(string name) => _refused.GetValueOrDefault(name);

    private string Describe(string name, SecuritySettings settings) => name == SignInForm.Settings[0]
        ? L["AuthorityCount", settings.ClientAuthorities.Count]
        : SignInForm.Value(name, settings) is { Length: > 0 } value ? name.EndsWith("Secret", StringComparison.Ordinal) ? SettingsCatalog.SecretMask : value : W["None"];

    private async Task DiscardAsync()
    {
        _applied = false;
        await FillAsync();
    }

    private async Task ApplyAsync(bool onTrial)
    {
        (_applied, _busy, _conflict) = (false, true, "");
        _refused.Clear();
        SettingsOutcome? outcome = null;
        var draft = _form!.Draft;
        if (await TryAsync(async actor => outcome = await Settings.SaveAsync(actor, _version, snapshot => snapshot with { Security = draft }, onTrial, Gone)))
        {
            if (outcome!.IsSaved)
            {
                _applied = await FillAsync();
            }

            foreach (var refusal in outcome.Refusals)
            {
                if (refusal.Field is { } field)
                {
                    _refused[field] = Refusals.Of(refusal);
                }
                else
                {
                    _conflict = Refusals.Of(refusal);
                }
            }
        }

        _busy = false;
    }

    /// <summary>A secret is not shown while it is typed.</summary>
    private static string InputType(string name) => name.EndsWith("Secret", StringComparison.Ordinal) ? "password" : "text";
}
