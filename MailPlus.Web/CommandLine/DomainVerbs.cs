using MailPlus.Engine.Domains;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on domains.</summary>
internal static class DomainVerbs
{
    private const int PageSize = 1000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("domain add", "DOMAIN [--description TEXT]", AddAsync) { Options = ["--description"] },
        new Verb("domain list", "[--json]", ListAsync),
    ];

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        if (!DomainName.TryParse(context.Words.Word(0, "DOMAIN"), out var name))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "DomainMalformed") { Field = "DOMAIN" });
        }

        var made = await context.Engine.Domains.AddAsync(Actor.Operator, new NewDomain(name, context.Words.Find("--description") ?? ""), cancellationToken);
        await context.Out.WriteLineAsync($"{made.Name.Unicode} added.");
    }

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var rows = new List<object>();
        for (var page = await ReadAsync(0); page.Rows.Count > 0; page = await ReadAsync(rows.Count))
        {
            rows.AddRange(page.Rows.Select(domain => (object)new
            {
                Domain = domain.Name.Unicode,
                domain.Name.Ascii,
                domain.Description,
                domain.Members,
                Created = domain.Created.ToDateTimeOffset(),
            }));
        }

        context.Print(rows);

        Task<Page<MailDomain>> ReadAsync(int offset) => context.Engine.Domains.ListAsync(Actor.Operator, new DomainQuery { Offset = offset, Limit = PageSize }, cancellationToken);
    }
}
