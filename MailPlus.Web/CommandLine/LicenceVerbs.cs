using System.Globalization;
using MailPlus.Engine.Accounts.Licensing;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on installed licences.</summary>
internal static class LicenceVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("licence add", "KEY [KEY...]", AddAsync),
        new Verb("licence list", "[--json]", ListAsync),
    ];

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        context.Words.Word(0, "KEY");
        foreach (var check in await context.Engine.Licences.AddAsync(Actor.Operator, context.Words.Words, cancellationToken))
        {
            await context.Out.WriteLineAsync(check.IsDuplicate ? $"{check.Key!.Id} was installed already; it counts once." : $"{check.Key!.Id} added: {check.Key.Accounts} accounts.");
        }
    }

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var overview = await context.Engine.Licences.GetAsync(Actor.Operator, cancellationToken);
        context.Print([.. overview.Keys.Select(key => (object)new
        {
            Id = key.Key?.Id ?? "",
            Accounts = key.Key?.Accounts ?? 0,
            Added = key.Added.ToDateTimeOffset(),
            Until = key.Key?.Until?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "",
            Validity = key.Validity.ToString(),
            Key = key.Token,
        })]);
        if (!context.Words.Has("--json"))
        {
            var seats = overview.Seats;
            await context.Out.WriteLineAsync(seats.Total is { } total ? $"{total} accounts in all, {seats.Used} used, {seats.Unused} unused." : $"{seats.Used} accounts used; nothing limits a laboratory.");
        }
    }
}
