using MailPlus.Tests.Browser;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("MailPlus.Tests.Support.LongestFirst", "MailPlus.Tests")]

namespace MailPlus.Tests.Support;

/// <summary>
/// Begins with the collections that take longest: what runs beside the others costs nothing, what is left at the end runs alone. The others come by name, so that
/// every run goes alike.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        BrowserTests.Name, "HostilePeerTests", PostgresCollection.Name, "VerbTests", "KillDuringDeliveryTests", "MemoryTests", "StressTests", "KillWhileIndexingTests", "PopListenerTests", "SmtpExtensionsTests",
        "peers", "SearchIndexTests", "BundledAssetsTests", "pop", "fuzz",
    ];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Place(collection.DisplayName)).ThenBy(collection => collection.DisplayName, StringComparer.Ordinal);

    /// <summary>A class that is in no named collection has one of its own, called after it.</summary>
    private static int Place(string name)
    {
        var at = Array.FindIndex(Long, one => name == one || name.EndsWith("." + one, StringComparison.Ordinal));
        return at < 0 ? Long.Length : at;
    }
}
