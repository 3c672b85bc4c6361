using System.Text;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Domains.Aliases;

/// <summary>An entry of an alias file.</summary>
/// <param name="Line">Number of its first line, from 1.</param>
/// <param name="Name">Left side.</param>
/// <param name="Members">Right side.</param>
internal sealed record AliasFileEntry(int Line, string Name, IReadOnlyList<string> Members);

/// <summary>
/// Alias files of Postfix: aliases(5), <c>name: member, member</c>, is read and written; virtual(5), <c>name@domain member, member</c>, is read as well.
/// A line that begins with white space goes on with the one before; <c>#</c> begins a comment where a line begins.
/// </summary>
internal static class AliasFile
{
    internal const int MostCharacters = 8 * 1024 * 1024;
    internal const int MostEntries = 20_000;

    /// <summary>Reads a file.</summary>
    /// <exception cref="RefusedException">TooLarge.</exception>
    internal static (IReadOnlyList<AliasFileEntry> Entries, IReadOnlyList<ImportFault> Faults) Read(string text)
    {
        var entries = new List<AliasFileEntry>();
        var faults = new List<ImportFault>();
        foreach (var (line, content) in LogicalLines(text))
        {
            if (Parse(line, content) is { } entry)
            {
                entries.Add(entry);
            }
            else
            {
                faults.Add(new ImportFault(line, "", new Refusal(RefusalKind.Invalid, "AliasLineMalformed")));
            }
        }

        return (entries, faults);
    }

    /// <summary>The logical lines of a Postfix table: numbers and contents, comments and empty lines left out.</summary>
    internal static IReadOnlyList<(int Line, string Content)> LogicalLines(string text)
    {
        if (text.Length > MostCharacters)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooLarge, "FileTooLarge"));
        }

        var lines = new List<(int Line, StringBuilder Content)>();
        var number = 0;
        foreach (var raw in text.TrimStart('\uFEFF').EnumerateLines())
        {
            number++;
            if (raw.IsWhiteSpace() || raw.TrimStart()[0] == '#')
            {
                continue;
            }

            if (raw[0] is ' ' or '\t' && lines.Count > 0)
            {
                lines[^1].Content.Append(' ').Append(raw.Trim());
                continue;
            }

            if (lines.Count == MostEntries)
            {
                throw new RefusedException(new Refusal(RefusalKind.TooLarge, "FileTooLarge"));
            }

            lines.Add((number, new StringBuilder().Append(raw.Trim())));
        }

        return [.. lines.Select(line => (line.Line, line.Content.ToString()))];
    }

    /// <summary>Writes a file in aliases(5) form.</summary>
    internal static string Write(IEnumerable<(string Name, IEnumerable<string> Members)> aliases)
    {
        var text = new StringBuilder();
        foreach (var (name, members) in aliases)
        {
            text.Append(Quote(name)).Append(": ").AppendJoin(", ", members.Select(Quote)).Append('\n');
        }

        return text.ToString();
    }

    private static string Quote(string name) =>
        name.StartsWith('"') || !name.Any(c => c is ' ' or '\t' or ':' or ',' or '#' or '"' or '\\')
            ? name
            : $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static AliasFileEntry? Parse(int line, string content)
    {
        var at = 0;
        var name = Word(content, ref at, ":");
        while (at < content.Length && content[at] is ' ' or '\t')
        {
            at++;
        }

        if (at < content.Length && content[at] == ':')
        {
            at++;
        }
        else if (!name.Contains('@', StringComparison.Ordinal))
        {
            return null; // without a colon only the virtual form is one
        }

        var members = new List<string>();
        while (at < content.Length)
        {
            if (content[at] is ' ' or '\t' or ',')
            {
                at++;
                continue;
            }

            members.Add(Word(content, ref at, ","));
        }

        return name.Length == 0 || members.Count == 0 ? null : new AliasFileEntry(line, name, members);
    }

    /// <summary>A word up to white space or a delimiter; inside quotes both count as text, and the quotes stay on a part of an address.</summary>
    private static string Word(string content, ref int at, string delimiters)
    {
        var start = at;
        var quoted = false;
        while (at < content.Length && (quoted || !(content[at] is ' ' or '\t') && !delimiters.Contains(content[at])))
        {
            if (content[at] == '\\' && quoted)
            {
                at++;
            }
            else if (content[at] == '"')
            {
                quoted = !quoted;
            }

            at++;
        }

        at = Math.Min(at, content.Length);
        return content[start..at];
    }
}
