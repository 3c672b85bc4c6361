using System.Globalization;
using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.House;

/// <summary>docs/rfc.md says of each mail RFC how far it is served and where; the comments of the code must agree with it.</summary>
public sealed partial class RfcTests
{
    private sealed record Row(int Number, string Standing, IReadOnlyList<string> Files);

    [Fact]
    public void Each_RFC_is_listed_once_in_order_with_a_standing()
    {
        var rows = Rows();
        Assert.True(rows.Count > 100, $"{rows.Count} rows");
        Assert.Equal(rows.Select(row => row.Number).Order().Distinct(), rows.Select(row => row.Number));
        Assert.All(rows, row => Assert.Contains(row.Standing, (string[])["Yes", "Partial", "No"]));
    }

    [Fact]
    public void What_is_served_names_files_that_exist_and_what_is_not_names_none()
    {
        var wrong = Rows().SelectMany(row => row.Standing == "No"
            ? row.Files.Select(file => $"RFC {row.Number} is not served but names {file}")
            : row.Files.Count == 0
                ? [$"RFC {row.Number} names no file"]
                : row.Files.Where(file => !Path.Exists(Path.Combine(RepositoryTree.Root, file))).Select(file => $"RFC {row.Number}: there is no {file}"));
        Assert.Empty(wrong);
    }

    [Fact]
    public void Comments_name_only_RFCs_that_are_listed()
    {
        var listed = Rows().Select(row => row.Number).ToHashSet();
        var missing =
            from project in (string[])["MailPlus.Engine", "MailPlus.Web"]
            from file in System.IO.Directory.EnumerateFiles(Path.Combine(RepositoryTree.Root, project), "*.*", SearchOption.AllDirectories)
            where Path.GetExtension(file) is ".cs" or ".razor" && !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
            from number in Mentioned().Matches(File.ReadAllText(file)).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))
            where !listed.Contains(number)
            select $"RFC {number} of {Path.GetRelativePath(RepositoryTree.Root, file)}";
        Assert.Empty(missing.Distinct());
    }

    private static List<Row> Rows() =>
    [
        .. File.ReadLines(Path.Combine(RepositoryTree.Root, "docs", "rfc.md"))
            .Select(line => TableRow().Match(line))
            .Where(match => match.Success)
            .Select(match => new Row(
                int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture),
                match.Groups["standing"].Value,
                [.. Quoted().Matches(match.Groups["where"].Value).Select(quoted => quoted.Groups[1].Value).Where(text => text.Contains('/', StringComparison.Ordinal))])),
    ];

    [GeneratedRegex(@"^\| (?<number>\d+) \| [^|]+ \| (?<standing>[^|]+) \| (?<where>[^|]*)\|$", RegexOptions.CultureInvariant)]
    private static partial Regex TableRow();

    [GeneratedRegex("`([^`]+)`", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\bRFC (\d{3,5})\b", RegexOptions.CultureInvariant)]
    private static partial Regex Mentioned();
}
