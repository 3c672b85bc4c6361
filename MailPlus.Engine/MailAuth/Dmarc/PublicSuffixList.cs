using System.Globalization;
using System.Text;

namespace MailPlus.Engine.MailAuth.Dmarc;

/// <summary>
/// The public suffix list: which names are shared by many owners, and so where an organisation's own name begins (RFC 7489 3.2). It ships with the program; a
/// file of the same name in the data folder takes its place.
/// </summary>
public sealed class PublicSuffixList
{
    /// <summary>Name of the file in the data folder that replaces the list shipped.</summary>
    public const string FileName = "public_suffix_list.dat";

    private const int MostRules = 200_000;
    private const int LongestLine = 1000;
    private const long LargestFile = 16 * 1024 * 1024;
    private static readonly IdnMapping Idn = new();

    private readonly Dictionary<string, Rule> _rules;

    private PublicSuffixList(Dictionary<string, Rule> rules) => _rules = rules;

    [Flags]
    private enum Rule
    {
        None = 0,
        Suffix = 1,
        Wildcard = 2,
        Exception = 4,
    }

    /// <summary>Rules read.</summary>
    public int Count => _rules.Count;

    /// <summary>The list of the data folder where there is a usable one, else the one shipped.</summary>
    public static PublicSuffixList Load(string dataFolder)
    {
        var own = new FileInfo(Path.Combine(dataFolder, FileName));
        if (own.Exists && own.Length <= LargestFile)
        {
            using var file = own.OpenText();
            if (Read(file) is { Count: > 0 } replaced)
            {
                return replaced;
            }
        }

        return Shipped();
    }

    /// <summary>The list that ships with the program.</summary>
    public static PublicSuffixList Shipped()
    {
        using var resource = typeof(PublicSuffixList).Assembly.GetManifestResourceStream(FileName)!;
        using var reader = new StreamReader(resource, Encoding.UTF8);
        return Read(reader);
    }

    /// <summary>Reads a list; lines that are no rule are left out.</summary>
    public static PublicSuffixList Read(TextReader reader)
    {
        var rules = new Dictionary<string, Rule>(StringComparer.Ordinal);
        while (rules.Count < MostRules && reader.ReadLine() is { } line)
        {
            var end = line.AsSpan().IndexOfAny(" \t");
            var text = (end < 0 ? line : line[..end]).Trim();
            if (text.Length is 0 or > LongestLine || text.StartsWith("//", StringComparison.Ordinal))
            {
                continue;
            }

            var kind = text[0] == '!' ? Rule.Exception : text.StartsWith("*.", StringComparison.Ordinal) ? Rule.Wildcard : Rule.Suffix;
            var name = Ascii(kind switch { Rule.Exception => text[1..], Rule.Wildcard => text[2..], _ => text });
            if (name is not null && name != "*")
            {
                rules[name] = rules.GetValueOrDefault(name) | kind;
            }
        }

        return new PublicSuffixList(rules);
    }

    /// <summary>The organisation's own name of a domain in A-labels: its public suffix and one label; null for a public suffix itself and what is no name.</summary>
    public string? OrganizationalDomain(string domain)
    {
        if (Ascii(domain) is not { } name)
        {
            return null;
        }

        var labels = name.Split('.');
        if (labels.Any(label => label.Length == 0))
        {
            return null;
        }

        // The longest rule wins, an exception beats it, and without rule the last label is the suffix.
        var suffix = 1;
        for (var first = 0; first < labels.Length; first++)
        {
            var rule = _rules.GetValueOrDefault(string.Join('.', labels[first..]));
            var length = labels.Length - first;
            if (rule.HasFlag(Rule.Exception))
            {
                suffix = length - 1;
                break;
            }

            if (rule.HasFlag(Rule.Wildcard) && first > 0 && !IsException(labels[(first - 1)..]))
            {
                suffix = Math.Max(suffix, length + 1);
            }

            if (rule.HasFlag(Rule.Suffix))
            {
                suffix = Math.Max(suffix, length);
            }
        }

        return labels.Length > suffix ? string.Join('.', labels[^(suffix + 1)..]) : null;
    }

    private bool IsException(string[] labels) => _rules.GetValueOrDefault(string.Join('.', labels)).HasFlag(Rule.Exception);

    private static string? Ascii(string text)
    {
        if (text.Length is 0 or > 255)
        {
            return null;
        }

        try
        {
            return System.Text.Ascii.IsValid(text) ? text.ToLowerInvariant() : Idn.GetAscii(text).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
