using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// Judges messages by a search key in two steps: what the snapshot knows decides most messages; only for the rest are rows read, with no more columns than the
/// keys need.
/// </summary>
internal sealed class SearchMatcher
{
    private readonly SelectedMailbox _selected;
    private readonly SearchKey _key;
    private readonly Dictionary<SearchKey, IReadOnlyList<(uint First, uint Last)>> _sets = new(ReferenceEqualityComparer.Instance);

    public SearchMatcher(SelectedMailbox selected, SearchKey key)
    {
        _selected = selected;
        _key = key;
        Prepare(key);
    }

    /// <summary>Columns a row needs.</summary>
    public MessageColumns Columns { get; private set; }

    /// <summary>Whether the message matches, null when only its row can tell.</summary>
    public bool? MatchState(uint number, in MessageState message) => Match(_key, number, message);

    /// <summary>Whether the message matches, with its row.</summary>
    public async ValueTask<bool> MatchRowAsync(uint number, MessageState message, MessageRow row, CancellationToken cancellationToken)
    {
        var text = new SearchText(row);
        return await MatchRowAsync(_key, number, message, text, cancellationToken);
    }

    private void Prepare(SearchKey key)
    {
        if (key.Set is { } set)
        {
            var count = _selected.View.Count;
            _sets[key] = set.Resolve(key.Subject == SearchSubject.Sequence ? (uint)count : count == 0 ? 0 : _selected.View[count - 1].Uid.Value);
        }

        Columns |= key.Subject switch
        {
            SearchSubject.SentBefore or SearchSubject.SentOn or SearchSubject.SentSince => MessageColumns.Envelope,
            SearchSubject.Header or SearchSubject.Body or SearchSubject.Text => MessageColumns.Content,
            _ => MessageColumns.None,
        };
        foreach (var inner in key.Keys)
        {
            Prepare(inner);
        }
    }

    private bool? Match(SearchKey key, uint number, in MessageState message)
    {
        switch (key.Subject)
        {
            case SearchSubject.And:
                return MatchAll(key, number, message);
            case SearchSubject.Or:
                var one = Match(key.Keys[0], number, message);
                var other = one == true ? true : Match(key.Keys[1], number, message);
                return one == true || other == true ? true : one is null || other is null ? null : false;
            case SearchSubject.Not:
                return !Match(key.Keys[0], number, message);
            case SearchSubject.SentBefore or SearchSubject.SentOn or SearchSubject.SentSince or SearchSubject.Header or SearchSubject.Body or SearchSubject.Text:
                return null;
            default:
                return MatchLeaf(key, number, message);
        }
    }

    private bool? MatchAll(SearchKey key, uint number, in MessageState message)
    {
        bool? result = true;
        foreach (var inner in key.Keys)
        {
            switch (Match(inner, number, message))
            {
                case false:
                    return false;
                case null:
                    result = null;
                    break;
            }
        }

        return result;
    }

    private bool MatchLeaf(SearchKey key, uint number, in MessageState message) => key.Subject switch
    {
        SearchSubject.All => true,
        SearchSubject.Sequence => Contains(_sets[key], number),
        SearchSubject.Uid => Contains(_sets[key], message.Uid.Value),
        SearchSubject.Flag => HasFlag(key.Name, message),
        SearchSubject.NoFlag => !HasFlag(key.Name, message),
        SearchSubject.Recent => _selected.IsRecent(message.Uid),
        SearchSubject.Old => !_selected.IsRecent(message.Uid),
        SearchSubject.New => _selected.IsRecent(message.Uid) && (message.Flags & MessageFlags.Seen) == 0,
        SearchSubject.Before => ImapTime.Day(message.InternalDate) < key.Day,
        SearchSubject.On => ImapTime.Day(message.InternalDate) == key.Day,
        SearchSubject.Since => ImapTime.Day(message.InternalDate) >= key.Day,
        SearchSubject.Larger => message.Size > key.Number,
        SearchSubject.Smaller => message.Size < key.Number,
        SearchSubject.ModSeq => message.ModSeq.Value >= key.Number,
        _ => false,
    };

    private bool HasFlag(string name, in MessageState message) => FlagNames.TrySystem(name, out var flag)
        ? (message.Flags & flag) != 0
        : name.Equals("\\Recent", StringComparison.OrdinalIgnoreCase)
            ? _selected.IsRecent(message.Uid)
            : (message.Keywords & FlagNames.KeywordBit(_selected.Known.Keywords, name)) != 0;

    private async ValueTask<bool> MatchRowAsync(SearchKey key, uint number, MessageState message, SearchText text, CancellationToken cancellationToken)
    {
        switch (key.Subject)
        {
            case SearchSubject.And:
                foreach (var inner in key.Keys)
                {
                    if (!await MatchRowAsync(inner, number, message, text, cancellationToken))
                    {
                        return false;
                    }
                }

                return true;
            case SearchSubject.Or:
                return await MatchRowAsync(key.Keys[0], number, message, text, cancellationToken) || await MatchRowAsync(key.Keys[1], number, message, text, cancellationToken);
            case SearchSubject.Not:
                return !await MatchRowAsync(key.Keys[0], number, message, text, cancellationToken);
            case SearchSubject.SentBefore:
                return text.Sent is { } before && before < key.Day;
            case SearchSubject.SentOn:
                return text.Sent == key.Day;
            case SearchSubject.SentSince:
                return text.Sent is { } since && since >= key.Day;
            case SearchSubject.Header:
                return await text.HeaderContainsAsync(key.Name, key.Needle, cancellationToken);
            case SearchSubject.Body:
                return text.BodyContains(key.Needle);
            case SearchSubject.Text:
                return await text.HeaderContainsAsync(null, key.Needle, cancellationToken) || text.BodyContains(key.Needle);
            default:
                return MatchLeaf(key, number, message);
        }
    }

    private static bool Contains(IReadOnlyList<(uint First, uint Last)> ranges, uint number)
    {
        int low = 0, high = ranges.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (number < ranges[middle].First)
            {
                high = middle - 1;
            }
            else if (number > ranges[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }
}
