using System.Globalization;
using MailPlus.Engine.Primitives;

namespace MailPlus.Web.CommandLine;

/// <summary>Verbs on app passwords and the sign-in history.</summary>
internal static class AppPasswordVerbs
{
    internal static IReadOnlyList<Verb> All { get; } =
    [
        new Verb("apppassword add", "ADDRESS NAME", async (context, token) => await context.Out.WriteLineAsync(await context.Engine.AppPasswords.AddAsync(Actor.Operator, AccountOf(context), context.Words.Word(1, "NAME"), token))),
        new Verb("apppassword list", "ADDRESS [--json]", ListAsync),
        new Verb("apppassword remove", "ADDRESS ID", RemoveAsync),
        new Verb("signin history", "ADDRESS [--json]", HistoryAsync),
    ];

    private static async Task ListAsync(VerbContext context, CancellationToken cancellationToken) => context.Print(
    [
        .. (await context.Engine.AppPasswords.ListAsync(Actor.Operator, AccountOf(context), cancellationToken)).Select(password => (object)new
        {
            password.Id, password.Name, Created = password.Created.ToDateTimeOffset(), LastUsed = password.LastUsed?.ToDateTimeOffset(), password.LastProtocol, password.LastAddress,
        }),
    ]);

    private static async Task HistoryAsync(VerbContext context, CancellationToken cancellationToken) => context.Print(
    [
        .. (await context.Engine.AppPasswords.HistoryAsync(Actor.Operator, AccountOf(context), cancellationToken)).Select(entry => (object)new
        {
            Last = entry.Last.ToDateTimeOffset(), entry.Protocol, entry.Address, entry.Credential, entry.Succeeded, entry.Count,
        }),
    ]);

    private static Task RemoveAsync(VerbContext context, CancellationToken cancellationToken) =>
        context.Engine.AppPasswords.RemoveAsync(
            Actor.Operator,
            AccountOf(context),
            long.TryParse(context.Words.Word(1, "ID"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw new UsageException("ID is a number; apppassword list shows it."),
            cancellationToken);

    private static AccountId AccountOf(VerbContext context) => context.Engine.AddressBook.FindByLogin(context.Words.Word(0, "ADDRESS"))?.Id
        ?? throw new RefusedException(new Refusal(RefusalKind.NotFound, "AccountUnknown"));
}
