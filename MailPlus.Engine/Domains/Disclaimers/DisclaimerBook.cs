using System.Collections.Immutable;
using MailPlus.Engine.Database;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.Disclaimers;

/// <summary>The disclaimers of all domains in memory, in order; swapped after each commit.</summary>
internal sealed class DisclaimerBook
{
    private ImmutableDictionary<string, ImmutableArray<DisclaimerDraft>> _byDomain = ImmutableDictionary.Create<string, ImmutableArray<DisclaimerDraft>>(StringComparer.Ordinal);

    /// <summary>Reads everything.</summary>
    public async Task LoadAsync(SystemDatabase database, CancellationToken cancellationToken)
    {
        var (rows, domains) = await database.ReadAsync(async context => (await context.Disclaimers.ToListAsync(cancellationToken), await context.Domains.ToListAsync(cancellationToken)), cancellationToken);
        Set(rows, domains);
    }

    /// <summary>Those of a main domain; empty nearly always.</summary>
    public IReadOnlyList<DisclaimerDraft> Of(string mainDomain) => Volatile.Read(ref _byDomain).GetValueOrDefault(mainDomain, []);

    // Runs after a commit, while the writer of the system database is held: one at a time.
    internal void Set(IEnumerable<DisclaimerRow> rows, IEnumerable<DomainRow> domains)
    {
        var names = domains.ToDictionary(domain => domain.Id, domain => domain.Name);
        Volatile.Write(ref _byDomain, rows.Where(row => names.ContainsKey(row.DomainId)).GroupBy(row => names[row.DomainId])
            .ToImmutableDictionary(group => group.Key, group => group.OrderBy(row => row.Position).ThenBy(row => row.Id).Select(DisclaimerRules.Read).ToImmutableArray(), StringComparer.Ordinal));
    }
}
