using System.Globalization;
using System.Text;

namespace MailPlus.Tests.Support;

/// <summary>
/// As much YAML as the suites of others use: documents, maps and lists by indentation, flow lists and maps, plain, quoted and block scalars. Maps are
/// dictionaries, lists are lists, all else is text.
/// </summary>
public sealed class SuiteYaml
{
    private readonly string[] _lines;
    private int _at;

    private SuiteYaml(string[] lines) => _lines = lines;

    /// <summary>The documents of a file.</summary>
    public static IReadOnlyList<object> ReadFile(string fileName) => [.. Documents(File.ReadAllLines(fileName, Encoding.UTF8)).Select(lines => new SuiteYaml(lines).Node(0))];

    /// <summary>A child of a map, null when absent.</summary>
    public static object? Get(object node, string key) => ((Dictionary<string, object>)node).GetValueOrDefault(key);

    /// <summary>A text child, "" when absent.</summary>
    public static string Text(object node, string key) => Get(node, key) as string ?? "";

    /// <summary>A child that is a list or a single value, as a list.</summary>
    public static IReadOnlyList<object> List(object? node) => node switch { null => [], List<object> list => list, _ => [node] };

    private static IEnumerable<string[]> Documents(IEnumerable<string> lines)
    {
        var document = new List<string>();
        foreach (var line in lines)
        {
            if (line.TrimEnd() == "---")
            {
                if (document.Any(Speaks))
                {
                    yield return [.. document];
                }

                document = [];
            }
            else
            {
                document.Add(line);
            }
        }

        if (document.Any(Speaks))
        {
            yield return [.. document];
        }
    }

    private static bool Speaks(string line) => line.TrimStart() is { Length: > 0 } text && text[0] != '#';

    private static int Indent(string line) => line.Length - line.TrimStart(' ').Length;

    private string? Peek()
    {
        while (_at < _lines.Length && !Speaks(_lines[_at]))
        {
            _at++;
        }

        return _at < _lines.Length ? _lines[_at] : null;
    }

    private object Node(int least)
    {
        var line = Peek();
        if (line is null || Indent(line) < least)
        {
            return "";
        }

        return line.TrimStart().StartsWith('-') && line.TrimStart() is "-" or ['-', ' ', ..] ? Sequence(Indent(line)) : Map(Indent(line));
    }

    private List<object> Sequence(int indent)
    {
        var items = new List<object>();
        while (Peek() is { } line && Indent(line) == indent && line.TrimStart() is "-" or ['-', ' ', ..])
        {
            var inner = _lines[_at][(indent + 1)..];
            var shift = indent + 1 + Indent(inner);
            if (inner.Trim().Length == 0)
            {
                _at++;
                items.Add(Node(indent + 1));
            }
            else if (KeyEnd(inner.TrimStart()) > 0)
            {
                _lines[_at] = new string(' ', shift) + inner.TrimStart();
                items.Add(Map(shift));
            }
            else
            {
                _at++;
                items.Add(Value(inner.TrimStart(), indent));
            }
        }

        return items;
    }

    private Dictionary<string, object> Map(int indent)
    {
        var map = new Dictionary<string, object>(StringComparer.Ordinal);
        while (Peek() is { } line && Indent(line) == indent && KeyEnd(line.TrimStart()) is > 0 and var end)
        {
            var text = line.TrimStart();
            var key = Unquote(text[..end]);
            for (var again = 2; map.ContainsKey(key); again++)
            {
                key = $"{Unquote(text[..end])}#{again}"; // tests of one name are several tests
            }

            var value = text[(end + 1)..].TrimStart();
            _at++;
            if (value.Length > 0 && value[0] != '#')
            {
                map[key] = Value(value, indent);
            }
            else
            {
                map[key] = Peek() is { } next && Indent(next) == indent && next.TrimStart().StartsWith("- ", StringComparison.Ordinal) ? Sequence(indent) : Node(indent + 1);
            }
        }

        return map;
    }

    /// <summary>Where the colon of "key: value" stands, -1 when the text is no such pair.</summary>
    private static int KeyEnd(string text)
    {
        if (text[0] is '{' or '[')
        {
            return -1;
        }

        var from = text[0] is '"' or '\'' ? text.IndexOf(text[0], 1) + 1 : 0;
        for (var i = from; i < text.Length; i++)
        {
            if (text[i] == ':' && (i + 1 == text.Length || text[i + 1] is ' ' or '\t'))
            {
                return i;
            }
        }

        return -1;
    }

    private object Value(string first, int indent)
    {
        if (first[0] is '|' or '>')
        {
            return Block(first, indent);
        }

        if (first[0] is '"' or '\'' or '[' or '{')
        {
            var text = first;
            while (!IsClosed(text) && _at < _lines.Length)
            {
                text += " " + _lines[_at++].Trim();
            }

            var at = 0;
            return Flow(text, ref at);
        }

        // A plain scalar goes on over deeper lines.
        var plain = new StringBuilder(Uncomment(first));
        while (_at < _lines.Length && _lines[_at].Trim().Length > 0 && Indent(_lines[_at]) > indent)
        {
            plain.Append(' ').Append(Uncomment(_lines[_at++].Trim()));
        }

        return plain.ToString().Trim();
    }

    private static string Uncomment(string text) => text.IndexOf(" #", StringComparison.Ordinal) is >= 0 and var hash ? text[..hash].TrimEnd() : text.TrimEnd();

    private string Block(string header, int indent)
    {
        var lines = new List<string>();
        while (_at < _lines.Length && (_lines[_at].Trim().Length == 0 || Indent(_lines[_at]) > indent))
        {
            lines.Add(_lines[_at++]);
        }

        while (lines.Count > 0 && lines[^1].Trim().Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        var margin = lines.FirstOrDefault(line => line.Trim().Length > 0) is { } solid ? Indent(solid) : 0;
        var cut = lines.Select(line => line.Length > margin ? line[margin..] : "");
        var text = header[0] == '|' ? string.Join('\n', cut) : string.Join(' ', cut.Select(line => line.Trim()).Where(line => line.Length > 0));
        return header.Contains('-') || text.Length == 0 ? text : text + "\n";
    }

    private static bool IsClosed(string text)
    {
        var depth = 0;
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote != '\0')
            {
                if (c == '\\' && quote == '"')
                {
                    i++;
                }
                else if (c == quote)
                {
                    quote = '\0';
                }
            }
            else if (c is '"' or '\'')
            {
                quote = c;
            }
            else
            {
                depth += c is '[' or '{' ? 1 : c is ']' or '}' ? -1 : 0;
            }
        }

        return depth <= 0 && quote == '\0';
    }

    private static object Flow(string text, ref int at)
    {
        Skip(text, ref at);
        if (at >= text.Length)
        {
            return "";
        }

        switch (text[at])
        {
            case '[':
                var list = new List<object>();
                at++;
                for (Skip(text, ref at); at < text.Length && text[at] != ']'; Skip(text, ref at))
                {
                    list.Add(Flow(text, ref at));
                    Skip(text, ref at);
                    at += at < text.Length && text[at] == ',' ? 1 : 0;
                }

                at++;
                return list;
            case '{':
                var map = new Dictionary<string, object>(StringComparer.Ordinal);
                at++;
                for (Skip(text, ref at); at < text.Length && text[at] != '}'; Skip(text, ref at))
                {
                    var key = (string)Flow(text, ref at);
                    Skip(text, ref at);
                    at += text[at] == ':' ? 1 : 0;
                    map[key] = Flow(text, ref at);
                    Skip(text, ref at);
                    at += at < text.Length && text[at] == ',' ? 1 : 0;
                }

                at++;
                return map;
            case '"' or '\'':
                var quote = text[at];
                var start = at++;
                while (at < text.Length && text[at] != quote)
                {
                    at += text[at] == '\\' && quote == '"' ? 2 : 1;
                }

                at++;
                return Unquote(text[start..Math.Min(at, text.Length)]);
            default:
                var from = at;
                while (at < text.Length && text[at] is not (',' or ']' or '}') && !(text[at] == ':' && (at + 1 == text.Length || text[at + 1] == ' ')))
                {
                    at++;
                }

                return text[from..at].Trim();
        }
    }

    private static void Skip(string text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }
    }

    private static string Unquote(string text)
    {
        text = text.Trim();
        if (text.Length < 2 || text[0] is not ('"' or '\'') || text[^1] != text[0])
        {
            return text;
        }

        if (text[0] == '\'')
        {
            return text[1..^1].Replace("''", "'", StringComparison.Ordinal);
        }

        var result = new StringBuilder();
        for (var i = 1; i < text.Length - 1; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            switch (text[i])
            {
                case 'x':
                    result.Append((char)int.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    i += 2;
                    break;
                case 'n':
                    result.Append('\n');
                    break;
                case 't':
                    result.Append('\t');
                    break;
                case 'r':
                    result.Append('\r');
                    break;
                case '0':
                    result.Append('\0');
                    break;
                default:
                    result.Append(text[i]);
                    break;
            }
        }

        return result.ToString();
    }
}
