using MailPlus.Engine.Domains;
using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on aliases.</summary>
internal static class AliasVerbs
{
    private const int PageSize = 1000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("alias add", "ADDRESS MEMBER...", AddAsync),
        new Verb("alias list", "DOMAIN [--json]", ListAsync),
        new Verb("alias set", "ADDRESS MEMBER...", SetAsync),
        new Verb("alias remove", "ADDRESS", RemoveAsync),
        new Verb("alias import", "DOMAIN FILE", ImportAsync),
        new Verb("alias export", "DOMAIN", ExportAsync),
    ];

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var address = DomainVerbs.Address(context, 0);
        var domain = await DomainVerbs.FindAsync(context, address.Domain, cancellationToken);
        var made = await context.Engine.Aliases.CreateAsync(Actor.Operator, domain.Id, new AliasDraft(Local(address), Members(context)), cancellationToken);
        await context.Out.WriteLineAsync($"{made.Address.ToDisplayString()} added.");
    }

    private static async Task SetAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var (domain, alias) = await FindAsync(context, cancellationToken);
        await context.Engine.Aliases.UpdateAsync(Actor.Operator, domain.Id, alias.Id, new AliasDraft(Local(alias.Address), Members(context)), cancellationToken);
        await context.Out.WriteLineAsync($"{alias.Address.ToDisplayString()} changed.");
    }

    private static async Task RemoveAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var (domain, alias) = await FindAsync(context, cancellationToken);
        await context.Engine.Aliases.RemoveAsync(Actor.Operator, domain.Id, [alias.Id], cancellationToken);
        await context.Out.WriteLineAsync($"{alias.Address.ToDisplayString()} removed.");
    }

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var rows = (await ReadAsync(context, domain, cancellationToken)).Select(alias => (object)new
        {
            Address = alias.Address.ToDisplayString(),
            Members = alias.Members.Select(member => member.Address.ToDisplayString()).ToArray(),
        }).ToList();
        context.Print(rows);
    }

    private static async Task ImportAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var text = await DomainVerbs.ReadFileAsync(context.Path(1, "FILE"), cancellationToken);
        var outcome = await context.Engine.Aliases.ImportAsync(Actor.Operator, domain.Id, text, cancellationToken);
        await DomainVerbs.TellAsync(context, outcome);
    }

    private static async Task ExportAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        await context.Out.WriteAsync(await context.Engine.Aliases.ExportAsync(Actor.Operator, domain.Id, cancellationToken));
    }

    private static async Task<(MailDomain Domain, MailAlias Alias)> FindAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var address = DomainVerbs.Address(context, 0);
        var domain = await DomainVerbs.FindAsync(context, address.Domain, cancellationToken);
        return ((await ReadAsync(context, domain, cancellationToken)).FirstOrDefault(alias => alias.Address == address) is { } found)
            ? (domain, found)
            : throw new RefusedException(new Refusal(RefusalKind.NotFound, "AliasUnknown") { Field = "ADDRESS" });
    }

    private static async Task<List<MailAlias>> ReadAsync(VerbContext context, MailDomain domain, CancellationToken cancellationToken)
    {
        var rows = new List<MailAlias>();
        while (true)
        {
            var page = await context.Engine.Aliases.ListAsync(Actor.Operator, domain.Id, new AliasQuery { Offset = rows.Count, Limit = PageSize }, cancellationToken);
            rows.AddRange(page.Rows);
            if (page.Rows.Count < PageSize)
            {
                return rows;
            }
        }
    }

    private static string Local(EmailAddress address) => address.ToString()[..address.ToString().LastIndexOf('@')];

    private static List<string> Members(VerbContext context)
    {
        context.Words.Word(1, "MEMBER");
        return [.. context.Words.Words.Skip(1)];
    }
}
