using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>What a search found: positions of the view as it was then.</summary>
/// <param name="Mailbox">Where.</param>
/// <param name="Positions">The messages in mailbox order.</param>
internal sealed record Matches(SelectedMailbox Mailbox, Positions Positions)
{
    private readonly MailboxState _view = Mailbox.View;

    /// <summary>How well messages matched, 1 to 100, by position; 100 for those that are not in it.</summary>
    public IReadOnlyDictionary<int, int>? Relevancies { get; init; }

    /// <summary>Positions in the order of a SORT; null for mailbox order.</summary>
    public int[]? Order { get; init; }

    public int Count => Positions.Count;

    /// <summary>The first in order.</summary>
    public int First => Order is null ? Positions.First : Order[0];

    /// <summary>The last in order.</summary>
    public int Last => Order is null ? Positions.Last : Order[^1];

    /// <summary>A stretch of the result in its order.</summary>
    public IEnumerable<int> Slice(int start, int count) => Order is { } order ? new ArraySegment<int>(order, start, count) : Positions.All().Skip(start).Take(count);

    /// <summary>The whole result in its order.</summary>
    public IEnumerable<int> All() => Order ?? Positions.All();

    /// <summary>The message at a position as the client knows it.</summary>
    public MessageState At(int position) => Mailbox.Current(_view[position]);

    public Uid UidAt(int position) => _view[position].Uid;

    public int RelevancyAt(int position) => Relevancies?.GetValueOrDefault(position, 100) ?? 100;

    /// <summary>Messages of a stretch of the view.</summary>
    public ReadOnlyMemory<MessageState> Stretch(int start, int count)
    {
        var stretch = _view.Stretch(start);
        return stretch[..Math.Min(count, stretch.Length)];
    }

    /// <summary>All UIDs in mailbox order.</summary>
    public Uid[] Uids()
    {
        var uids = new Uid[Count];
        var at = 0;
        foreach (var (start, count) in Positions.Ranges)
        {
            for (var done = 0; done < count;)
            {
                foreach (ref readonly var message in Stretch(start + done, count - done).Span)
                {
                    uids[at++] = message.Uid;
                    done++;
                }
            }
        }

        return uids;
    }
}
