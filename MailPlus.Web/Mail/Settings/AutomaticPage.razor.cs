using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Sieve.Scripts;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Mail.Settings;

/// <summary>Automatic answer and forwarding of the signed-in user (WEB-118 to WEB-123). They run on the server, also while nobody is signed in.</summary>
public sealed partial class AutomaticPage
{
    private Actor? _actor;
    private ScriptProblem? _failed;
    private DateOnly? _firstDay;
    private DateOnly? _lastDay;
    private AnswerScope _scope;
    private string _shownName = "";
    private string _address = "";
    private string _subject = "";
    private string _text = "";
    private string _targets = "";
    private string? _script;
    private string? _wrong;
    private int _pauseDays = 1;
    private int _most;
    private bool _answers;
    private bool _forwards;
    private bool _keepsCopy = true;
    private bool _saved;

    [Inject]
    private IAddressBook Book { get; set; } = default!;

    [Inject]
    private ScriptOperations Scripts { get; set; } = default!;

    [Inject]
    private MailboxAccess Access { get; set; } = default!;

    /// <inheritdoc/>
    protected override Task LoadAsync() => TryAsync(async actor =>
    {
        Access.RequireOn();
        var id = actor.Account!.Value;
        var account = Book.Find(id) ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "SessionEnded"));
        _shownName = account.DisplayName.Length > 0 ? account.DisplayName : account.Name;
        _address = account.PrimaryAddress.ToDisplayString();
        _most = Scripts.MostTargets(actor, id);
        _script = (await Scripts.ListAsync(actor, id, Gone)).FirstOrDefault(script => script.IsActive)?.Name;
        _failed = await Scripts.ProblemAsync(actor, id, Gone);
        var rules = await Scripts.PersonalAsync(actor, id, Gone);
        (_answers, _subject, _text, _firstDay, _lastDay) = (rules.Answers, rules.Subject, rules.Text, rules.FirstDay, rules.LastDay);
        (_scope, _pauseDays, _forwards, _keepsCopy) = (rules.Scope, rules.PauseDays, rules.Forwards, rules.KeepsCopy);
        _targets = string.Join('\n', rules.Targets);
        _actor = actor;
    });

    /// <summary>What is wrong with a field, in the page's own words where the engine only names it.</summary>
    private string? ErrorOf(string field) => _wrong == field ? L[$"Wrong.{field}"].Value : ProblemField == field ? Problem : null;

    private async Task SaveAsync()
    {
        (_saved, _wrong) = (false, null);
        var rules = new PersonalRules
        {
            Answers = _answers, Subject = _subject.Trim(), Text = _text.Trim(), FirstDay = _firstDay, LastDay = _lastDay, Scope = _scope, PauseDays = _pauseDays,
            Forwards = _forwards && _most > 0, KeepsCopy = _keepsCopy,
            Targets = [.. _targets.Split(['\n', ',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.OrdinalIgnoreCase)],
        };
        _saved = await TryAsync(async actor =>
        {
            try
            {
                await Scripts.SetPersonalAsync(actor, actor.Account!.Value, rules, Gone);
            }
            catch (RefusedException refused) when (refused.Refusal is { TextKey: "PersonalRulesInvalid", Field: { } field })
            {
                _wrong = field;
                throw;
            }
        });
        if (_saved)
        {
            _failed = null; // what went wrong was forgotten with the rules that did it
        }
    }
}
