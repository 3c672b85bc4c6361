using MailPlus.Engine.Imap.Commands;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Sharing;

namespace MailPlus.Engine.Imap.Server;

/// <summary>Finds and tells the names that came, went or changed between two pictures of what an account has and watches (RFC 5465 5.4, 5.5).</summary>
internal sealed class NotifyNames(NotifyArguments plan, NotifyPicture before, NotifyPicture now, IReadOnlySet<string> own)
{
    private readonly SortedSet<string> _affected = new(StringComparer.Ordinal);
    private readonly List<(string Old, string New)> _renamed = [];

    public void Write(ResponseWriter output)
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

        var listing = _affected.Count == 0 ? null : new ListCommand.Listing(now.Places, now.Subscribed);
        foreach (var name in _affected)
        {
            listing!.Write(output, name, ListOptions.ReturnSubscribed, hasMatchingChild: false);
        }
    }

    private void FindNames()
    {
        var (old, present) = (before.ByKey(), now.ByKey());
        var moved = old.Where(p => present.TryGetValue(p.Key, out var there) && there.Name != p.Value.Name).ToDictionary(p => p.Value.Name, p => present[p.Key].Name, StringComparer.Ordinal);
        foreach (var (from, to) in moved)
        {
            // Inferiors go along without a word.
            var isInferior = moved.TryGetValue(Parent(from), out var parent) && Parent(to) == parent;
            if (!isInferior && !IsOwn(from) && !IsOwn(to) && (Wants(from) || Wants(to)))
            {
                _renamed.Add((from, to));
            }
        }

        // What of another's may no longer be looked up is gone as what was deleted is (RFC 4314 6).
        foreach (var place in before.Places.Where(p => !present.ContainsKey(NotifyPicture.KeyOf(p))).Concat(now.Places.Where(p => !old.ContainsKey(NotifyPicture.KeyOf(p)))))
        {
            AddAffected(place.Name);
            if (Parent(place.Name) is { Length: > 0 } parent && !IsOwn(place.Name) && (place.IsOwn || now.Places.Any(p => p.Name == parent)))
            {
                AddAffected(parent);
            }
        }
    }

    private void FindSubscriptions()
    {
        foreach (var name in before.Subscribed.Except(now.Subscribed).Concat(now.Subscribed.Except(before.Subscribed)))
        {
            if (!own.Contains(name) && (plan.Of(name, isSubscribed: true, !Places.IsOthers(name)) & NotifyEvents.SubscriptionChange) != 0)
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

    private bool Wants(string name) => (plan.Of(name, now.Subscribed.Contains(name), !Places.IsOthers(name)) & NotifyEvents.MailboxName) != 0;

    /// <summary>What this connection named itself, and what that brought along.</summary>
    private bool IsOwn(string name) => own.Any(o => o == name || Below(o, name) || Below(name, o));

    private static bool Below(string name, string superior) => name.Length > superior.Length && name[superior.Length] == '/' && name.StartsWith(superior, StringComparison.Ordinal);

    private static string Parent(string name) => name.LastIndexOf('/') is > 0 and var slash ? name[..slash] : "";
}
