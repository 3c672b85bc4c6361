namespace MailPlus.Engine.Imap.Wire;

/// <summary>A LIST pattern (RFC 3501 6.3.8): <c>*</c> matches anything, <c>%</c> anything but the hierarchy delimiter; INBOX in any case.</summary>
internal sealed class MailboxPattern
{
    private readonly string _pattern;

    /// <param name="reference">Put before the pattern as it is.</param>
    /// <param name="pattern">Pattern in Unicode.</param>
    public MailboxPattern(string reference, string pattern)
    {
        var joined = pattern.StartsWith('/') ? pattern[1..] : reference + pattern;

        // Neighbouring wildcards match what one of them does; joining them keeps matching cheap.
        var text = new System.Text.StringBuilder(joined.Length);
        foreach (var c in joined)
        {
            if (c is '*' or '%' && text.Length > 0 && text[^1] is ('*' or '%'))
            {
                text[^1] = c == '*' || text[^1] == '*' ? '*' : '%';
            }
            else
            {
                text.Append(c);
            }
        }

        _pattern = text.ToString();
    }

    public bool Matches(string name)
    {
        if (MatchesExactly(name))
        {
            return true;
        }

        // The first level may be INBOX in any case.
        var end = name.IndexOf('/', StringComparison.Ordinal);
        var first = end < 0 ? name : name[..end];
        var wanted = _pattern.IndexOf('/', StringComparison.Ordinal);
        var firstWanted = wanted < 0 ? _pattern : _pattern[..wanted];
        return first == "INBOX" && new MailboxPattern("", firstWanted.ToUpperInvariant() + _pattern[firstWanted.Length..]).MatchesExactly(name);
    }

    /// <summary>False when no name below another can match: what stands before the first wildcard leads elsewhere.</summary>
    public bool MayMatchBelow(string superior)
    {
        var wildcard = _pattern.AsSpan().IndexOfAny('*', '%');
        var fixedPart = wildcard < 0 ? _pattern : _pattern[..wildcard];
        return superior.StartsWith(fixedPart, StringComparison.Ordinal) || fixedPart.StartsWith(superior, StringComparison.Ordinal);
    }

    private bool MatchesExactly(string name)
    {
        // Reachable positions of the pattern, one set per octet of the name: no backtracking, whatever the pattern.
        var pattern = _pattern;
        var now = new bool[pattern.Length + 1];
        var next = new bool[pattern.Length + 1];
        now[0] = true;
        Close(pattern, now);
        foreach (var c in name)
        {
            Array.Clear(next);
            for (var i = 0; i < pattern.Length; i++)
            {
                if (!now[i])
                {
                    continue;
                }

                if (pattern[i] == '*' || (pattern[i] == '%' && c != '/'))
                {
                    next[i] = true;
                }
                else if (pattern[i] == c)
                {
                    next[i + 1] = true;
                }
            }

            Close(pattern, next);
            (now, next) = (next, now);
        }

        return now[pattern.Length];
    }

    private static void Close(string pattern, bool[] at)
    {
        for (var i = 0; i < pattern.Length; i++)
        {
            if (at[i] && pattern[i] is ('*' or '%'))
            {
                at[i + 1] |= at[i];
            }
        }
    }
}
