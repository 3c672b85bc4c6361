using System.Globalization;
using MailPlus.Engine.Delivery;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>How TLS went with other servers.</summary>
internal static class TlsVerbs
{
    private const int PageSize = 1000;
    private const int MostRows = 100_000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("tls results", "[--domain TEXT] [--failures] [--json]", ListAsync) { Options = ["--domain", "--failures"] },
    ];

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var results = new List<TlsResult>();
        for (var page = await ReadAsync(0); page.Rows.Count > 0 && results.Count < MostRows; page = await ReadAsync(results.Count))
        {
            results.AddRange(page.Rows);
        }

        context.Print(
        [
            .. results.Select(result => (object)new
            {
                Day = result.Day.ToDateTimeOffset().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                result.Domain,
                result.Policy,
                result.Result,
                result.Sessions,
                result.Host,
                result.Address,
                result.Reason,
            }),
        ]);

        Task<Page<TlsResult>> ReadAsync(int offset) => context.Engine.TlsReports.ListAsync(
            Actor.Operator,
            new TlsResultQuery { Domain = context.Words.Find("--domain") ?? "", FailuresOnly = context.Words.Has("--failures"), Offset = offset, Limit = PageSize },
            cancellationToken);
    }
}
