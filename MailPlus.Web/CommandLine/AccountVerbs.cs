using System.Globalization;
using MailPlus.Engine.Accounts;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on accounts.</summary>
internal static class AccountVerbs
{
    private const int PageSize = 1000;

    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("account add", "ADDRESS [--name N] [--quota OCTETS] [--admin-role] --password-stdin", AddAsync) { Options = ["--name", "--quota", "--admin-role", "--password-stdin"] },
        new Verb("account list", "[--json]", ListAsync),
        new Verb("account enable", "ADDRESS", (context, token) => SetStateAsync(context, AccountState.Active, token)),
        new Verb("account disable", "ADDRESS", (context, token) => SetStateAsync(context, AccountState.Deactivated, token)),
        new Verb("account passwd", "ADDRESS --password-stdin", SetPasswordAsync) { Options = ["--password-stdin"] },
        new Verb("account export", "ADDRESS DIR", ExportAsync),
        new Verb("account remove", "ADDRESS", RemoveAsync),
    ];

    private static async Task AddAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var text = context.Words.Word(0, "ADDRESS");
        if (!EmailAddress.TryParse(text, out var address))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "AddressMalformed") { Field = "ADDRESS" });
        }

        long? quota = context.Words.Find("--quota") is not { } octets ? null
            : long.TryParse(octets, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new UsageException("--quota is a number of octets.");
        var made = await context.Engine.Accounts.CreateAsync(
            Actor.Operator,
            new NewAccount(address, context.Password()) { DisplayName = context.Words.Find("--name") ?? "", QuotaOctets = quota, IsAdministrator = context.Words.Has("--admin-role") },
            cancellationToken);
        await context.Out.WriteLineAsync($"{made.PrimaryAddress.ToDisplayString()} added; it signs in as {made.Name} or by its address.");
    }

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken)
    {
        var rows = new List<object>();
        for (var page = await ReadAsync(0); page.Rows.Count > 0; page = await ReadAsync(rows.Count))
        {
            rows.AddRange(page.Rows.Select(account => (object)new
            {
                Address = account.PrimaryAddress.ToDisplayString(),
                account.Name,
                account.DisplayName,
                State = account.State == AccountState.Active ? "active" : "deactivated",
                Administrator = account.IsAdministrator,
                Quota = account.QuotaOctets,
                Addresses = account.Addresses.Select(address => address.ToDisplayString()).ToArray(),
                LastSignIn = account.LastSignIn?.ToDateTimeOffset(),
            }));
        }

        context.Print(rows);

        Task<Page<Account>> ReadAsync(int offset) => context.Engine.Accounts.ListAsync(Actor.Operator, new AccountQuery { Offset = offset, Limit = PageSize }, cancellationToken);
    }

    private static async Task SetStateAsync(VerbContext context, AccountState state, CancellationToken cancellationToken) =>
        await context.Engine.Accounts.SetStateAsync(Actor.Operator, [Find(context).Id], state, cancellationToken);

    private static Task SetPasswordAsync(VerbContext context, CancellationToken cancellationToken) =>
        context.Engine.Accounts.SetPasswordAsync(Actor.Operator, Find(context).Id, context.Password(), cancellationToken);

    private static async Task RemoveAsync(VerbContext context, CancellationToken cancellationToken) =>
        await context.Engine.Accounts.DeleteAsync(Actor.Operator, [Find(context).Id], cancellationToken);

    private static Task ExportAsync(VerbContext context, CancellationToken cancellationToken) =>
        context.Engine.Store.CopyToAsync(Find(context).Id, context.Path(1, "DIR"), cancellationToken);

    private static Account Find(VerbContext context) => context.Engine.AddressBook.FindByLogin(context.Words.Word(0, "ADDRESS"))
        ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));
}
