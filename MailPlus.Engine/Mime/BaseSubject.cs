namespace MailPlus.Engine.Mime;

/// <summary>A subject without what replies and forwards put around it (RFC 5256 2.1): what SORT and THREAD compare.</summary>
/// <param name="Text">The base subject.</param>
/// <param name="IsReplyOrForward">Whether a mark of a reply or forward was taken off.</param>
internal readonly record struct BaseSubject(string Text, bool IsReplyOrForward)
{
    private const string ForwardTrailer = "(fwd)";
    private const string ForwardHead = "[fwd:";

    /// <summary>Takes the marks off a decoded subject.</summary>
    public static BaseSubject Of(string decoded)
    {
        ReadOnlySpan<char> text = FoldSpaces(decoded);
        var isReply = false;
        while (true)
        {
            text = DropTrailers(text, ref isReply);
            text = DropLeaders(text, ref isReply);
            if (!text.StartsWith(ForwardHead, StringComparison.OrdinalIgnoreCase) || !text.EndsWith("]", StringComparison.Ordinal))
            {
                return new BaseSubject(text.ToString(), isReply);
            }

            text = text[ForwardHead.Length..^1];
            isReply = true;
        }
    }

    private static string FoldSpaces(string text)
    {
        if (!text.Contains('\t') && !text.Contains("  ", StringComparison.Ordinal))
        {
            return text;
        }

        var folded = new System.Text.StringBuilder(text.Length);
        foreach (var c in text)
        {
            var isSpace = c is ' ' or '\t';
            if (!isSpace || folded.Length == 0 || folded[^1] != ' ')
            {
                folded.Append(isSpace ? ' ' : c);
            }
        }

        return folded.ToString();
    }

    private static ReadOnlySpan<char> DropTrailers(ReadOnlySpan<char> text, scoped ref bool isReply)
    {
        text = text.TrimEnd(' ');
        while (text.EndsWith(ForwardTrailer, StringComparison.OrdinalIgnoreCase))
        {
            text = text[..^ForwardTrailer.Length].TrimEnd(' ');
            isReply = true;
        }

        return text;
    }

    private static ReadOnlySpan<char> DropLeaders(ReadOnlySpan<char> text, scoped ref bool isReply)
    {
        while (true)
        {
            text = text.TrimStart(' ');
            if (LeaderLength(text) is > 0 and var leader)
            {
                text = text[leader..];
                isReply = true;
                continue;
            }

            var blob = BlobLength(text);
            if (blob == 0 || blob == text.Length)
            {
                return text; // a blob that is all there is stays
            }

            text = text[blob..];
        }
    }

    /// <summary>Octets of <c>[list] Re [2]:</c> and the like, 0 when the text begins otherwise.</summary>
    private static int LeaderLength(ReadOnlySpan<char> text)
    {
        var at = 0;
        while (BlobLength(text[at..]) is > 0 and var blob)
        {
            at += blob;
        }

        var rest = text[at..];
        var word = rest.StartsWith("re", StringComparison.OrdinalIgnoreCase) ? 2
            : rest.StartsWith("fwd", StringComparison.OrdinalIgnoreCase) ? 3
            : rest.StartsWith("fw", StringComparison.OrdinalIgnoreCase) ? 2 : 0;
        if (word == 0)
        {
            return 0;
        }

        at += word;
        at += text[at..].Length - text[at..].TrimStart(' ').Length;
        at += BlobLength(text[at..]);
        return at < text.Length && text[at] == ':' ? at + 1 : 0;
    }

    /// <summary>Length of a bracketed blob with the spaces after it, 0 when there is none.</summary>
    private static int BlobLength(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text[0] != '[')
        {
            return 0;
        }

        var end = text[1..].IndexOfAny('[', ']') + 1;
        if (end == 0 || text[end] == '[')
        {
            return 0;
        }

        end++;
        while (end < text.Length && text[end] == ' ')
        {
            end++;
        }

        return end;
    }
}
