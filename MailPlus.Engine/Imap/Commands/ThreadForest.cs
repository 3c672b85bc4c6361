using MailPlus.Engine.Imap.Wire;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>What threading looks at.</summary>
/// <param name="Number">Sequence number or UID shown.</param>
/// <param name="MessageId">Number of its Message-ID, 0 for none.</param>
/// <param name="References">Its ancestors, oldest first.</param>
/// <param name="Subject">Number of its base subject, 0 for an empty one.</param>
/// <param name="Date">When it was sent (REFS: came in), in seconds.</param>
internal readonly record struct ThreadMessage(uint Number, int MessageId, ReadOnlyMemory<int> References, int Subject, long Date)
{
    /// <summary>A mark of a reply or forward was taken off its subject.</summary>
    public bool IsReplyOrForward { get; init; }
}

/// <summary>
/// Joins messages to threads (RFC 5256 3). Pure. Nodes are numbers in arrays and no step recurses, so that a thread may be as deep as it likes. Nodes below the count of
/// messages are messages, the others stand for messages that are not here.
/// </summary>
internal sealed class ThreadForest
{
    private const int None = -1;

    /// <summary>Ancestors looked at for loops; a message that deep is left where it is.</summary>
    private const int MaxClimb = 2000;

    private readonly ThreadMessage[] _messages;
    private readonly List<int> _parent;
    private readonly List<int> _childCount;
    private readonly List<List<int>?> _children;

    private ThreadForest(ThreadMessage[] messages)
    {
        _messages = messages;
        (_parent, _childCount, _children) = (new(messages.Length), new(messages.Length), new(messages.Length));
        for (var i = 0; i < messages.Length; i++)
        {
            Add();
        }
    }

    /// <summary>Threads in order; each is a root node.</summary>
    public IReadOnlyList<int> Roots { get; private set; } = [];

    /// <summary>Threads of messages given in mailbox order.</summary>
    public static ThreadForest Of(ThreadAlgorithm algorithm, ThreadMessage[] messages)
    {
        var forest = new ThreadForest(messages);
        forest.Roots = algorithm == ThreadAlgorithm.OrderedSubject ? forest.BySubject() : forest.ByReferences(algorithm == ThreadAlgorithm.Refs);
        return forest;
    }

    /// <summary>The message of a node, null for one that is not here.</summary>
    public ThreadMessage? Message(int node) => node < _messages.Length ? _messages[node] : null;

    /// <summary>Children of a node in order.</summary>
    public IReadOnlyList<int> Children(int node) => _children[node] ?? (IReadOnlyList<int>)[];

    private int Add()
    {
        _parent.Add(None);
        _childCount.Add(0);
        _children.Add(null);
        return _parent.Count - 1;
    }

    private List<int> BySubject()
    {
        var order = Enumerable.Range(0, _messages.Length).ToList();
        order.Sort((a, b) => _messages[a].Subject.CompareTo(_messages[b].Subject) is not 0 and var subject ? subject : CompareDates(a, b));
        var roots = new List<int>();
        foreach (var node in order)
        {
            if (roots.Count > 0 && _messages[roots[^1]].Subject == _messages[node].Subject)
            {
                (_children[roots[^1]] ??= []).Add(node);
            }
            else
            {
                roots.Add(node);
            }
        }

        roots.Sort(CompareDates);
        return roots;
    }

    private List<int> ByReferences(bool isRefs)
    {
        LinkAll();
        var roots = new List<int>();
        for (var node = 0; node < _parent.Count; node++)
        {
            if (_parent[node] == None)
            {
                roots.Add(node);
            }
            else
            {
                (_children[_parent[node]] ??= []).Add(node);
            }
        }

        roots = Prune(roots);
        SortChildren();
        if (isRefs)
        {
            var newest = Newest(roots);
            roots.Sort((a, b) => newest[a].CompareTo(newest[b]) is not 0 and var order ? order : FirstMessage(a).CompareTo(FirstMessage(b)));
            return roots;
        }

        SortByDate(roots);
        roots = MergeSubjects(roots);
        SortChildren();
        SortByDate(roots);
        return roots;
    }

    /// <summary>Step 1: parents by References.</summary>
    private void LinkAll()
    {
        var byId = new Dictionary<int, int>(_messages.Length);
        for (var message = 0; message < _messages.Length; message++)
        {
            // A second message of the same identifier is one of its own.
            if (_messages[message].MessageId is not 0 and var id)
            {
                byId.TryAdd(id, message);
            }
        }

        for (var message = 0; message < _messages.Length; message++)
        {
            var last = None;
            foreach (var reference in _messages[message].References.Span)
            {
                if (!byId.TryGetValue(reference, out var node))
                {
                    byId[reference] = node = Add();
                }

                if (last != None && _parent[node] == None && !IsAbove(node, last))
                {
                    SetParent(node, last);
                }

                last = node;
            }

            // What this message says of its parent counts more than what others said before.
            SetParent(message, None);
            if (last != None && !IsAbove(message, last))
            {
                SetParent(message, last);
            }
        }
    }

    private void SetParent(int node, int parent)
    {
        if (_parent[node] != None)
        {
            _childCount[_parent[node]]--;
        }

        _parent[node] = parent;
        if (parent != None)
        {
            _childCount[parent]++;
        }
    }

    /// <summary>Whether a node is another or above it, so that it cannot become its child.</summary>
    private bool IsAbove(int node, int other)
    {
        if (node == other)
        {
            return true;
        }

        if (_childCount[node] == 0)
        {
            return false;
        }

        for (var climbed = 0; other != None; other = _parent[other], climbed++)
        {
            if (other == node || climbed > MaxClimb)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Step 3: nodes without a message go, their children take their place, at the top only a single one.</summary>
    private List<int> Prune(List<int> roots)
    {
        foreach (var node in BottomUp(roots))
        {
            if (_children[node] is { } children)
            {
                _children[node] = Promote(children, isTop: false);
            }
        }

        return Promote(roots, isTop: true);
    }

    private List<int> Promote(List<int> siblings, bool isTop)
    {
        if (!siblings.Exists(s => s >= _messages.Length))
        {
            return siblings;
        }

        var kept = new List<int>(siblings.Count);
        foreach (var node in siblings)
        {
            if (node < _messages.Length || (isTop && Children(node).Count > 1))
            {
                kept.Add(node);
            }
            else
            {
                kept.AddRange(Children(node));
            }
        }

        return kept;
    }

    /// <summary>Step 5: threads of one base subject become one.</summary>
    private List<int> MergeSubjects(List<int> roots)
    {
        var table = new Dictionary<int, int>();
        foreach (var root in roots)
        {
            if (_messages[FirstMessage(root)].Subject is not 0 and var subject && (!table.TryGetValue(subject, out var known)
                || (!IsDummy(known) && (IsDummy(root) || (IsReply(known) && !IsReply(root))))))
            {
                table[subject] = root;
            }
        }

        var merged = new HashSet<int>();
        var replaced = new Dictionary<int, int>();
        foreach (var root in roots)
        {
            if (_messages[FirstMessage(root)].Subject is not 0 and var subject && table[subject] is var known && known != root)
            {
                table[subject] = Merge(root, known, replaced);
                merged.Add(root);
            }
        }

        return [.. roots.Where(r => !merged.Contains(r)).Select(r => replaced.GetValueOrDefault(r, r))];
    }

    /// <summary>Joins a thread to the one that stands for its subject; returns what stands for it then.</summary>
    private int Merge(int root, int known, Dictionary<int, int> replaced)
    {
        if (IsDummy(known))
        {
            if (IsDummy(root))
            {
                (_children[known] ??= []).AddRange(Children(root));
            }
            else
            {
                (_children[known] ??= []).Add(root);
            }

            return known;
        }

        if (IsReply(root) && !IsReply(known))
        {
            (_children[known] ??= []).Add(root);
            return known;
        }

        // Neither answers the other: both become children of a message that is not here.
        var both = Add();
        _children[both] = [known, root];
        replaced[known] = both;
        return both;
    }

    private bool IsReply(int node) => _messages[FirstMessage(node)].IsReplyOrForward;

    private bool IsDummy(int node) => node >= _messages.Length;

    /// <summary>The message whose subject and date stand for a node: itself, or its first child's.</summary>
    private int FirstMessage(int node)
    {
        while (IsDummy(node))
        {
            node = Children(node)[0];
        }

        return node;
    }

    private void SortChildren()
    {
        // Children of nodes without a message first: a node's date may be its first child's.
        foreach (var children in _children)
        {
            children?.Sort(CompareDates);
        }
    }

    private void SortByDate(List<int> nodes) => nodes.Sort(CompareDates);

    private int CompareDates(int one, int other)
    {
        var (a, b) = (FirstMessage(one), FirstMessage(other));
        return _messages[a].Date.CompareTo(_messages[b].Date) is not 0 and var order ? order : a.CompareTo(b);
    }

    /// <summary>Newest date in each node's thread.</summary>
    private long[] Newest(List<int> roots)
    {
        var newest = new long[_parent.Count];
        foreach (var node in BottomUp(roots))
        {
            newest[node] = Math.Max(IsDummy(node) ? long.MinValue : _messages[node].Date, Children(node).Select(c => newest[c]).DefaultIfEmpty(long.MinValue).Max());
        }

        return newest;
    }

    /// <summary>All nodes of trees, children before parents.</summary>
    private List<int> BottomUp(List<int> roots)
    {
        var order = new List<int>(_parent.Count);
        var seen = new bool[_parent.Count];
        var open = new Stack<int>(roots);
        while (open.TryPop(out var node))
        {
            if (seen[node])
            {
                continue;
            }

            seen[node] = true;
            order.Add(node);
            foreach (var child in Children(node))
            {
                open.Push(child);
            }
        }

        order.Reverse();
        return order;
    }
}
