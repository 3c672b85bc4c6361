using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>How keys are held against values (RFC 5228 2.7.1, RFC 5231, RFC 6134, the regex draft).</summary>
internal sealed class Matching
{
    public required string Type { get; init; }

    /// <summary>For :count and :value: gt, ge, lt, le, eq or ne.</summary>
    public string Relation { get; init; } = "";

    public required Collation Collation { get; init; }

    /// <summary>Ready expressions; several runs may share a compiled script.</summary>
    private readonly ConcurrentDictionary<string, Regex> _expressions = new(StringComparer.Ordinal);

    /// <summary>The tags of tests that match.</summary>
    public static IReadOnlyList<Tag> Tags { get; } =
    [
        new("is", Group: "match"),
        new("contains", Group: "match"),
        new("matches", Group: "match"),
        new("count", ValueKind.Text, "relational", "match"),
        new("value", ValueKind.Text, "relational", "match"),
        new("regex", ValueKind.None, "regex", "match"),
        new("list", ValueKind.None, "extlists", "match"),
        new("comparator", ValueKind.Text),
    ];

    /// <summary>Reads the tags; null after telling a problem.</summary>
    /// <param name="arguments">The test.</param>
    /// <param name="compiler">Its compiler.</param>
    /// <param name="keys">Keys, checked when they are constant.</param>
    public static Matching? Of(CompiledArguments arguments, SieveCompiler compiler, IReadOnlyList<SieveTemplate> keys)
    {
        var collation = Collation.AsciiCasemap;
        if (arguments.TagText("comparator") is { } named)
        {
            if (named.Constant is not { } name || Find(name, compiler) is not { } found)
            {
                compiler.Error(arguments.Line, named.Constant is null ? "the comparator must be a constant string" : $"unknown comparator '{named.Constant}'{(named.Constant == "i;ascii-numeric" ? " (it needs: require \"comparator-i;ascii-numeric\")" : "")}");
                return null;
            }

            collation = found;
        }

        var type = arguments.Chosen("match") ?? "is";
        var relation = "";
        if (type is "count" or "value")
        {
            relation = arguments.TagText(type)!.Constant?.ToLowerInvariant() ?? "";
            if (relation is not ("gt" or "ge" or "lt" or "le" or "eq" or "ne"))
            {
                compiler.Error(arguments.Line, $"':{type}' takes one of gt, ge, lt, le, eq, ne");
                return null;
            }
        }

        if (type is "contains" or "matches" or "regex" && !collation.HasSubstrings)
        {
            compiler.Error(arguments.Line, $"comparator '{collation.Name}' knows no parts of strings: it cannot be used with ':{type}'");
            return null;
        }

        var matching = new Matching { Type = type, Relation = relation, Collation = collation };
        if (type == "regex")
        {
            foreach (var constant in keys.Select(key => key.Constant).OfType<string>())
            {
                if (matching.Expression(constant, compiler.Dialect.RegexTime, out var wrong) is null)
                {
                    compiler.Error(arguments.Line, $"invalid regular expression '{constant}': {wrong}");
                    return null;
                }
            }
        }

        if (type == "list")
        {
            foreach (var list in keys.Select(key => key.Constant).OfType<string>().Where(list => !Extensions.ExternalLists.IsName(list)))
            {
                compiler.Error(arguments.Line, $"invalid name of a list '{list}'");
                return null;
            }
        }

        return matching;
    }

    /// <summary>Whether any key goes with any value. A match with wildcards leaves its match values in the run.</summary>
    public async ValueTask<bool> AnyAsync(SieveRun run, IReadOnlyList<string> values, IReadOnlyList<SieveTemplate> keys, CancellationToken cancellationToken)
    {
        List<string> expanded = [.. keys.Select(key => key.Expand(run))];
        if (Type == "count")
        {
            var count = values.Count.ToString(CultureInfo.InvariantCulture);
            return expanded.Any(key => Holds(Collation.Compare(count, key)));
        }

        if (Type == "list")
        {
            return await ListedAsync(run, values, expanded, cancellationToken);
        }

        foreach (var value in values)
        {
            foreach (var key in expanded)
            {
                run.Count(0, 1 + (value.Length + key.Length) / 2000);
                if (Matches(run, value, key))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static Collation? Find(string name, SieveCompiler compiler) => name switch
    {
        "i;octet" => Collation.Octet,
        "i;ascii-casemap" => Collation.AsciiCasemap,
        "i;unicode-casemap" => Collation.UnicodeCasemap,
        "i;ascii-numeric" when compiler.Has("comparator-i;ascii-numeric") => Collation.AsciiNumeric,
        _ => null,
    };

    private bool Matches(SieveRun run, string value, string key) => Type switch
    {
        "is" => Collation.AreEqual(value, key),
        "contains" => Collation.Fold(value).Contains(Collation.Fold(key), StringComparison.Ordinal),
        "matches" => Keep(run, Wildcards.Match(Collation.Fold(value), Collation.Fold(key), value)),
        "value" => Holds(Collation.Compare(value, key)),
        _ => Keep(run, Expressed(run, value, key)),
    };

    private static bool Keep(SieveRun run, IReadOnlyList<string>? found)
    {
        if (found is not null)
        {
            run.Variables.SetMatches(found);
        }

        return found is not null;
    }

    private IReadOnlyList<string>? Expressed(SieveRun run, string value, string key)
    {
        if (Expression(key, run.Dialect.RegexTime, out _) is not { } expression)
        {
            return null; // one made of variables: no match, as nothing can be told to anybody now
        }

        try
        {
            var match = expression.Match(value);
            return match.Success ? [.. match.Groups.Values.Select(group => group.Value)] : null;
        }
        catch (RegexMatchTimeoutException)
        {
            throw new SieveRuntimeException(0, $"the regular expression '{key}' takes too long");
        }
    }

    private Regex? Expression(string key, TimeSpan limit, out string? wrong)
    {
        wrong = null;
        if (_expressions.TryGetValue(key, out var ready))
        {
            return ready;
        }

        var translated = ExtendedRegex.Translate(key, out wrong);
        if (translated is null)
        {
            return null;
        }

        try
        {
            var options = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | (Collation == Collation.Octet ? RegexOptions.None : RegexOptions.IgnoreCase);
            var made = new Regex(translated, options, limit);
            if (_expressions.Count < 100)
            {
                _expressions[key] = made;
            }

            return made;
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            wrong = failure.Message;
            return null;
        }
    }

    private async ValueTask<bool> ListedAsync(SieveRun run, IReadOnlyList<string> values, List<string> lists, CancellationToken cancellationToken)
    {
        foreach (var list in lists.Where(run.Around.KnowsList))
        {
            foreach (var value in values)
            {
                run.Count(0, 10);
                if (await run.Around.IsListedAsync(list, value, cancellationToken))
                {
                    run.Variables.SetMatches([value]);
                    return true;
                }
            }
        }

        return false;
    }

    private bool Holds(int order) => Relation switch
    {
        "gt" => order > 0,
        "ge" => order >= 0,
        "lt" => order < 0,
        "le" => order <= 0,
        "eq" => order == 0,
        _ => order != 0,
    };
}

/// <summary>Extended regular expressions of POSIX in the form of the platform.</summary>
internal static class ExtendedRegex
{
    private const int Longest = 2000;

    /// <summary>The translation; null with the reason when the expression is none.</summary>
    public static string? Translate(string expression, out string? wrong)
    {
        wrong = expression.Length > Longest ? "it is too long" : null;
        var text = new System.Text.StringBuilder();
        for (var i = 0; wrong is null && i < expression.Length; i++)
        {
            var c = expression[i];
            switch (c)
            {
                case '\\' when i + 1 == expression.Length:
                    wrong = "a backslash stands at its end";
                    break;
                case '\\' when char.IsAsciiDigit(expression[i + 1]):
                    wrong = "back-references are not known";
                    break;
                case '\\':
                    i++;
                    text.Append("<>wWbBsS".Contains(expression[i], StringComparison.Ordinal) ? Class(expression[i]) : Regex.Escape(expression[i].ToString()));
                    break;
                case '[':
                    i = Bracket(expression, i, text, ref wrong);
                    break;
                case '(' when i + 1 < expression.Length && expression[i + 1] == '?':
                    wrong = "a question mark cannot stand behind a parenthesis";
                    break;
                case '*' or '+' or '?' when i > 0 && IsQuantified(expression, i):
                    wrong = "two repetitions in a row";
                    break;
                case '$':
                    text.Append("\\z");
                    break;
                case '.':
                    text.Append("[\\s\\S]");
                    break;
                default:
                    text.Append(c is '#' or ' ' ? "\\" + c : c.ToString());
                    break;
            }
        }

        return wrong is null ? text.ToString() : null;
    }

    private static bool IsQuantified(string expression, int at)
    {
        var slashes = 0;
        while (at - 2 - slashes >= 0 && expression[at - 2 - slashes] == '\\')
        {
            slashes++;
        }

        return expression[at - 1] is '*' or '+' or '?' && slashes % 2 == 0;
    }

    private static string Class(char c) => c is '<' or '>' ? "\\b" : "\\" + c;

    private static int Bracket(string expression, int at, System.Text.StringBuilder text, ref string? wrong)
    {
        text.Append('[');
        var i = at + 1;
        if (i < expression.Length && expression[i] == '^')
        {
            text.Append('^');
            i++;
        }

        for (var first = true; i < expression.Length; first = false, i++)
        {
            var c = expression[i];
            if (c == ']' && !first)
            {
                text.Append(']');
                return i;
            }

            if (c == '[' && i + 1 < expression.Length && expression[i + 1] == ':')
            {
                var end = expression.IndexOf(":]", i, StringComparison.Ordinal);
                if (end < 0 || Named(expression[(i + 2)..end]) is not { } named)
                {
                    wrong = "an unknown class of characters";
                    return expression.Length;
                }

                text.Append(named);
                i = end + 1;
                continue;
            }

            text.Append(c is '\\' or '[' or ']' or '^' ? "\\" + c : c.ToString());
        }

        wrong = "a bracket is not closed";
        return expression.Length;
    }

    private static string? Named(string name) => name switch
    {
        "alpha" => "a-zA-Z",
        "digit" => "0-9",
        "alnum" => "a-zA-Z0-9",
        "upper" => "A-Z",
        "lower" => "a-z",
        "space" => "\\s",
        "blank" => " \\t",
        "punct" => "!-/:-@\\[-`{-~",
        "xdigit" => "0-9A-Fa-f",
        "cntrl" => "\\x00-\\x1F\\x7F",
        "print" => " -~\\u00A0-\\uFFFF",
        "graph" => "!-~\\u00A1-\\uFFFF",
        _ => null,
    };
}
