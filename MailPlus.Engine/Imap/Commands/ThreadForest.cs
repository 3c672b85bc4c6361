using MailPlus.Engine.Imap.Wire;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Imap.Commands;

/// <summary>What threading looks at.</summary>
/// <param name="Number">Sequence number or UID shown.</param>
/// <param name="MessageId">Message-ID, "" for none.</param>
/// <param name="References">Its ancestors, oldest first.</param>
/// <param name="Subject">Base subject.</param>
/// <param name="Date">When it was sent (REFS: came in), in seconds.</param>
internal sealed record ThreadMessage(uint Number, string MessageId, IReadOnlyList<string> References, BaseSubject Subject, long Date);

/// <summary>
/// Joins messages to threads (RFC 5256 3). Pure. Nodes are numbers in arrays and no step recurses, so that a thread may be as deep as it likes. Nodes below the count of
/// messages are messages, the others stand for messages that are not here.
/// </summary>
internal sealed class ThreadForest
{
    private const int None = -1;

    /// <summary>Ancestors looked at for loops; a message that deep is left where it is.</summary>
    private const int MaxClimb = 2000;

    private readonly IReadOnlyList<ThreadMessage> _messages;
    private readonly List<int> _parent = [];
    private readonly List<int> _childCount = [];
    private readonly List<List<int>?> _children = [];

    private ThreadForest(IReadOnlyList<ThreadMessage> messages)
    {
        _messages = messages;
        for (var i = 0; i < messages.Count; i++)
        {
            Add();
        }
    }

    /// <summary>Threads in order; each is a root node.</summary>
    public IReadOnlyList<int> Roots { get; private set; } = [];

    /// <summary>Threads of messages given in mailbox order.</summary>
    public static ThreadForest Of(ThreadAlgorithm algorithm, IReadOnlyList<ThreadMessage> messages)
    {
        var forest = new ThreadForest(messages);
        forest.Roots = algorithm == ThreadAlgorithm.OrderedSubject ? forest.BySubject() : forest.ByReferences(algorithm == ThreadAlgorithm.Refs);
        return forest;
    }

    /// <summary>The message of a node, null for one that is not here.</summary>
    public ThreadMessage? Message(int node) => node < _messages.Count ? _messages[node] : null;

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
        var order = Enumerable.Range(0, _messages.Count).ToList();
        var keys = _messages.Select(m => Casemap.Key(m.Subject.Text)).ToList();
        order.Sort((a, b) => keys[a].AsSpan().SequenceCompareTo(keys[b]) is not 0 and var subject ? subject : CompareDates(a, b));
        var roots = new List<int>();
        foreach (var node in order)
        {
            if (roots.Count > 0 && keys[roots[^1]].AsSpan().SequenceEqual(keys[node]))
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
        var byId = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var message = 0; message < _messages.Count; message++)
        {
            // A second message of the same identifier is one of its own.
            if (_messages[message].MessageId is { Length: > 0 } id)
            {
                byId.TryAdd(id, message);
            }
        }

        for (var message = 0; message < _messages.Count; message++)
        {
            var last = None;
            foreach (var reference in _messages[message].References)
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
        if (!siblings.Exists(s => s >= _messages.Count))
        {
            return siblings;
        }

        var kept = new List<int>(siblings.Count);
        foreach (var node in siblings)
        {
            if (node < _messages.Count || (isTop && Children(node).Count > 1))
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
        var table = new Dictionary<string, int>(StringComparer.Ordinal);
        var subjects = new Dictionary<int, BaseSubject>();
        foreach (var root in roots)
        {
            var subject = _messages[FirstMessage(root)].Subject;
            subject = subject with { Text = Casemap.Fold(subject.Text) };
            subjects[root] = subject;
            if (subject.Text.Length == 0)
            {
                continue;
            }

            if (!table.TryGetValue(subject.Text, out var known) || (!IsDummy(known) && (IsDummy(root) || (subjects[known].IsReplyOrForward && !subject.IsReplyOrForward))))
            {
                table[subject.Text] = root;
            }
        }

        var merged = new HashSet<int>();
        var replaced = new Dictionary<int, int>();
        foreach (var root in roots)
        {
            if (subjects[root] is { Text.Length: > 0 } subject && table[subject.Text] is var known && known != root)
            {
                Merge(root, known, subject, subjects, table, replaced);
                merged.Add(root);
            }
        }

        return [.. roots.Where(r => !merged.Contains(r)).Select(r => replaced.GetValueOrDefault(r, r))];
    }

    private void Merge(int root, int known, BaseSubject subject, Dictionary<int, BaseSubject> subjects, Dictionary<string, int> table, Dictionary<int, int> replaced)
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
        }
        else if (subject.IsReplyOrForward && !subjects[known].IsReplyOrForward)
        {
            (_children[known] ??= []).Add(root);
        }
        else
        {
            // Neither answers the other: both become children of a message that is not here.
            var both = Add();
            _children[both] = [known, root];
            subjects[both] = subject;
            table[subject.Text] = both;
            replaced[known] = both;
        }
    }

    private bool IsDummy(int node) => node >= _messages.Count;

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
