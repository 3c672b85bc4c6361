using System.Text;

namespace MailPlus.Tests.Imap;

/// <summary>A response as a tree: a text (atom, quoted string, literal) or a list.</summary>
internal sealed record ImapNode(string Text, IReadOnlyList<ImapNode>? Items = null)
{
    /// <summary>A literal of a script that ignores carriage returns only; others compare without them too.</summary>
    public bool IsQuoted { get; init; }

    public bool IsList => Items is not null;

    /// <summary>Reads a line; <paramref name="literals"/> stand where <c>{n}</c> marks are, <c>{{{</c> blocks of scripts as <c>\u0001</c>.</summary>
    public static List<ImapNode> Read(string line, Queue<string> literals)
    {
        var at = 0;
        return ReadItems(line, ref at, '\0', literals);
    }

    public override string ToString() => IsList ? $"({string.Join(' ', Items!)})" : IsQuoted ? $"\"{Text}\"" : Text;

    private static List<ImapNode> ReadItems(string line, ref int at, char close, Queue<string> literals)
    {
        var items = new List<ImapNode>();
        while (at < line.Length && line[at] != close)
        {
            switch (line[at])
            {
                case ' ':
                    at++;
                    break;
                case '(':
                    at++;
                    items.Add(new ImapNode("", ReadItems(line, ref at, ')', literals)));
                    at++;
                    break;
                case '"':
                    items.Add(ReadQuoted(line, ref at));
                    break;
                case '\u0001':
                    at++;
                    items.Add(new ImapNode(literals.Dequeue()) { IsQuoted = true });
                    break;
                default:
                    items.Add(ReadAtom(line, ref at));
                    break;
            }
        }

        return items;
    }

    private static ImapNode ReadQuoted(string line, ref int at)
    {
        var text = new StringBuilder();
        for (at++; at < line.Length && line[at] != '"'; at++)
        {
            at += line[at] == '\\' ? 1 : 0;
            text.Append(line[at]);
        }

        at++;
        return new ImapNode(text.ToString()) { IsQuoted = true };
    }

    /// <summary>An atom; what stands in square brackets belongs to it, as in <c>body[header.fields (x)]</c>.</summary>
    private static ImapNode ReadAtom(string line, ref int at)
    {
        var start = at;
        var depth = 0;
        for (; at < line.Length; at++)
        {
            var c = line[at];
            depth += c == '[' ? 1 : c == ']' && depth > 0 ? -1 : 0;
            if (depth == 0 && c is ' ' or '(' or ')' && (depth == 0))
            {
                break;
            }
        }

        return new ImapNode(line[start..at]);
    }
}
