using System.Globalization;
using MailPlus.Engine.Monitoring.DnsChecks;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on what DNS says about a domain.</summary>
internal static class DnsVerbs
{
    private const int MostChanges = 1000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("dns check", "DOMAIN [--json]", CheckAsync),
        new Verb("dns history", "DOMAIN [--json]", HistoryAsync),
    ];

    private static async Task CheckAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var report = await context.Engine.Dns.ExamineAsync(Actor.Operator, domain.Id, cancellationToken);
        context.Print(
        [
            .. report.Checks.Select(check => (object)new
            {
                Subject = check.Subject.ToString().ToLowerInvariant(),
                Health = check.Health.ToString().ToLowerInvariant(),
                Text = DnsCheckText.What(check, CultureInfo.InvariantCulture),
                Publish = check.Publish.Select(record => $"{record.Name} {record.Type} {record.Value}").ToArray(),
            }),
        ]);
        context.Succeeded = report.Checks.All(check => check.Health != Engine.Monitoring.Health.Problem);
    }

    private static async Task HistoryAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var domain = await DomainVerbs.FindAsync(context, 0, cancellationToken);
        var changes = await context.Engine.Dns.HistoryAsync(Actor.Operator, domain.Id, MostChanges, cancellationToken);
        context.Print([.. changes.Select(change => (object)new { Time = change.Time.ToDateTimeOffset(), change.Type, change.Name, Before = change.Before?.ToArray() ?? [], Now = change.Now.ToArray() })]);
    }
}
