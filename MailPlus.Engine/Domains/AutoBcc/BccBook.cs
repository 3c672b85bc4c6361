using System.Collections.Immutable;
using MailPlus.Engine.Database;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.AutoBcc;

/// <summary>All rules in memory, by what they look for; swapped after each commit.</summary>
internal sealed class BccBook
{
    private State _state = new(ImmutableDictionary<(BccCriterion, string), ImmutableArray<(string, EmailAddress)>>.Empty);

    /// <summary>True when there is no rule at all: nearly always.</summary>
    public bool IsEmpty => Volatile.Read(ref _state).Rules.IsEmpty;

    /// <summary>Reads everything.</summary>
    public async Task LoadAsync(SystemDatabase database, CancellationToken cancellationToken)
    {
        var (rows, domains) = await database.ReadAsync(async context => (await context.BccRules.ToListAsync(cancellationToken), await context.Domains.ToListAsync(cancellationToken)), cancellationToken);
        Set(rows, domains);
    }

    /// <summary>Where copies of a message go, each once. A rule sees only mail from or to its own domain.</summary>
    /// <param name="sender">MAIL FROM, in the main domain.</param>
    /// <param name="recipients">RCPT TO, in their main domains.</param>
    public IReadOnlyList<EmailAddress> TargetsOf(EmailAddress sender, IReadOnlyList<EmailAddress> recipients)
    {
        var rules = Volatile.Read(ref _state).Rules;
        var involved = recipients.Select(recipient => recipient.Domain.Ascii).Append(sender.Domain.Ascii).ToHashSet(StringComparer.Ordinal);
        var asked = new[] { (BccCriterion.All, ""), (BccCriterion.From, sender.Key), (BccCriterion.From, $"@{sender.Domain.Ascii}") }
            .Concat(recipients.SelectMany(recipient => new[] { (BccCriterion.To, recipient.Key), (BccCriterion.To, $"@{recipient.Domain.Ascii}") }));
        return [.. asked.Distinct().SelectMany(key => rules.GetValueOrDefault(key, [])).Where(rule => involved.Contains(rule.Domain)).Select(rule => rule.Target).Distinct()];
    }

    // Runs after a commit, while the writer of the system database is held: one at a time.
    internal void Set(IEnumerable<BccRuleRow> rows, IReadOnlyList<DomainRow> domains)
    {
        var names = domains.ToDictionary(domain => domain.Id, domain => domain.Name);
        var rules = rows.Where(row => names.ContainsKey(row.DomainId))
            .GroupBy(row => ((BccCriterion)row.Criterion, row.Pattern))
            .ToImmutableDictionary(group => group.Key, group => group.Select(row => (names[row.DomainId], EmailAddress.Parse(row.Target))).ToImmutableArray());
        Volatile.Write(ref _state, new State(rules));
    }

    private sealed record State(ImmutableDictionary<(BccCriterion Criterion, string Pattern), ImmutableArray<(string Domain, EmailAddress Target)>> Rules);
}
