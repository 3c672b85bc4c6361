using MailPlus.Engine.Primitives;

namespace MailPlus.Web.Admin;

/// <summary>The menu of the console in the order of the product's guide. Pages that are not built yet are not listed.</summary>
internal sealed class ConsolePages
{
    /// <summary>All pages in menu order; those of one group stand together.</summary>
    public static IReadOnlyList<ConsolePage> All { get; } =
    [
        new("Dashboard", "/admin", "dashboard", Permission.ViewMonitoring),
        new("Queue", "/admin/queue", "queue", Permission.ManageQueue),
        new("Domain", "/admin/domains", "domain", Permission.ManageDomains),
        new("Delivery", "/admin/delivery", "mail", Permission.ManageSettings),
        new("Service", "/admin/service", "service", Permission.ManageSettings),
        new("Log", "/admin/log", "log", Permission.ViewLogs) { Group = "Audit" },
        new("User", "/admin/accounts", "account", Permission.ManageAccounts) { Group = "Account" },
        new("Group", "/admin/groups", "group", Permission.ManageAccounts) { Group = "Account" },
        new("UserPolicy", "/admin/policies", "filter", Permission.ManageAccounts) { Group = "Account" },
        new("DefaultState", "/admin/default-state", "active", Permission.ManageAccounts) { Group = "Account" },
        new("License", "/admin/licence", "key", Permission.ManageAccounts) { ForAdministrators = true },
    ];

    /// <summary>The pages an actor is offered.</summary>
    public static IEnumerable<ConsolePage> For(Actor actor) => All.Where(page => actor.Has(page.Needs) && (!page.ForAdministrators || actor.IsAdministrator));
}
