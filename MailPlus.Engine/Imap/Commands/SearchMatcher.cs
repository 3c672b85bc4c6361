using MailPlus.Engine.Imap.Server;
using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Search;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>
/// Judges messages by a search key in two steps: what the snapshot knows decides most messages; only for the rest are rows read, with no more columns than the
/// keys need. Names, sets, days and intervals are worked out once; sets become UIDs, so that a matcher stays true when sequence numbers change (RFC 5267 4.3).
/// </summary>
internal sealed class SearchMatcher
{
    private const long SecondsOfDay = 86_400;

    private readonly SelectedMailbox _selected;
    private readonly Node _root;
    private readonly List<Node> _asked = [];
    private readonly bool _byCharacter;
    private MailboxAnswers? _answers;

    public SearchMatcher(SelectedMailbox selected, SearchKey key, DateTimeOffset now)
    {
        if (selected.Session.Modes.UidOnly && key.Uses(k => k.Subject == SearchSubject.Sequence && !k.Set!.IsSaved))
        {
            throw new SyntaxException("No sequence numbers under UIDONLY") { Code = "UIDREQUIRED" };
        }

        _selected = selected;
        _byCharacter = selected.Session.Settings.Search.CharacterSearch;
        _root = Compile(key, now.ToUnixTimeSeconds());
    }

    /// <summary>Columns a row needs.</summary>
    public MessageColumns Columns { get; private set; }

    /// <summary>Asks the full-text index about all keys that look at texts, once.</summary>
    public void Ask(SearchIndex? index)
    {
        if (index is not null && _asked.Count > 0 && _answers is null)
        {
            _answers = index.Ask(_selected.Store.Account, _selected.View.Mailbox, _asked.ConvertAll(node => Question(node.Key)));
            for (var i = 0; _answers is not null && i < _asked.Count; i++)
            {
                _asked[i].Answer = _answers.Answers[i];
            }
        }
    }

    /// <summary>The only messages of the view that can match, as ascending positions; null when any can.</summary>
    public List<int>? Positions()
    {
        if (_answers is null || Bound(_root) is not { } uids)
        {
            return null;
        }

        var view = _selected.View;
        var positions = new List<int>();
        foreach (var uid in uids.Concat(_answers.Unknown).Distinct().Order())
        {
            if (view.IndexOf(new Uid(uid)) is >= 0 and var position)
            {
                positions.Add(position);
            }
        }

        for (var position = view.IndexOfFirstAtLeast(new Uid(_answers.Through + 1)); position < view.Count; position++)
        {
            positions.Add(position);
        }

        return positions;
    }

    /// <summary>Whether the message matches, null when only its row can tell.</summary>
    public bool? MatchState(in MessageState message) => Match(_root, message);

    /// <summary>How well the message matches with its row: 0 not at all, up to 100 (RFC 6203 4); exact keys know 0 and 100 only.</summary>
    public async ValueTask<int> MatchRowAsync(MessageState message, MessageRow row, CancellationToken cancellationToken)
    {
        var text = new SearchText(row, _byCharacter);
        return await MatchRowAsync(_root, message, text, cancellationToken) ? text.Relevancy : 0;
    }

    private static long Start(DateOnly day) => new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeSeconds();

    private Node Compile(SearchKey key, long now)
    {
        Columns |= key.Subject switch
        {
            SearchSubject.EmailId or SearchSubject.ThreadId => MessageColumns.ObjectIds,
            SearchSubject.SentBefore or SearchSubject.SentOn or SearchSubject.SentSince => MessageColumns.Envelope,
            SearchSubject.Header or SearchSubject.Body or SearchSubject.Text => MessageColumns.Content,
            SearchSubject.SavedBefore or SearchSubject.SavedOn or SearchSubject.SavedSince => MessageColumns.SaveDate,
            _ => MessageColumns.None,
        };
        var node = new Node(key)
        {
            Kids = [.. key.Keys.Select(k => Compile(k, now))],
            Uids = key.Set is { } set ? Uids(set, key.Subject == SearchSubject.Uid) : [],
            Flags = key.Subject is SearchSubject.Flag or SearchSubject.NoFlag && FlagNames.TrySystem(key.Name, out var flag) ? flag : MessageFlags.None,
            IsRecent = key.Name.Equals("\\Recent", StringComparison.OrdinalIgnoreCase),
            Bound = key.Subject switch
            {
                SearchSubject.Before or SearchSubject.On or SearchSubject.Since or SearchSubject.SavedBefore or SearchSubject.SavedOn or SearchSubject.SavedSince => Start(key.Day),
                SearchSubject.Older or SearchSubject.Younger => now - key.Number,
                _ => key.Number,
            },
        };
        if (IsText(key))
        {
            _asked.Add(node);
        }

        return node;
    }

    private static bool IsText(SearchKey key) => key.Subject is SearchSubject.Header or SearchSubject.Body or SearchSubject.Text;

    private static TextQuestion Question(SearchKey key) => key.Subject switch
    {
        SearchSubject.Header => new TextQuestion(TextScope.Header, key.Name, key.Needle) { IsLoose = key.IsFuzzy },
        SearchSubject.Body => new TextQuestion(TextScope.Body, "", key.Needle) { IsLoose = key.IsFuzzy },
        _ => new TextQuestion(TextScope.Text, "", key.Needle) { IsLoose = key.IsFuzzy },
    };

    /// <summary>UIDs that alone may match a key as far as the index knows, null for all.</summary>
    private static uint[]? Bound(Node node)
    {
        switch (node.Key.Subject)
        {
            case SearchSubject.And:
                return node.Kids.Select(Bound).OfType<uint[]>().MinBy(uids => uids.Length);
            case SearchSubject.Or:
                return Bound(node.Kids[0]) is { } one && Bound(node.Kids[1]) is { } other ? [.. one, .. other] : null;
            default:
                return node.Answer?.Uids;
        }
    }

    private bool? MatchText(Node node, in MessageState message) =>
        node.Answer is not { } answer || !_answers!.Know(message.Uid.Value) ? null
        : !answer.Contains(message.Uid.Value) ? false
        : answer.IsExact ? true : null;

    private IReadOnlyList<(uint First, uint Last)> Uids(SequenceSet set, bool isUid)
    {
        var view = _selected.View;
        if (set.IsSaved)
        {
            return _selected.Saved.Ranges;
        }

        var ranges = set.Resolve(!isUid ? (uint)view.Count : view.Count == 0 ? 0 : view[view.Count - 1].Uid.Value);
        return isUid
            ? ranges
            : [.. ranges.Where(r => r.First <= view.Count).Select(r => (view[(int)r.First - 1].Uid.Value, view[(int)Math.Min(r.Last, (uint)view.Count) - 1].Uid.Value))];
    }

    private bool? Match(Node node, in MessageState message)
    {
        switch (node.Key.Subject)
        {
            case SearchSubject.And:
                return MatchAll(node, message);
            case SearchSubject.Or:
                var one = Match(node.Kids[0], message);
                var other = one == true ? true : Match(node.Kids[1], message);
                return one == true || other == true ? true : one is null || other is null ? null : false;
            case SearchSubject.Not:
                return !Match(node.Kids[0], message);
            case SearchSubject.Header or SearchSubject.Body or SearchSubject.Text:
                return MatchText(node, message);
            case SearchSubject.SentBefore or SearchSubject.SentOn or SearchSubject.SentSince or SearchSubject.SavedBefore or SearchSubject.SavedOn or SearchSubject.SavedSince or SearchSubject.EmailId or SearchSubject.ThreadId:
                return null;
            default:
                return MatchLeaf(node, message);
        }
    }

    private bool? MatchAll(Node node, in MessageState message)
    {
        bool? result = true;
        foreach (var inner in node.Kids)
        {
            switch (Match(inner, message))
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

    private bool MatchLeaf(Node node, in MessageState message) => node.Key.Subject switch
    {
        SearchSubject.All => true,
        SearchSubject.Sequence or SearchSubject.Uid => Contains(node.Uids, message.Uid.Value),
        SearchSubject.UidAfter => message.Uid.Value > node.Bound,
        SearchSubject.UidBefore => message.Uid.Value < node.Bound,
        SearchSubject.Flag => HasFlag(node, message),
        SearchSubject.NoFlag => !HasFlag(node, message),
        SearchSubject.Recent => _selected.IsRecent(message.Uid),
        SearchSubject.Old => !_selected.IsRecent(message.Uid),
        SearchSubject.New => _selected.IsRecent(message.Uid) && (message.Flags & MessageFlags.Seen) == 0,
        SearchSubject.Before => message.InternalDate < node.Bound,
        SearchSubject.On => message.InternalDate >= node.Bound && message.InternalDate < node.Bound + SecondsOfDay,
        SearchSubject.Since => message.InternalDate >= node.Bound,
        SearchSubject.Older => message.InternalDate <= node.Bound,
        SearchSubject.Younger => message.InternalDate >= node.Bound,
        SearchSubject.Larger => message.Size > node.Bound,
        SearchSubject.Smaller => message.Size < node.Bound,
        SearchSubject.ModSeq => message.ModSeq.Value >= node.Bound,
        _ => false,
    };

    private bool HasFlag(Node node, in MessageState message)
    {
        if (node.Flags != MessageFlags.None)
        {
            return (message.Flags & node.Flags) != 0;
        }

        if (node.IsRecent)
        {
            return _selected.IsRecent(message.Uid);
        }

        if (message.Keywords == 0)
        {
            return false;
        }

        // Keywords may be added to the mailbox while a matcher lives: the bit is looked up for each list of them.
        var keywords = _selected.Known.Keywords;
        if (!ReferenceEquals(node.Keywords, keywords))
        {
            (node.Keywords, node.Bit) = (keywords, FlagNames.KeywordBit(keywords, node.Key.Name));
        }

        return (message.Keywords & node.Bit) != 0;
    }

    private async ValueTask<bool> MatchRowAsync(Node node, MessageState message, SearchText text, CancellationToken cancellationToken)
    {
        var key = node.Key;
        switch (key.Subject)
        {
            case SearchSubject.And:
                foreach (var inner in node.Kids)
                {
                    if (!await MatchRowAsync(inner, message, text, cancellationToken))
                    {
                        return false;
                    }
                }

                return true;
            case SearchSubject.Or:
                return await MatchRowAsync(node.Kids[0], message, text, cancellationToken) || await MatchRowAsync(node.Kids[1], message, text, cancellationToken);
            case SearchSubject.Not:
                return !await MatchRowAsync(node.Kids[0], message, text, cancellationToken);
            case SearchSubject.EmailId:
                return key.Name == ObjectIds.Email(_selected.Store.Account, text.EmailId);
            case SearchSubject.ThreadId:
                return key.Name == ObjectIds.Thread(_selected.Store.Account, text.ThreadId);
            case SearchSubject.SentBefore:
                return text.Sent is { } before && before < key.Day;
            case SearchSubject.SentOn:
                return text.Sent == key.Day;
            case SearchSubject.SentSince:
                return text.Sent is { } since && since >= key.Day;
            case SearchSubject.SavedBefore:
                return text.Saved < node.Bound;
            case SearchSubject.SavedOn:
                return text.Saved >= node.Bound && text.Saved < node.Bound + SecondsOfDay;
            case SearchSubject.SavedSince:
                return text.Saved >= node.Bound;
            case SearchSubject.Header or SearchSubject.Body or SearchSubject.Text when MatchText(node, message) is { } known:
                return known;
            case SearchSubject.Header or SearchSubject.Body or SearchSubject.Text when key.IsFuzzy && key.Needle.Length > 0:
                return await text.MatchesLooselyAsync(key, cancellationToken);
            case SearchSubject.Header:
                return await text.HeaderContainsAsync(key.Name, key.Needle, cancellationToken);
            case SearchSubject.Body:
                return text.BodyContains(key.Needle);
            case SearchSubject.Text:
                return await text.HeaderContainsAsync(null, key.Needle, cancellationToken) || text.BodyContains(key.Needle);
            default:
                return MatchLeaf(node, message);
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

    /// <summary>A key with what it means in this mailbox.</summary>
    private sealed class Node(SearchKey key)
    {
        public SearchKey Key => key;

        public required Node[] Kids { get; init; }

        public required IReadOnlyList<(uint First, uint Last)> Uids { get; init; }

        public required MessageFlags Flags { get; init; }

        public required bool IsRecent { get; init; }

        public required long Bound { get; init; }

        public IReadOnlyList<string>? Keywords { get; set; }

        public ulong Bit { get; set; }

        /// <summary>What the full-text index says.</summary>
        public TextAnswer? Answer { get; set; }
    }
}
