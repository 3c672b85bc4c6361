using System.Globalization;
using MailPlus.Engine.Database;
using MailPlus.Engine.Events;
using MailPlus.Engine.Primitives;
using Microsoft.EntityFrameworkCore;

namespace MailPlus.Engine.Domains.Disclaimers;

/// <summary>Operations on disclaimers (Disclaimer tab, <c>disclaimer</c> verbs, REST; DOM-110 to DOM-123). Permission ManageDomains.</summary>
public sealed class DisclaimerOperations
{
    /// <summary>Letters of either text.</summary>
    public const int LongestText = 50_000;

    private const int LongestName = 100;
    private const int LongestPattern = 320;
    private const int MostConditions = 100;
    private const int MostDisclaimers = 200;
    private readonly SystemDatabase _database;
    private readonly DisclaimerBook _book;

    internal DisclaimerOperations(SystemDatabase database, DisclaimerBook book) => (_database, _book) = (database, book);

    /// <summary>All of a domain, in the order in which they are looked at.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<IReadOnlyList<Disclaimer>> ListAsync(Actor actor, DomainId domain, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return _database.ReadAsync(
            async context =>
            {
                await FindDomainAsync(context, domain, cancellationToken);
                return Shown(await RowsAsync(context, domain, cancellationToken));
            },
            cancellationToken);
    }

    /// <summary>Adds one below the others.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid; TooMany.</exception>
    public Task<IReadOnlyList<Disclaimer>> CreateAsync(Actor actor, DomainId domain, DisclaimerDraft draft, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        var wanted = Checked(draft);
        return ChangeAsync(domain, (context, home, rows) =>
        {
            if (rows.Count >= MostDisclaimers)
            {
                throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce"));
            }

            var row = new DisclaimerRow { DomainId = domain.Value, Position = rows.Count == 0 ? 0 : rows[^1].Position + 1 };
            DisclaimerRules.Write(wanted, row);
            context.Disclaimers.Add(row);
            Record(context, actor, "DisclaimerCreated", home.Unicode, wanted.Name);
        }, cancellationToken);
    }

    /// <summary>Changes one.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid.</exception>
    public Task<IReadOnlyList<Disclaimer>> UpdateAsync(Actor actor, DomainId domain, DisclaimerId disclaimer, DisclaimerDraft draft, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        var wanted = Checked(draft);
        return ChangeAsync(domain, (context, home, rows) =>
        {
            DisclaimerRules.Write(wanted, Find(rows, disclaimer));
            Record(context, actor, "DisclaimerChanged", home.Unicode, wanted.Name);
        }, cancellationToken);
    }

    /// <summary>Removes one.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<IReadOnlyList<Disclaimer>> RemoveAsync(Actor actor, DomainId domain, DisclaimerId disclaimer, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return ChangeAsync(domain, (context, home, rows) =>
        {
            var gone = Find(rows, disclaimer);
            context.Disclaimers.Remove(gone);
            Record(context, actor, "DisclaimerRemoved", home.Unicode, gone.Name);
        }, cancellationToken);
    }

    /// <summary>Puts all into an order and switches them on or off, at once: what Save does on the page (DOM-122, DOM-123).</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="order">Every disclaimer of the domain once, the first on top.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RefusedException">NotFound; Conflict when others were added or removed meanwhile.</exception>
    public Task<IReadOnlyList<Disclaimer>> ArrangeAsync(Actor actor, DomainId domain, IReadOnlyList<(DisclaimerId Id, bool IsEnabled)> order, CancellationToken cancellationToken)
    {
        actor.Require(Permission.ManageDomains);
        return ChangeAsync(domain, (context, home, rows) =>
        {
            if (!order.Select(one => one.Id.Value).Order().SequenceEqual(rows.Select(row => row.Id).Order()))
            {
                throw new RefusedException(new Refusal(RefusalKind.Conflict, "DisclaimersChanged"));
            }

            for (var place = 0; place < order.Count; place++)
            {
                var row = Find(rows, order[place].Id);
                (row.Position, row.IsEnabled) = (place, order[place].IsEnabled);
            }

            Record(context, actor, "DisclaimersArranged", home.Unicode, string.Join('\n', rows.OrderBy(row => row.Position).Select(row => $"{row.Name}: {(row.IsEnabled ? "on" : "off")}")));
        }, cancellationToken);
    }

    private static DisclaimerDraft Checked(DisclaimerDraft draft)
    {
        var name = draft.Name.Trim();
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            throw Invalid("NameMalformed", "Name");
        }

        var (html, plain) = (draft.Html.Trim(), draft.Plain.Trim());
        if (html.Length == 0 && plain.Length == 0)
        {
            throw Invalid("DisclaimerEmpty", "Html");
        }

        if (html.Length > LongestText || plain.Length > LongestText)
        {
            throw Invalid("TextTooLong", html.Length > LongestText ? "Html" : "Plain", LongestText.ToString(CultureInfo.InvariantCulture));
        }

        if (draft.Rules.Count > MostConditions || draft.Exceptions.Count > MostConditions)
        {
            throw new RefusedException(new Refusal(RefusalKind.TooMany, "TooManyAtOnce") { Field = "Rules" });
        }

        return draft with { Name = name, Html = html, Plain = plain, Rules = Checked(draft.Rules, "Rules"), Exceptions = Checked(draft.Exceptions, "Exceptions") };
    }

    private static IReadOnlyList<DisclaimerCondition> Checked(IReadOnlyList<DisclaimerCondition> conditions, string field) =>
    [
        .. conditions.Select(condition => condition with { Pattern = condition.Pattern.Trim() }).Select(condition =>
            condition.Pattern.Length is 0 or > LongestPattern || condition.Pattern.Any(char.IsControl) || !Enum.IsDefined(condition.Subject) ? throw Invalid("DisclaimerPattern", field) : condition),
    ];

    private static RefusedException Invalid(string key, string field, params string[] arguments) => new(new Refusal(RefusalKind.Invalid, key) { Field = field, Arguments = arguments });

    private static DisclaimerRow Find(List<DisclaimerRow> rows, DisclaimerId disclaimer) =>
        rows.Find(row => row.Id == disclaimer.Value) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DisclaimerUnknown"));

    private static IReadOnlyList<Disclaimer> Shown(IEnumerable<DisclaimerRow> rows) => [.. rows.Select(row => new Disclaimer(new DisclaimerId(row.Id), DisclaimerRules.Read(row)))];

    private static async Task<DomainRow> FindDomainAsync(SystemContext context, DomainId domain, CancellationToken cancellationToken) =>
        await context.Domains.FirstOrDefaultAsync(row => row.Id == domain.Value, cancellationToken) ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "DomainUnknown"));

    private static Task<List<DisclaimerRow>> RowsAsync(SystemContext context, DomainId domain, CancellationToken cancellationToken) =>
        context.Disclaimers.Where(row => row.DomainId == domain.Value).OrderBy(row => row.Position).ThenBy(row => row.Id).ToListAsync(cancellationToken);

    private Task<IReadOnlyList<Disclaimer>> ChangeAsync(DomainId domain, Action<SystemContext, DomainRow, List<DisclaimerRow>> change, CancellationToken cancellationToken) => _database.WriteAsync(
        async context =>
        {
            var home = await FindDomainAsync(context, domain, cancellationToken);
            change(context, home, await RowsAsync(context, domain, cancellationToken));
            await context.SaveChangesAsync(cancellationToken);
            var (all, domains) = (await context.Disclaimers.ToListAsync(cancellationToken), await context.Domains.ToListAsync(cancellationToken));
            context.AfterCommit(() => _book.Set(all, domains));
            return Shown(await RowsAsync(context, domain, cancellationToken));
        },
        cancellationToken);

    private void Record(SystemContext context, Actor actor, string action, string target, string detail) =>
        AdminTrail.Add(context, new AdminActed(actor.Name, action, target) { Time = _database.Now, Client = actor.Address, Detail = detail });
}
