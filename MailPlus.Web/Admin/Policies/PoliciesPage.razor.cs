using MailPlus.Engine.Accounts.Policies;
using MailPlus.Engine.Primitives;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Admin.Policies;

/// <summary>Account &gt; User Policy: policies in their order, by mouse and by keyboard (ACC-40 to ACC-54).</summary>
public sealed partial class PoliciesPage
{
    private IReadOnlyList<UserPolicy>? _policies;
    private List<UserPolicy>? _order;
    private UserPolicy? _editing;
    private UserPolicy? _deleting;
    private PolicyId? _dragged;
    private bool _expanded;
    private bool _showsDefault;

    [Inject]
    private PolicyOperations Policies { get; set; } = default!;

    /// <inheritdoc/>
    protected override Task LoadAsync() => TryAsync(async actor => _policies = await Policies.ListAsync(actor, Gone));

    private static string Targets(UserPolicy policy) => string.Join(", ", policy.Groups.Select(group => group.Name).Concat(policy.Users.Select(user => user.Name)).Take(200));

    private string Summary(UserPolicy policy) => L["TargetCount", Shown.Count(policy.Users.Count), Shown.Count(policy.Groups.Count)];

    private Task CreateAsync()
    {
        Open(new UserPolicy(default, ""));
        return Task.CompletedTask;
    }

    private void Open(UserPolicy policy) => (_editing, Problem) = (policy, "");

    private void Ask(UserPolicy policy) => (_deleting, Problem) = (policy, "");

    private void Move(int from, int to)
    {
        if (_order is { } order && from != to && to >= 0 && to < order.Count)
        {
            var moved = order[from];
            order.RemoveAt(from);
            order.Insert(to, moved);
        }
    }

    // Whatever is dropped below all others stays above the default policy: that is no row of this list (ACC-B9).
    private void DropOn(int place)
    {
        if (_dragged is { } dragged && _order?.FindIndex(policy => policy.Id == dragged) is >= 0 and var from)
        {
            Move(from, place);
        }

        _dragged = null;
    }

    private async Task ApplyOrderAsync()
    {
        if (await TryAsync(actor => Policies.ReorderAsync(actor, [.. _order!.Select(policy => policy.Id)], Gone)))
        {
            _order = null;
            await LoadAsync();
        }
    }

    private async Task SavedAsync()
    {
        _editing = null;
        _order = null;
        await LoadAsync();
    }

    private async Task DeleteAsync()
    {
        if (await TryAsync(actor => Policies.DeleteAsync(actor, _deleting!.Id, Gone)))
        {
            _deleting = null;
            await LoadAsync();
        }
    }
}
