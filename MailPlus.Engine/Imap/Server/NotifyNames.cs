using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Server;

/// <summary>Finds and tells the names that came, went or changed between two pictures of an account (RFC 5465 5.4, 5.5).</summary>
internal sealed class NotifyNames(
    NotifyArguments plan, (IReadOnlyList<Mailbox> Mailboxes, IReadOnlyList<string> Subscribed) before, (IReadOnlyList<Mailbox> Mailboxes, IReadOnlyList<string> Subscribed) now, IReadOnlySet<string> own)
{
    private readonly SortedSet<string> _affected = new(StringComparer.Ordinal);
    private readonly List<(string Old, string New)> _renamed = [];

    public void Write(ResponseWriter output, Places places)
    {
        if (plan.Groups.Any(g => (g.Events & NotifyEvents.MailboxName) != 0))
        {
            FindNames();
        }

        if (plan.Groups.Any(g => (g.Events & NotifyEvents.SubscriptionChange) != 0))
        {
            FindSubscriptions();
        }

        foreach (var (old, name) in _renamed)
        {
            ListCommand.WriteRenamed(output, old, name);
        }

        var listing = _affected.Count == 0 ? null : new ListCommand.Listing([.. now.Mailboxes.Select(m => places.Of(places.Own, m))], now.Subscribed);
        foreach (var name in _affected)
        {
            listing!.Write(output, name, ListOptions.ReturnSubscribed, hasMatchingChild: false);
        }
    }

    private void FindNames()
    {
        var (old, present) = (before.Mailboxes.ToDictionary(m => m.Id), now.Mailboxes.ToDictionary(m => m.Id));
        var moved = before.Mailboxes.Where(m => present.TryGetValue(m.Id, out var p) && p.Name != m.Name).ToDictionary(m => m.Name, m => present[m.Id].Name, StringComparer.Ordinal);
        foreach (var (from, to) in moved)
        {
            // Inferiors go along without a word.
            var isInferior = moved.TryGetValue(Parent(from), out var parent) && Parent(to) == parent;
            if (!isInferior && !IsOwn(from) && !IsOwn(to) && (Wants(from) || Wants(to)))
            {
                _renamed.Add((from, to));
            }
        }

        foreach (var mailbox in before.Mailboxes.Where(m => !present.ContainsKey(m.Id)).Concat(now.Mailboxes.Where(m => !old.ContainsKey(m.Id))))
        {
            AddAffected(mailbox.Name);
            if (Parent(mailbox.Name) is { Length: > 0 } parent && !IsOwn(mailbox.Name))
            {
                AddAffected(parent);
            }
        }
    }

    private void FindSubscriptions()
    {
        foreach (var name in before.Subscribed.Except(now.Subscribed).Concat(now.Subscribed.Except(before.Subscribed)))
        {
            if (!own.Contains(name) && (plan.Of(name, isSubscribed: true) & NotifyEvents.SubscriptionChange) != 0)
            {
                _affected.Add(name);
            }
        }
    }

    private void AddAffected(string name)
    {
        if (!IsOwn(name) && Wants(name))
        {
            _affected.Add(name);
        }
    }

    private bool Wants(string name) => (plan.Of(name, now.Subscribed.Contains(name)) & NotifyEvents.MailboxName) != 0;

    /// <summary>What this connection named itself, and what that brought along.</summary>
    private bool IsOwn(string name) => own.Any(o => o == name || Below(o, name) || Below(name, o));

    private static bool Below(string name, string superior) => name.Length > superior.Length && name[superior.Length] == '/' && name.StartsWith(superior, StringComparison.Ordinal);

    private static string Parent(string name) => name.LastIndexOf('/') is > 0 and var slash ? name[..slash] : "";
}
