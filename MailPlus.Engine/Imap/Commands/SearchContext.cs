using System.Text;
using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// A result that is kept up to date (UPDATE, RFC 5267 4.3) as long as its mailbox stays selected: what enters it is told as ADDTO, what leaves it as REMOVEFROM. The
/// keys were understood when the search was made, so that sequence numbers and intervals in them keep that meaning.
/// </summary>
internal sealed class SearchContext
{
    private readonly bool _byUid;
    private readonly SearchMatcher _matcher;
    private readonly HashSet<uint> _members;
    private readonly SortKeys? _order;
    private readonly Dictionary<uint, int> _relevancies = [];
    private List<Uid> _sorted;

    /// <param name="tag">Tag of the command.</param>
    /// <param name="byUid">UIDs instead of sequence numbers.</param>
    /// <param name="matcher">What was searched for.</param>
    /// <param name="found">What was found, in the order it was told.</param>
    /// <param name="order">How it was sorted; null for mailbox order.</param>
    public SearchContext(string tag, bool byUid, SearchMatcher matcher, Matches found, SortKeys? order)
    {
        (Tag, _byUid, _matcher, _order) = (tag, byUid, matcher, order);
        _members = [.. found.Uids().Select(u => u.Value)];
        _sorted = order is null ? [] : [.. found.All().Select(found.UidAt)];
        KeepRelevancies(found);
    }

    /// <summary>Tag of the command that asked.</summary>
    public string Tag { get; }

    /// <summary>Messages in the result.</summary>
    public int Count => _members.Count;

    /// <summary>Tells which of the result are expunged, while their numbers still mean them.</summary>
    public void TellExpunged(ResponseWriter output, MailboxState view, IReadOnlyList<Uid> expunged)
    {
        var gone = expunged.Where(u => _members.Contains(u.Value)).ToList();
        if (gone.Count > 0)
        {
            Begin(output, " REMOVEFROM ("u8);
            WriteRemoved(output, view, gone);
        }
    }

    /// <summary>Judges messages that are new or changed anew, and tells what that does to the result.</summary>
    public async ValueTask TellChangedAsync(ImapSession session, SelectedMailbox selected, IReadOnlyList<Uid> uids, CancellationToken cancellationToken)
    {
        if (uids.Count == 0)
        {
            return;
        }

        var matching = await new SearchRun(session, selected, Tag).FindAmongAsync(_matcher, uids, cancellationToken);
        var matches = matching.Uids().ToHashSet();
        var left = uids.Where(u => _members.Contains(u.Value) && !matches.Contains(u)).ToList();
        var entered = matches.Where(u => !_members.Contains(u.Value)).Order().ToList();
        if (left.Count > 0)
        {
            Begin(session.Output, " REMOVEFROM ("u8);
            WriteRemoved(session.Output, selected.View, left);
        }

        if (entered.Count > 0)
        {
            Begin(session.Output, " ADDTO ("u8);
            KeepRelevancies(matching);
            await WriteAddedAsync(session.Output, selected, entered, cancellationToken);
        }
    }

    private void Begin(ResponseWriter output, ReadOnlySpan<byte> item)
    {
        output.Write("* ESEARCH (TAG "u8);
        output.String(Encoding.ASCII.GetBytes(Tag));
        output.Write(_byUid ? ") UID"u8 : ")"u8);
        output.Write(item);
    }

    private void WriteRemoved(ResponseWriter output, MailboxState view, List<Uid> gone)
    {
        if (_order is null)
        {
            WriteSet(output, gone.Select(u => Shown(view, u)));
        }
        else
        {
            // From the end, so that the positions still to be said stay right (RFC 5267 4.3.4).
            var isFirst = true;
            var uids = gone.ToHashSet();
            for (var i = _sorted.Count - 1; i >= 0; i--)
            {
                if (uids.Contains(_sorted[i]))
                {
                    WritePlace(output, i, Shown(view, _sorted[i]), ref isFirst);
                }
            }

            _sorted.RemoveAll(uids.Contains);
        }

        output.Write(")\r\n"u8);
        _members.ExceptWith(gone.Select(u => u.Value));
    }

    private async ValueTask WriteAddedAsync(ResponseWriter output, SelectedMailbox selected, List<Uid> entered, CancellationToken cancellationToken)
    {
        _members.UnionWith(entered.Select(u => u.Value));
        if (_order is null)
        {
            WriteSet(output, entered.Select(u => Shown(selected.View, u)));
        }
        else
        {
            // Keys of a message never change, so that those known keep their order; each new one is told its place among those before it.
            _sorted = await SortedAsync(selected, cancellationToken);
            var isFirst = true;
            var uids = entered.ToHashSet();
            for (var i = 0; i < _sorted.Count; i++)
            {
                if (uids.Contains(_sorted[i]))
                {
                    WritePlace(output, i, Shown(selected.View, _sorted[i]), ref isFirst);
                }
            }
        }

        output.Write(")\r\n"u8);
    }

    private async ValueTask<List<Uid>> SortedAsync(SelectedMailbox selected, CancellationToken cancellationToken)
    {
        var positions = new Positions();
        var relevancies = new Dictionary<int, int>();
        foreach (var uid in _members.Order())
        {
            var position = selected.View.IndexOf(new Uid(uid));
            positions.Add(position);
            if (_relevancies.TryGetValue(uid, out var relevancy))
            {
                relevancies[position] = relevancy;
            }
        }

        var sorted = await _order!.SortAsync(new Matches(selected, positions) { Relevancies = relevancies }, cancellationToken);
        return [.. sorted.All().Select(sorted.UidAt)];
    }

    private void KeepRelevancies(Matches found)
    {
        foreach (var (position, relevancy) in found.Relevancies ?? new Dictionary<int, int>())
        {
            _relevancies[found.UidAt(position).Value] = relevancy;
        }
    }

    /// <summary>A search is in no order of its own: position 0 (RFC 5267 4.3.3).</summary>
    private static void WriteSet(ResponseWriter output, IEnumerable<uint> numbers)
    {
        output.Write("0 "u8);
        output.Set(UidSet.From(numbers.Select(n => new Uid(n))));
    }

    private static void WritePlace(ResponseWriter output, int index, uint number, ref bool isFirst)
    {
        output.Write(isFirst ? default : " "u8);
        isFirst = false;
        output.Write(index + 1L);
        output.Write((byte)' ');
        output.Write(number);
    }

    private uint Shown(MailboxState view, Uid uid) => _byUid ? uid.Value : (uint)view.IndexOf(uid) + 1;
}
