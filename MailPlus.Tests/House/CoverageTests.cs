using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.House;

/// <summary>docs/coverage.md says which test holds which row of the specification; what it says must be so.</summary>
public sealed partial class CoverageTests
{
    [Fact]
    public void Each_row_names_tests_that_exist_and_speak_of_it()
    {
        var rows = File.ReadLines(Path.Combine(RepositoryTree.Root, "docs", "coverage.md")).Select(line => Row().Match(line)).Where(match => match.Success).ToList();
        Assert.True(rows.Count > 50, $"{rows.Count} rows");
        Assert.Equal(rows.Count, rows.Select(row => row.Groups["id"].Value).Distinct().Count());
        var wrong =
            from row in rows
            let id = row.Groups["id"].Value
            from file in Quoted().Matches(row.Groups["files"].Value).Select(quoted => quoted.Groups[1].Value)
            let path = Path.Combine(RepositoryTree.Root, "MailPlus.Tests", file)
            where !File.Exists(path) || !Speaks(File.ReadAllText(path), id)
            select $"{id}: {file}";
        Assert.Empty(wrong);
    }

    [SkippableFact]
    public void Every_row_of_the_specification_is_spoken_of()
    {
        var folder = Specification();
        Skip.If(folder is null, "the specification is not beside the checkout");
        var table = File.ReadAllText(Path.Combine(RepositoryTree.Root, "docs", "coverage.md"));
        var ids = Directory.EnumerateFiles(folder, "*.md").SelectMany(File.ReadLines).Select(line => Specified().Match(line)).Where(match => match.Success).Select(match => match.Groups["id"].Value).ToList();
        Assert.True(ids.Count > 1000, $"{ids.Count} rows");
        Assert.DoesNotContain(ids, id => !Speaks(table, id));
    }

    /// <summary>The id itself, or a span of ids such as "MON-110 to MON-117" it lies in.</summary>
    private static bool Speaks(string text, string id)
    {
        if (text.Contains(id, StringComparison.Ordinal))
        {
            return true;
        }

        var dash = id.IndexOf('-', StringComparison.Ordinal);
        var (chapter, number) = (id[..dash], int.Parse(id[(dash + 1)..], System.Globalization.CultureInfo.InvariantCulture));
        return Span().Matches(text).Any(span => span.Groups["chapter"].Value == chapter && Number(span.Groups["from"]) <= number && number <= Number(span.Groups["to"]));

        static int Number(Group group) => int.Parse(group.ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The nearest shared/spec upward, null when there is none.</summary>
    private static string? Specification()
    {
        for (var folder = new DirectoryInfo(RepositoryTree.Root); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, "shared", "spec")))
            {
                return Path.Combine(folder.FullName, "shared", "spec");
            }
        }

        return null;
    }

    [GeneratedRegex(@"^- (?<id>[A-Z]{2,4}-\d+): (?<files>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| (?<id>[A-Z]{2,4}-\d+) \|", RegexOptions.CultureInvariant)]
    private static partial Regex Specified();

    [GeneratedRegex("`([^`]+)`", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\b(?<chapter>[A-Z]{2,4})-(?<from>\d+) to \k<chapter>-(?<to>\d+)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Span();
}
