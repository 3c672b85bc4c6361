using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Mail.MessageList;

/// <summary>Chosen messages of one list and the row the next shift-click reaches from.</summary>
public sealed class ListSelection
{
    private readonly HashSet<uint> _chosen = [];
    private Uid? _anchor;

    /// <summary>How many.</summary>
    public int Count => _chosen.Count;

    /// <summary>Whether a message is chosen.</summary>
    public bool Contains(Uid uid) => _chosen.Contains(uid.Value);

    /// <summary>The chosen messages.</summary>
    public UidSet ToSet() => UidSet.From(_chosen.Select(value => new Uid(value)));

    /// <summary>Chooses a message or lets it go.</summary>
    public void Toggle(Uid uid)
    {
        if (!_chosen.Remove(uid.Value))
        {
            _chosen.Add(uid.Value);
        }

        _anchor = uid;
    }

    /// <summary>Chooses all rows between the last one touched and this one.</summary>
    public void ReachTo(Uid uid, MailboxView view)
    {
        var to = view.RowOf(uid);
        var from = _anchor is { } anchor ? view.RowOf(anchor) : to;
        if (to < 0)
        {
            return;
        }

        from = from < 0 ? to : from;
        for (var row = Math.Min(from, to); row <= Math.Max(from, to); row++)
        {
            _chosen.Add(view[row].Value);
        }

        _anchor = uid;
    }

    /// <summary>Chooses everything the list shows.</summary>
    public void All(MailboxView view)
    {
        foreach (var uid in view.Rows())
        {
            _chosen.Add(uid.Value);
        }
    }

    /// <summary>Chooses nothing.</summary>
    public void Clear()
    {
        _chosen.Clear();
        _anchor = null;
    }

    /// <summary>Lets go of messages that are no longer in the list.</summary>
    public void Keep(MailboxView view)
    {
        if (_chosen.Count > 0)
        {
            _chosen.RemoveWhere(value => view.StateOf(new Uid(value)) is null);
        }
    }
}
