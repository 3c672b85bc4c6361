using System.Globalization;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.House;

/// <summary>docs/rules.md says which test holds which of the forty rules of mail; what it says must be so.</summary>
public sealed partial class RulesTests
{
    [Fact]
    public void Each_rule_has_a_test_that_names_it_or_waits_for_something()
    {
        var rows = File.ReadLines(Path.Combine(RepositoryTree.Root, "docs", "rules.md")).Select(line => Row().Match(line)).Where(match => match.Success).ToList();
        Assert.Equal(Enumerable.Range(1, 40), rows.Select(NumberOf));
        var wrong =
            from row in rows
            let held = row.Groups["held"].Value
            where !held.StartsWith("waits: ", StringComparison.Ordinal)
            let files = Quoted().Matches(held).Select(quoted => quoted.Groups[1].Value).DefaultIfEmpty("no test at all")
            from file in files
            let path = Path.Combine(RepositoryTree.Root, "MailPlus.Tests", file)
            where !File.Exists(path) || !Names(File.ReadAllText(path), NumberOf(row))
            select $"{NumberOf(row)}: {file}";
        Assert.Empty(wrong);
    }

    private static int NumberOf(Match row) => int.Parse(row.Groups["rule"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    private static bool Names(string text, int rule) =>
        Mention().Matches(text).SelectMany(mention => Digits().Matches(mention.Value)).Any(number => int.Parse(number.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) == rule);

    [GeneratedRegex(@"^\| (?<rule>\d+) \| [^|]+ \| (?<held>[^|]+) \|$", RegexOptions.CultureInvariant)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"mail-rules [A-E]?\d+(, [A-E]?\d+)*", RegexOptions.CultureInvariant)]
    private static partial Regex Mention();

    [GeneratedRegex(@"\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();
}
