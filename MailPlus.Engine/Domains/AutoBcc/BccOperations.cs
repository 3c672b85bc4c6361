using System.Text;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Database;
using MailPlus.Engine.Domains.Aliases;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.AutoBcc;

/// <summary>Operations on blind copies (Auto BCC tab, <c>bcc</c> verbs, REST; DOM-024, DOM-087 to DOM-090). Permission ManageDomains.</summary>
public sealed class BccOperations
{
    private const int MaximumRows = 1000;
    private const int MostRules = 10_000;
    private readonly SystemDatabase _database;
    private readonly AddressBook _addressBook;
    private readonly BccBook _book;

    internal BccOperations(SystemDatabase database, AddressBook addressBook, BccBook book) => (_database, _addressBook, _book) = (database, addressBook, book);

    /// <summary>Rules of a domain, those for senders first.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<Page<BccRule>> ListAsync(Actor actor, DomainId domain, BccQuery query, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return _database.ReadAsync(
            async context =>
            {
                await FindDomainAsync(context, domain, cancellationToken);
                var rows = context.BccRules.Where(row => row.DomainId == domain.Value);
                var key = AddressBook.NameKey(query.Search);
                if (key.Length > 0)
                {
                    rows = rows.Where(row => row.Pattern.Contains(key) || row.Target.Contains(key));
                }

                var total = await rows.CountAsync(cancellationToken);
                var sorted = query.Descending ? rows.OrderByDescending(row => row.Criterion).ThenByDescending(row => row.Pattern) : rows.OrderBy(row => row.Criterion).ThenBy(row => row.Pattern);
                var page = await sorted.ThenBy(row => row.Id).Skip(Math.Max(0, query.Offset)).Take(Math.Clamp(query.Limit, 1, MaximumRows)).ToListAsync(cancellationToken);
                return new Page<BccRule>([.. page.Select(ToRule)], total);
            },
            cancellationToken);
    }

    /// <summary>Adds a rule.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid; AlreadyExists; TooMany.</exception>
    public Task<BccRule> CreateAsync(Actor actor, DomainId domain, BccDraft draft, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return ChangeAsync(
            domain,
            async (context, home) =>
            {
                var row = Read(draft, home);
                await RequireRoomAsync(context, row, cancellationToken);
                context.BccRules.Add(row);
                await context.SaveChangesAsync(cancellationToken);
                Record(context, actor, "BccRuleCreated", home.Unicode, Text(row));
                return ToRule(row);
            },
            cancellationToken);
    }

    /// <summary>Changes a rule.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid; AlreadyExists.</exception>
    public Task<BccRule> UpdateAsync(Actor actor, DomainId domain, BccRuleId rule, BccDraft draft, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return ChangeAsync(
            domain,
            async (context, home) =>
            {
                var row = await context.BccRules.FirstOrDefaultAsync(one => one.Id == rule.Value && one.DomainId == domain.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "BccRuleUnknown"));
                var wanted = Read(draft, home);
                wanted.Id = row.Id;
                await RequireRoomAsync(context, wanted, cancellationToken);
                var before = Text(row);
                (row.Criterion, row.Pattern, row.Target) = (wanted.Criterion, wanted.Pattern, wanted.Target);
                Record(context, actor, "BccRuleChanged", home.Unicode, $"{before} → {Text(row)}");
                return ToRule(row);
            },
            cancellationToken);
    }

    /// <summary>Removes rules. Returns how many.</summary>
    public Task<int> RemoveAsync(Actor actor, DomainId domain, IReadOnlyList<BccRuleId> rules, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        if (rules.Count > MostRules)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }

        return ChangeAsync(
            domain,
            async (context, home) =>
            {
                var ids = rules.Select(rule => rule.Value).ToList();
                var rows = await context.BccRules.Where(row => row.DomainId == domain.Value && ids.Contains(row.Id)).ToListAsync(cancellationToken);
                context.BccRules.RemoveRange(rows);
                rows.ForEach(row => Record(context, actor, "BccRuleRemoved", home.Unicode, Text(row)));
                return rows.Count;
            },
            cancellationToken);
    }

    /// <summary>Takes over sender or recipient rules in the form of Postfix's sender_bcc_maps and recipient_bcc_maps. Rules that are there stay as they are (DOM-090).</summary>
    /// <exception cref="RefusedException">NotFound; Invalid for All; TooLarge; TooMany.</exception>
    public Task<ImportOutcome> ImportAsync(Actor actor, DomainId domain, BccCriterion criterion, string text, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        RequireMap(criterion);
        var lines = AliasFile.LogicalLines(text);
        return ChangeAsync(
            domain,
            async (context, home) =>
            {
                var (created, skipped, faults) = (new List<string>(), new List<string>(), new List<ImportFault>());
                var known = (await context.BccRules.Where(row => row.DomainId == domain.Value && row.Criterion == (int)criterion).ToListAsync(cancellationToken)).Select(row => (row.Pattern, row.Target)).ToHashSet();
                var room = MostRules - await context.BccRules.CountAsync(row => row.DomainId == domain.Value, cancellationToken);
                foreach (var (line, content) in lines)
                {
                    var words = content.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                    try
                    {
                        var row = words.Length == 2 ? Read(new BccDraft(criterion, words[0], words[1]), home) : throw new RefusedException(new Refusal(RefusalKind.Invalid, "BccLineMalformed"));
                        if (!known.Add((row.Pattern, row.Target)))
                        {
                            skipped.Add(Text(row));
                            continue;
                        }

                        if (created.Count == room)
                        {
                            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
                        }

                        context.BccRules.Add(row);
                        created.Add(Text(row));
                    }
                    catch (RefusedException refused)
                    {
                        faults.Add(new ImportFault(line, words.Length > 0 ? words[0] : "", refused.Refusal));
                    }
                }

                if (created.Count > 0)
                {
                    Record(context, actor, "BccRulesImported", home.Unicode, string.Join('\n', created.Take(50)));
                }

                return new ImportOutcome(created, skipped, faults);
            },
            cancellationToken);
    }

    /// <summary>Sender or recipient rules of a domain in the form of Postfix.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid for All.</exception>
    public Task<string> ExportAsync(Actor actor, DomainId domain, BccCriterion criterion, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        RequireMap(criterion);
        return _database.ReadAsync(
            async context =>
            {
                await FindDomainAsync(context, domain, cancellationToken);
                var rows = await context.BccRules.Where(row => row.DomainId == domain.Value && row.Criterion == (int)criterion).OrderBy(row => row.Pattern).ThenBy(row => row.Id).ToListAsync(cancellationToken);
                return rows.Aggregate(new StringBuilder(), (text, row) => text.Append(row.Pattern).Append(' ').Append(row.Target).Append('\n')).ToString();
            },
            cancellationToken);
    }

    private static void RequireMap(BccCriterion criterion)
    {
        if (criterion is not (BccCriterion.From or BccCriterion.To))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "BccNoFile"));
        }
    }

    private static BccRule ToRule(BccRuleRow row) => new(new BccRuleId(row.Id), (BccCriterion)row.Criterion, row.Pattern, EmailAddress.Parse(row.Target));

    private static string Text(BccRuleRow row) => row.Pattern.Length == 0 ? $"{(BccCriterion)row.Criterion} → {row.Target}" : $"{(BccCriterion)row.Criterion} {row.Pattern} → {row.Target}";

    private static async Task<DomainRow> FindDomainAsync(SystemContext context, DomainId domain, CancellationToken cancellationToken) =>
        await context.Domains.FirstOrDefaultAsync(row => row.Id == domain.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DomainUnknown"));

    private static async Task RequireRoomAsync(SystemContext context, BccRuleRow row, CancellationToken cancellationToken)
    {
        if (await context.BccRules.AnyAsync(one => one.Id != row.Id && one.DomainId == row.DomainId && one.Criterion == row.Criterion && one.Pattern == row.Pattern && one.Target == row.Target, cancellationToken))
        {
            throw new RefusedException(new Refusal(RefusalKind.AlreadyExists, "BccRuleThere") { Field = "Target" });
        }

        if (row.Id == 0 && await context.BccRules.CountAsync(one => one.DomainId == row.DomainId, cancellationToken) >= MostRules)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
        }
    }

    private BccRuleRow Read(BccDraft draft, DomainRow home)
    {
        if (!Enum.IsDefined(draft.Criterion))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "BccCriterionUnknown") { Field = "Criterion" });
        }

        return new BccRuleRow
        {
            DomainId = home.Id,
            Criterion = (int)draft.Criterion,
            Pattern = draft.Criterion == BccCriterion.All ? "" : Pattern(draft.Pattern.Trim(), home),
            Target = Address(draft.Target.Trim(), home, "Target").ToString(),
        };
    }

    private string Pattern(string text, DomainRow home)
    {
        if (!text.StartsWith('@'))
        {
            return Canonical(Address(text, home, "Pattern")).Key;
        }

        return DomainName.TryParse(text[1..], out var domain) && EmailAddress.TryCreate("x", domain, out var any)
            ? $"@{Canonical(any).Domain.Ascii}"
            : throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressMalformed") { Field = "Pattern", Arguments = [text] });
    }

    private EmailAddress Canonical(EmailAddress address) => _addressBook.Canonical(address);

    /// <summary>An address as written; without a domain a local part that leads somewhere here, else a log-in name (DOM-089).</summary>
    private EmailAddress Address(string text, DomainRow home, string field)
    {
        if (EmailAddress.TryParse(text, out var address))
        {
            return address;
        }

        if (!text.Contains('@', StringComparison.Ordinal))
        {
            if (EmailAddress.TryCreate(text, DomainName.Parse(home.Name), out var local) && _addressBook.Resolve(local) is { Kind: AddressKind.Account or AddressKind.Alias, IsCatchAll: false })
            {
                return local;
            }

            if (_addressBook.FindByLogin(text) is { } account)
            {
                return account.PrimaryAddress;
            }
        }

        throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressMalformed") { Field = field, Arguments = [text] });
    }

    private Task<T> ChangeAsync<T>(DomainId domain, Func<SystemContext, DomainRow, Task<T>> change, CancellationToken cancellationToken) => _database.WriteAsync(
        async context =>
        {
            var home = await FindDomainAsync(context, domain, cancellationToken);
            var result = await change(context, home);
            await context.SaveChangesAsync(cancellationToken);
            var (rows, domains) = (await context.BccRules.ToListAsync(cancellationToken), await context.Domains.ToListAsync(cancellationToken));
            context.AfterCommit(() => _book.Set(rows, domains));
            return result;
        },
        cancellationToken);

    private void Record(SystemContext context, Actor actor, string action, string target, string detail) =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = _database.Now, Client = actor.Address, Detail = detail });
}
