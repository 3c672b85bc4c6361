using MailPlus.Engine.Hosting;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Setup;

/// <summary>The setup wizard (SET-14 to SET-24). What is typed lives in this page only until Apply (SET-B2).</summary>
public sealed partial class SetupPage
{
    private static readonly IReadOnlyList<string> Steps = ["StepServer", "StepAdministrator", "StepSummary"];
    private static readonly IReadOnlyList<IReadOnlyList<string>> FieldsOfSteps = [["Domain", "Hostname"], ["Administrator", "DisplayName", "Password"], []];
    private readonly Fields _form = new();
    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);
    private string _suggested = "";
    private int _step;
    private bool _mayEnter;
    private bool _busy;
    private bool _done;

    private sealed class Fields
    {
        public string Domain { get; set; } = "";

        public string Hostname { get; set; } = "";

        public string Administrator { get; set; } = "admin";

        public string DisplayName { get; set; } = "";

        public string Password { get; set; } = "";

        public string Address => $"{Administrator.Trim()}@{Domain.Trim()}";

        public SetupRequest ToRequest() => new(Hostname.Trim(), Domain.Trim(), Administrator.Trim(), Password)
        {
            DisplayName = DisplayName.Trim(),
            Language = Languages.Current,
        };
    }

    [SupplyParameterFromQuery]
    private string? Token { get; set; }

    [Inject]
    private SetupOperations Setup { get; set; } = default!;

    [Inject]
    private ISettingsSource Settings { get; set; } = default!;

    [Inject]
    private RunOptions Run { get; set; } = default!;

    /// <inheritdoc/>
    protected override void OnInitialized() => _mayEnter = Setup.IsNeeded && Setup.IsToken(Token);

    private string? ErrorOf(string field) => _errors.GetValueOrDefault(field);

    private string? Invalid(string field) => _errors.ContainsKey(field) ? "true" : null;

    /// <summary>Offers mail.DOMAIN as long as the administrator has not typed another host name.</summary>
    private void SuggestHostname()
    {
        if (_form.Hostname == _suggested)
        {
            _form.Hostname = _suggested = _form.Domain.Trim().Length > 0 ? $"mail.{_form.Domain.Trim()}" : "";
        }
    }

    private async Task NextAsync()
    {
        Problem = "";
        _errors.Clear();
        foreach (var refusal in Setup.Validate(_form.ToRequest()).Where(refusal => refusal.Field is not null && FieldsOfSteps[_step].Contains(refusal.Field)))
        {
            _errors.TryAdd(refusal.Field!, Refusals.Of(refusal));
        }

        if (_errors.Count > 0)
        {
            return;
        }

        if (_step < Steps.Count - 1)
        {
            _step++;
            return;
        }

        await ApplyAsync();
    }

    private async Task ApplyAsync()
    {
        if (!Setup.IsToken(Token))
        {
            _mayEnter = false; // somebody else has finished it meanwhile
            return;
        }

        _busy = true;
        try
        {
            await Setup.ApplyAsync(_form.ToRequest(), Gone);
            _done = true;
        }
        catch (RefusedException refused)
        {
            Problem = Refusals.Of(refused.Refusal);
            if (refused.Refusal.Field is { } field && FieldsOfSteps.ToList().FindIndex(fields => fields.Contains(field)) is >= 0 and var step)
            {
                (_step, _errors[field]) = (step, Problem);
            }
        }
        finally
        {
            _busy = false;
        }
    }
}
