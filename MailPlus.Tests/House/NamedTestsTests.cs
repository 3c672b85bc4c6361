using System.Text.RegularExpressions;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.House;

/// <summary>Documents that point to tests point to tests that exist.</summary>
public sealed partial class NamedTestsTests
{
    [Theory]
    [InlineData("interop.md")]
    [InlineData("hostile.md")]
    public void Each_test_a_document_names_exists(string document)
    {
        var types = typeof(NamedTestsTests).Assembly.GetTypes().ToLookup(type => type.Name);
        var named = Name().Matches(File.ReadAllText(Path.Combine(RepositoryTree.Root, "docs", document))).Select(match => (Type: match.Groups[1].Value, Method: match.Groups[2].Value)).Distinct().ToList();
        Assert.NotEmpty(named);
        var missing = named.Where(name => !types[name.Type].Any(type => name.Method.Length == 0 || type.GetMethod(name.Method) is not null)).ToList();
        Assert.True(missing.Count == 0, $"tests that {document} names and that are not there: {string.Join(", ", missing)}");
    }

    [GeneratedRegex(@"`(\w+Tests)(?:\.(\w+))?`", RegexOptions.CultureInvariant, 5_000)]
    private static partial Regex Name();
}
