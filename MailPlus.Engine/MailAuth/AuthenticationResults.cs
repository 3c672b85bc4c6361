using System.Text;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Mime;

namespace MailPlus.Engine.MailAuth;

/// <summary>One result of an Authentication-Results field.</summary>
/// <param name="Method">spf, dkim, dmarc, arc.</param>
/// <param name="Result">Result.</param>
/// <param name="Properties">Properties as ptype.property, e.g. "header.d".</param>
public sealed record RecordedResult(string Method, AuthResult Result, IReadOnlyDictionary<string, string> Properties);

/// <summary>The Authentication-Results field (RFC 8601): written at acceptance into the generated prefix, read back by the webmail from there alone.</summary>
public static class AuthenticationResults
{
    private const int LongestValue = 16 * 1024;
    private const int MostResults = 50;
    private const int LongestWord = 320;

    /// <summary>The field, CRLF included.</summary>
    /// <param name="identifier">authserv-id: this server's name.</param>
    /// <param name="found">What was found.</param>
    /// <param name="sender">The reverse-path, "" for the null one.</param>
    /// <param name="helo">The HELO name.</param>
    public static string Write(string identifier, MessageAuthentication found, string sender, string helo)
    {
        var text = new StringBuilder("Authentication-Results: ").Append(Value(identifier.Length > 0 ? identifier : "localhost"));
        var start = text.Length;
        if (found.Spf is { } spf)
        {
            Begin("spf", spf.Result, spf.Detail);
            Property(spf.Identity == SpfIdentity.MailFrom ? "smtp.mailfrom" : "smtp.helo", spf.Identity == SpfIdentity.MailFrom ? sender : helo);
        }

        foreach (var signature in found.Dkim ?? [])
        {
            Begin("dkim", signature.Result, signature.Detail);
            Property("header.d", signature.Domain);
            Property("header.s", signature.Selector);
            Property("header.b", signature.SignatureStart);
        }

        if (found.Dkim is { Count: 0 })
        {
            Begin("dkim", AuthResult.None, "no signature");
        }

        if (found.Dmarc is { } dmarc)
        {
            Begin("dmarc", dmarc.Result, dmarc.Result == AuthResult.Fail ? $"p={dmarc.Policy.ToString().ToLowerInvariant()}" : dmarc.Detail);
            Property("header.from", dmarc.Domain);
        }

        if (found.Arc is { } arc && (arc.Result != AuthResult.None || found.Spf is null))
        {
            Begin("arc", arc.Result, arc.Detail);
        }

        return text.Append(text.Length == start ? "; none" : "").Append("\r\n").ToString();

        void Begin(string method, AuthResult result, string comment)
        {
            text.Append(";\r\n\t").Append(method).Append('=').Append(result.Word());
            if (comment.Length > 0)
            {
                text.Append(" (").Append(Plain(comment)).Append(')');
            }
        }

        void Property(string name, string value)
        {
            if (value.Length > 0)
            {
                text.Append("\r\n\t ").Append(name).Append('=').Append(Value(value));
            }
        }
    }

    /// <summary>The results recorded in a generated prefix; empty when it has none. Nothing a sender wrote stands there.</summary>
    public static IReadOnlyList<RecordedResult> ReadPrefix(ReadOnlyMemory<byte> prefix)
    {
        var header = HeaderFields.Read(prefix);
        foreach (var field in header.Fields)
        {
            if (header.IsNamed(field, "Authentication-Results"u8))
            {
                return Read(Encoding.UTF8.GetString(header.Value(field).Span));
            }
        }

        return [];
    }

    /// <summary>Reads a field's value; what cannot be read is left out.</summary>
    public static IReadOnlyList<RecordedResult> Read(string value)
    {
        var results = new List<RecordedResult>();
        if (value.Length > LongestValue)
        {
            return results;
        }

        foreach (var words in Clauses(value).Skip(1).Take(MostResults))
        {
            if (words.Count == 0 || Split(words[0]) is not { Name.Length: > 0 } first || !AuthResults.TryRead(first.Value, out var result))
            {
                continue;
            }

            var properties = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var (name, word) in words.Skip(1).Select(Split).Where(pair => pair.Name.Length > 0))
            {
                properties.TryAdd(name, word);
            }

            results.Add(new RecordedResult(first.Name.ToLowerInvariant(), result, properties));
        }

        return results;
    }

    /// <summary>Text that can stand in a comment and a log line.</summary>
    internal static string Plain(string text)
    {
        var kept = string.Concat(text.Where(c => c is >= ' ' and <= '~' and not ('(' or ')' or '\\')));
        return kept.Length <= 200 ? kept : kept[..200];
    }

    private static (string Name, string Value) Split(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (word[..at], word[(at + 1)..]) : ("", "");

    private static string Value(string text)
    {
        var plain = text.Length > LongestWord ? text[..LongestWord] : text;
        if (plain.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`{|}~@/".Contains(c)))
        {
            return plain;
        }

        var quoted = new StringBuilder("\"");
        foreach (var c in plain.Where(c => !char.IsControl(c)))
        {
            quoted.Append(c is '"' or '\\' ? "\\" : "").Append(c);
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>The value cut at semicolons into words; comments are dropped, quoted strings are unquoted.</summary>
    private static List<List<string>> Clauses(string value)
    {
        var clauses = new List<List<string>> { new() };
        var word = new StringBuilder();
        var depth = 0;
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (depth > 0)
            {
                depth += c == '(' ? 1 : c == ')' ? -1 : 0;
                i += c == '\\' ? 1 : 0;
            }
            else if (c == '"')
            {
                for (i++; i < value.Length && value[i] != '"'; i++)
                {
                    i += value[i] == '\\' && i + 1 < value.Length ? 1 : 0;
                    word.Append(value[i]);
                }
            }
            else if (c is '(' or ';' or ' ' or '\t' or '\r' or '\n')
            {
                depth = c == '(' ? 1 : 0;
                if (word.Length > 0)
                {
                    clauses[^1].Add(word.ToString());
                    word.Clear();
                }

                if (c == ';')
                {
                    clauses.Add([]);
                }
            }
            else
            {
                word.Append(c);
            }
        }

        if (word.Length > 0)
        {
            clauses[^1].Add(word.ToString());
        }

        return clauses;
    }
}
