using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Web.Mail.MessageList;

/// <summary>Which messages of a mailbox a list shows.</summary>
public enum ListFilter
{
    /// <summary>All.</summary>
    All,

    /// <summary>Those without \Seen.</summary>
    Unread,

    /// <summary>Those with \Flagged.</summary>
    Starred,

    /// <summary>Those a search found.</summary>
    Found,
}

/// <summary>
/// The order of a message list, newest first by date received, over an immutable snapshot of the mailbox. Costs four octets a message; rows are read only
/// where somebody looks. A moved-back message returns to its old place, because its date decides and not its new UID.
/// </summary>
public sealed class MailboxView
{
    private MailboxState? _state;

    // Ascending by date received, so that new mail is added at the end; the list counts from there.
    private uint[] _order = [];

    /// <summary>The mailbox at the snapshot's version, null before the first.</summary>
    public Mailbox? Mailbox => _state?.Mailbox;

    /// <summary>What is shown.</summary>
    public ListFilter Filter { get; private set; }

    /// <summary>Rows.</summary>
    public int Count => _order.Length;

    /// <summary>The message of a row, the newest is row 0.</summary>
    public Uid this[int row] => new(_order[_order.Length - 1 - row]);

    /// <summary>The row of a message, -1 when it is not shown.</summary>
    public int RowOf(Uid uid)
    {
        var at = Array.IndexOf(_order, uid.Value);
        return at < 0 ? -1 : _order.Length - 1 - at;
    }

    /// <summary>State of a message, null when it is gone.</summary>
    public MessageState? StateOf(Uid uid) => _state is { } state && state.IndexOf(uid) is >= 0 and var at ? state[at] : null;

    /// <summary>All messages shown, as a set.</summary>
    public UidSet All() => UidSet.From(_order.Select(value => new Uid(value)));

    /// <summary>All messages shown, newest first.</summary>
    public IEnumerable<Uid> Rows()
    {
        for (var row = 0; row < Count; row++)
        {
            yield return this[row];
        }
    }

    /// <summary>Takes a new snapshot. With a filter, what was shown stays until the filter is chosen again: a message just read must not vanish under the eyes.</summary>
    /// <returns>Messages that came in since, newest last; empty for the first snapshot.</returns>
    public IReadOnlyList<Uid> Apply(MailboxState state)
    {
        var older = _state?.Mailbox.Id == state.Mailbox.Id && _state.Mailbox.UidValidity == state.Mailbox.UidValidity ? _state : null;
        _state = state;
        if (older is null)
        {
            _order = Sorted(state, Matches(Filter, null));
            return [];
        }

        if (older.Version == state.Version)
        {
            return [];
        }

        var changes = state.ChangesSince(older);
        if (changes.Added.Count > 0 || changes.Expunged.Count > 0 || Filter is ListFilter.Unread or ListFilter.Starred)
        {
            var shown = Filter == ListFilter.All ? null : new HashSet<uint>(_order);
            _order = Sorted(state, Matches(Filter, shown));
        }

        return changes.Added;
    }

    /// <summary>Shows other messages of the same snapshot.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="found">The messages for <see cref="ListFilter.Found"/>.</param>
    public void Show(ListFilter filter, IReadOnlySet<uint>? found = null)
    {
        Filter = filter;
        if (_state is { } state)
        {
            _order = Sorted(state, Matches(filter, found));
        }
    }

    private static Func<MessageState, bool>? Matches(ListFilter filter, IReadOnlySet<uint>? shown) => filter switch
    {
        ListFilter.Unread => message => (message.Flags & MessageFlags.Seen) == 0 || shown?.Contains(message.Uid.Value) == true,
        ListFilter.Starred => message => (message.Flags & MessageFlags.Flagged) != 0 || shown?.Contains(message.Uid.Value) == true,
        ListFilter.Found => message => shown?.Contains(message.Uid.Value) == true,
        _ => null,
    };

    private static uint[] Sorted(MailboxState state, Func<MessageState, bool>? matches)
    {
        var order = new uint[state.Count];
        var dates = new long[state.Count];
        var count = 0;
        var ascending = true;
        foreach (var message in state.Range(0, state.Count))
        {
            // \Deleted without an expunge is what other clients leave behind; people expect such messages not to be there.
            if ((message.Flags & MessageFlags.Deleted) != 0 || matches?.Invoke(message) == false)
            {
                continue;
            }

            ascending &= count == 0 || dates[count - 1] <= message.InternalDate;
            order[count] = message.Uid.Value;
            dates[count++] = message.InternalDate;
        }

        if (count < order.Length)
        {
            Array.Resize(ref order, count);
            Array.Resize(ref dates, count);
        }

        if (!ascending)
        {
            // UIDs come ascending and one date may belong to many: order by both, so that the order is always the same.
            var keys = new (long Date, uint Uid)[count];
            for (var at = 0; at < count; at++)
            {
                keys[at] = (dates[at], order[at]);
            }

            Array.Sort(keys, order);
        }

        return order;
    }
}
