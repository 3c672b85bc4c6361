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
    private readonly List<SortKeys.Entry> _sorted;

    public SearchContext(string tag, bool byUid, SearchMatcher matcher, IEnumerable<Found> found)
        : this(tag, byUid, matcher, (null, []), found)
    {
    }

    public SearchContext(string tag, bool byUid, SearchMatcher matcher, SortKeys order, List<SortKeys.Entry> sorted)
        : this(tag, byUid, matcher, (order, sorted), sorted.Select(e => e.Found))
    {
    }

    private SearchContext(string tag, bool byUid, SearchMatcher matcher, (SortKeys? Order, List<SortKeys.Entry> Entries) sorted, IEnumerable<Found> found)
    {
        (Tag, _byUid, _matcher, _order, _sorted) = (tag, byUid, matcher, sorted.Order, sorted.Entries);
        _members = [.. found.Select(f => f.Message.Uid.Value)];
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
        var matches = matching.Select(f => f.Message.Uid).ToHashSet();
        var left = uids.Where(u => _members.Contains(u.Value) && !matches.Contains(u)).ToList();
        var entered = matching.FindAll(f => !_members.Contains(f.Message.Uid.Value));
        if (left.Count > 0)
        {
            Begin(session.Output, " REMOVEFROM ("u8);
            WriteRemoved(session.Output, selected.View, left);
        }

        if (entered.Count > 0)
        {
            Begin(session.Output, " ADDTO ("u8);
            await WriteAddedAsync(session.Output, entered, cancellationToken);
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
                if (uids.Contains(_sorted[i].Found.Message.Uid))
                {
                    WritePlace(output, i, Shown(view, _sorted[i].Found.Message.Uid), ref isFirst);
                }
            }

            _sorted.RemoveAll(e => uids.Contains(e.Found.Message.Uid));
        }

        output.Write(")\r\n"u8);
        _members.ExceptWith(gone.Select(u => u.Value));
    }

    private async ValueTask WriteAddedAsync(ResponseWriter output, List<Found> entered, CancellationToken cancellationToken)
    {
        if (_order is null)
        {
            WriteSet(output, entered.Select(f => _byUid ? f.Message.Uid.Value : f.Number));
        }
        else
        {
            var isFirst = true;
            foreach (var entry in await _order.KeysAsync(entered, cancellationToken))
            {
                var at = ~_sorted.BinarySearch(entry, Comparer<SortKeys.Entry>.Create(_order.Compare));
                _sorted.Insert(at, entry);
                WritePlace(output, at, _byUid ? entry.Found.Message.Uid.Value : entry.Found.Number, ref isFirst);
            }
        }

        output.Write(")\r\n"u8);
        _members.UnionWith(entered.Select(f => f.Message.Uid.Value));
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
