using MailPlus.Engine.Accounts;
using MailPlus.Engine.Accounts.Groups;
using MailPlus.Engine.Primitives;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Groups;

/// <summary>Everything about one group, at the side of the list; also where a new one is made.</summary>
public sealed partial class GroupPanel
{
    private const int ShownMembers = 50;
    private const int ShownFound = 20;
    private AccountGroup? _group;
    private Page<Account>? _members;
    private IReadOnlyList<Account>? _found;
    private string _name = "";
    private string _description = "";
    private string _search = "";

    /// <summary>The group; id 0 for one to be made, null when the panel is closed.</summary>
    [Parameter, EditorRequired]
    public AccountGroup? Group { get; set; }

    /// <summary>The panel was closed.</summary>
    [Parameter, EditorRequired]
    public EventCallback Closed { get; set; }

    /// <summary>The group or its members were changed.</summary>
    [Parameter, EditorRequired]
    public EventCallback<AccountGroup> Changed { get; set; }

    /// <summary>The group is to be deleted.</summary>
    [Parameter, EditorRequired]
    public EventCallback<AccountGroup> DeleteAsked { get; set; }

    [Inject]
    private GroupOperations Groups { get; set; } = default!;

    [Inject]
    private AccountOperations Accounts { get; set; } = default!;

    private bool IsNew => _group is null || _group.Id == default;

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        await base.OnParametersSetAsync();
        if (ReferenceEquals(Group, _group))
        {
            return;
        }

        _group = Group;
        (_name, _description, _search, _found, _members, Problem) = (Group?.Name ?? "", Group?.Description ?? "", "", null, null, "");
        await ReadMembersAsync();
    }

    private async Task ReadMembersAsync()
    {
        if (!IsNew)
        {
            await TryAsync(async actor => _members = await Accounts.ListAsync(actor, new AccountQuery { Group = _group!.Id, Limit = ShownMembers }, Gone));
        }
    }

    private async Task SaveAsync()
    {
        AccountGroup? saved = null;
        if (await TryAsync(async actor => saved = IsNew ? await Groups.AddAsync(actor, _name, _description, Gone) : await Groups.UpdateAsync(actor, _group!.Id, _name, _description, Gone)))
        {
            // A new group stays open, to be given members.
            _group = saved;
            await ReadMembersAsync();
            await Changed.InvokeAsync(saved);
        }
    }

    private async Task SearchAsync(ChangeEventArgs change)
    {
        _search = (string?)change.Value ?? "";
        await FindAsync();
    }

    private async Task FindAsync()
    {
        if (_search.Trim().Length == 0)
        {
            _found = null;
            return;
        }

        await TryAsync(async actor => _found = (await Accounts.ListAsync(actor, new AccountQuery { Search = _search.Trim(), Limit = ShownFound }, Gone)).Rows);
    }

    private async Task ChangeMembersAsync(IReadOnlyList<AccountId> joining, IReadOnlyList<AccountId> leaving)
    {
        if (await TryAsync(actor => Groups.ChangeMembersAsync(actor, _group!.Id, joining, leaving, Gone)))
        {
            await ReadMembersAsync();
            await FindAsync();
            await Changed.InvokeAsync(_group);
        }
    }
}
