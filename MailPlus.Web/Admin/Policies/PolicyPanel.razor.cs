using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Primitives;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Policies;

/// <summary>Settings and targets of one policy, at the side of the list; also where a new one is made (ACC-41 to ACC-45).</summary>
public sealed partial class PolicyPanel
{
    private const int ShownFound = 20;
    private readonly List<PolicyTarget<AccountId>> _users = [];
    private readonly List<PolicyTarget<GroupId>> _groups = [];
    private IReadOnlyList<PolicyTarget<AccountId>> _foundUsers = [];
    private IReadOnlyList<PolicyTarget<GroupId>> _foundGroups = [];
    private UserPolicy? _policy;
    private PolicyRules _rules = PolicyRules.Default;
    private PolicyColor _color;
    private string _name = "";
    private string _search = "";
    private bool _onTargets;

    /// <summary>The policy; id 0 for one to be made, null when the panel is closed.</summary>
    [Parameter, EditorRequired]
    public UserPolicy? Policy { get; set; }

    /// <summary>The panel was closed.</summary>
    [Parameter, EditorRequired]
    public EventCallback Closed { get; set; }

    /// <summary>The policy was stored.</summary>
    [Parameter, EditorRequired]
    public EventCallback Saved { get; set; }

    [Inject]
    private PolicyOperations Policies { get; set; } = default!;

    [Inject]
    private AccountOperations Accounts { get; set; } = default!;

    [Inject]
    private GroupOperations Groups { get; set; } = default!;

    private bool IsNew => _policy is null || _policy.Id == default;

    private bool IsBesideField => !_onTargets && ProblemField is "Name" or nameof(PolicyRules.DailyMessages) or nameof(PolicyRules.DailyMegabytes) or nameof(PolicyRules.AttachmentMegabytes);

    /// <summary>The settings that are yes or no; the places of a protocol matter only where the protocol may be used.</summary>
    private IEnumerable<(string Key, bool Value, bool IsFree, Func<bool, PolicyRules> Change)> Switches =>
    [
        ("InternalOnly", _rules.InternalOnly, true, value => _rules with { InternalOnly = value }),
        ("Imap", _rules.Imap, true, value => _rules with { Imap = value }),
        ("ImapLocalOnly", _rules.ImapLocalOnly, _rules.Imap, value => _rules with { ImapLocalOnly = value }),
        ("Pop3", _rules.Pop3, true, value => _rules with { Pop3 = value }),
        ("Pop3LocalOnly", _rules.Pop3LocalOnly, _rules.Pop3, value => _rules with { Pop3LocalOnly = value }),
        ("Search", _rules.Search, true, value => _rules with { Search = value }),
    ];

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        await base.OnParametersSetAsync();
        if (ReferenceEquals(Policy, _policy))
        {
            return;
        }

        _policy = Policy;
        (_name, _color, _rules) = (Policy?.Name ?? "", Policy?.Color ?? PolicyColor.Grey, Policy?.Rules ?? PolicyRules.Default);
        (_search, _foundUsers, _foundGroups, _onTargets, Problem) = ("", [], [], false, "");
        _users.Clear();
        _groups.Clear();
        _users.AddRange(Policy?.Users ?? []);
        _groups.AddRange(Policy?.Groups ?? []);
    }

    private string? ErrorOf(string field) => ProblemField == field ? Problem : null;

    private void ForwardingChosen(ChangeEventArgs change) =>
        _rules = _rules with { ForbidForwarding = Enum.TryParse<PolicySwitch>((string?)change.Value, out var state) ? state : PolicySwitch.ByDomain };

    private async Task SearchAsync(ChangeEventArgs change)
    {
        _search = (string?)change.Value ?? "";
        if (_search.Trim().Length == 0)
        {
            (_foundUsers, _foundGroups) = ([], []);
            return;
        }

        await TryAsync(async actor =>
        {
            var users = await Accounts.ListAsync(actor, new AccountQuery { Search = _search.Trim(), Limit = ShownFound }, Gone);
            var groups = await Groups.ListAsync(actor, new GroupQuery { Search = _search.Trim(), Limit = ShownFound }, Gone);
            _foundUsers = [.. users.Rows.Select(user => new PolicyTarget<AccountId>(user.Id, user.Name)).Except(_users)];
            _foundGroups = [.. groups.Rows.Select(group => new PolicyTarget<GroupId>(group.Id, group.Name)).Except(_groups)];
        });
    }

    private void Put(PolicyTarget<AccountId> user)
    {
        _users.Add(user);
        _foundUsers = [.. _foundUsers.Except(_users)];
    }

    private void Put(PolicyTarget<GroupId> group)
    {
        _groups.Add(group);
        _foundGroups = [.. _foundGroups.Except(_groups)];
    }

    private async Task SaveAsync()
    {
        var draft = new PolicyDraft(_name) { Color = _color, Rules = _rules, Users = [.. _users.Select(user => user.Id)], Groups = [.. _groups.Select(group => group.Id)] };
        if (await TryAsync(actor => IsNew ? Policies.AddAsync(actor, draft, Gone) : Policies.UpdateAsync(actor, _policy!.Id, draft, Gone)))
        {
            await Saved.InvokeAsync();
        }
        else
        {
            _onTargets &= ProblemField is "Users" or "Groups";
        }
    }
}
